// Loaded into LocalStack's Kinesis engine, which listens on all addresses and outlives LocalStack: it listens on
// loopback only, and ends when standard input does, which it inherits from LocalStack.
const { Server } = require("node:net");
const { listen } = Server.prototype;

Server.prototype.listen = function (first, ...rest) {
  if (typeof first === "number") {
    const address = typeof rest[0] === "string" ? rest.slice(1) : rest;
    return listen.call(this, first, "127.0.0.1", ...address);
  }
  if (first && typeof first === "object" && "port" in first) {
    return listen.call(this, { ...first, host: "127.0.0.1" }, ...rest);
  }
  return listen.call(this, first, ...rest);
};

process.stdin.on("end", () => process.exit()).resume();
