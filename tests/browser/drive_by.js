// What a page of another site tries on an emulator that its visitor runs. What came of it in the emulator, drive_by.rs sees.

import assert from "node:assert/strict";

const SITE = "http://evil.test/";
const { ENDPOINT_URL, CODE_ZIP, WEBSOCKET_URI } = process.env;

/** Runs in the page: makes every attempt, and returns what it could read. */
async function attempts({ endpoint, zip, websocketUri }) {
  const read = {};
  // Without its browser's leave a page learns of an answer that there was one, and no more.
  const blind = (path, body, type) =>
    fetch(endpoint + path, { method: "POST", mode: "no-cors", headers: { "content-type": type }, body }).catch(() => {});
  const openly = async (name, path, options) => {
    const answer = await fetch(endpoint + path, options).catch(() => undefined);
    if (answer?.ok) read[name] = await answer.text();
  };
  const role = (name) => {
    const trust = { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "lambda.amazonaws.com" } };
    const document = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
    return { Action: "CreateRole", Version: "2010-05-08", RoleName: name, AssumeRolePolicyDocument: document };
  };

  const form = "application/x-www-form-urlencoded";
  await blind("/", new URLSearchParams(role("by-fetch")).toString(), form);
  const signature =
    "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20260101%2Fus-east-1%2Fiam%2Faws4_request" +
    "&X-Amz-SignedHeaders=host&X-Amz-Signature=0";
  await blind(`/${signature}`, new URLSearchParams(role("by-signed-query")).toString(), form);
  navigator.sendBeacon(`${endpoint}/`, new URLSearchParams(role("by-beacon")));

  const frame = document.body.appendChild(Object.assign(document.createElement("iframe"), { name: "frame" }));
  const loaded = () => new Promise((done) => frame.addEventListener("load", done, { once: true }));
  const element = document.body.appendChild(document.createElement("form"));
  Object.assign(element, { method: "POST", action: `${endpoint}/`, target: "frame" });
  for (const [name, value] of Object.entries(role("by-form"))) {
    element.append(Object.assign(document.createElement("input"), { name, value }));
  }
  let submitted = loaded();
  element.submit();
  await submitted;

  const code = { FunctionName: "drive-by", Role: "arn:aws:iam::000000000000:role/by-fetch", Runtime: "provided.al2023" };
  const create = { ...code, Handler: "bootstrap", Code: { ZipFile: zip } };
  await blind("/2015-03-31/functions", JSON.stringify(create), "text/plain");
  // A new function is Pending for a moment; only a page that is allowed can see that, and has to wait.
  for (let isPending = true; isPending; ) {
    const answer = await fetch(`${endpoint}/2015-03-31/functions/drive-by`).catch(() => undefined);
    isPending = answer?.ok && (await answer.json()).Configuration.State === "Pending";
  }
  await blind("/2015-03-31/functions/drive-by/invocations", "{}", "text/plain");

  await openly("faults", "/_sluicegate/faults", { method: "PUT", body: "put-swapped" });
  for (const page of ["state", "metrics", "health", "faults"]) await openly(page, `/_sluicegate/${page}`, {});
  await openly("functions", "/2015-03-31/functions", {});
  await openly("signed", "/2015-03-31/functions", { headers: { authorization: "AWS4-HMAC-SHA256 x" } });
  submitted = loaded();
  frame.src = `${endpoint}/_sluicegate/state`;
  await submitted;

  // As a WebSocket's message the same may go through: that is what a stage is for.
  read.websocket = await new Promise((done, failed) => {
    const socket = new WebSocket(websocketUri);
    socket.onopen = () => socket.send('{"msg":"from any page"}');
    socket.onmessage = ({ data }) => done(data);
    socket.onclose = ({ code }) => failed(new Error(`closed with ${code}`));
  });
  return read;
}

async function visit(page) {
  await page.route(`${SITE}**`, (route) => route.fulfill({ contentType: "text/html", body: "<body>another site</body>" }));
  await page.goto(SITE);
  const sent = { endpoint: ENDPOINT_URL, zip: CODE_ZIP, websocketUri: WEBSOCKET_URI };
  const read = await page.evaluate(attempts, sent);
  assert.equal(read.websocket, '{"msg":"from any page"}');
  delete read.websocket;
  return Object.keys(read).sort();
}

export const driveBy = {
  async a_page_of_another_site_opens_a_websocket_and_nothing_else({ page }) {
    assert.deepEqual(await visit(page), []);
    const state = `${ENDPOINT_URL}/_sluicegate/state`;
    // A link from there is refused as well; who types the address reads the page.
    const [followed] = await Promise.all([
      page.waitForResponse(state),
      // To its end: the next navigation would interrupt one that has its answer but has not loaded.
      page.waitForURL(state),
      page.evaluate((url) => { location.href = url; }, state),
    ]);
    assert.equal(followed.status(), 403);
    assert.equal((await page.goto(state)).status(), 200);
    // DNS rebinding: the page is of its own name, which leads here.
    const rebound = ENDPOINT_URL.replace("127.0.0.1", "rebound.test");
    const answer = await page.goto(`${rebound}/_sluicegate/state`);
    assert.equal(answer.status(), 403);
    assert.match(await answer.text(), /--allowed-host rebound\.test/);
    const read = await page.evaluate(() => fetch("/_sluicegate/state").then((answer) => answer.status));
    assert.equal(read, 403);
  },

  async a_page_that_is_allowed_does_everything({ page }) {
    assert.deepEqual(await visit(page), ["faults", "functions", "health", "metrics", "state"]);
  },
};
