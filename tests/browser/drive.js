// Runs one scenario in Chromium: `node drive.js NAME`, with what it is about in the environment. Exits with 1, and with
// what the page showed, where something did not come true.

import { chromium } from "playwright-core";
import { driveBy } from "./drive_by.js";
import { scenarios } from "./scenarios.js";

const { CHROMIUM, PAGE_URL, WEBSOCKET_URI, CONNECTIONS_ENDPOINT, PATIENCE_MS } = process.env;

// Chromium's own traffic is off: a test machine may have no network, and the test must not depend on one.
const FLAGS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  // This Chromium would not let pages of other sites reach this machine at all; most browsers do.
  "--disable-features=LocalNetworkAccessChecks",
  // Names of other sites lead to this machine, as their owners can have it.
  "--host-resolver-rules=MAP *.test 127.0.0.1",
  "--no-first-run",
  "--no-sandbox",
];

const all = { ...scenarios, ...driveBy };
const scenario = all[process.argv[2]];
if (!scenario) throw new Error(`there is no scenario ${process.argv[2]}: there are ${Object.keys(all).join(", ")}`);

const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
const page = await browser.newPage();
page.setDefaultTimeout(Number(PATIENCE_MS));

const problems = [];
page.on("pageerror", (error) => problems.push(error));
// Every message either way, on whatever connection of the page.
const frames = { sent: [], received: [], sockets: 0 };
page.on("websocket", (socket) => {
  frames.sockets += 1;
  socket.on("framesent", ({ payload }) => frames.sent.push(String(payload)));
  socket.on("framereceived", ({ payload }) => frames.received.push(String(payload)));
});

const open = (query = "") => page.goto(`${PAGE_URL}?uri=${encodeURIComponent(WEBSOCKET_URI + query)}`);
try {
  await scenario({ page, open, frames, websocketUri: WEBSOCKET_URI, connectionsEndpoint: CONNECTIONS_ENDPOINT });
  if (problems.length > 0) throw problems[0];
} catch (error) {
  console.error(error);
  console.error(`the page showed:\n${await page.locator("body").innerText().catch(() => "nothing")}`);
  console.error(`messages: ${JSON.stringify(frames)}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
