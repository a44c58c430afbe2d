#!/usr/bin/env node
// Runs the handler as Lambda's runtime for Node.js does: one event after another, each answered before the next is
// asked for. Stands in for it because `provided.al2023`, and so the emulator, starts a `bootstrap` of one's own.

import { Agent, request } from "node:http";
import { handler } from "./echo.js";

const API = "/2018-06-01/runtime";
const { AWS_LAMBDA_RUNTIME_API: runtimeApi } = process.env;
// One connection, kept: the runtime never has two calls under way.
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const target = new URL(`http://${runtimeApi}${API}${path}`);
    // No timeout: the next event may be hours away.
    const outgoing = request(target, { method, agent, headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        if (response.statusCode >= 300) reject(new Error(`${method} ${path} was answered with ${response.statusCode}: ${text}`));
        else resolve({ headers: response.headers, text });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

async function main() {
  for (;;) {
    const { headers, text } = await call("GET", "/invocation/next");
    const id = headers["lambda-runtime-aws-request-id"];
    process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
    let answer;
    try {
      answer = JSON.stringify((await handler(JSON.parse(text))) ?? null);
    } catch (error) {
      console.error(error);
      const { name: errorType = "Error", message: errorMessage = String(error), stack = "" } = error ?? {};
      await call("POST", `/invocation/${id}/error`, JSON.stringify({ errorType, errorMessage, stackTrace: stack.split("\n") }), {
        "lambda-runtime-function-error-type": errorType,
      });
      continue;
    }
    await call("POST", `/invocation/${id}/response`, answer, { "content-type": "application/json" });
  }
}

// Lambda ends an environment whose runtime exits, and starts another.
main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
