// What the example page must do, as its user sees it.

import assert from "node:assert/strict";

const KEEP_ALIVE_MS = 5 * 60 * 1000;
const LONGEST_BACK_OFF_MS = 30 * 1000;
const OPEN = "body[data-state=open]";
// A developer's own keys, whose signature no emulator can verify.
const SIGNED =
  "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=0";

async function send(page, text) {
  await page.fill("#message", text);
  await page.click("#send button");
}

/** Waits for a line of the page's log and returns it. */
async function line(page, pattern) {
  const found = page.locator("#log li").filter({ hasText: pattern }).first();
  await found.waitFor();
  return found.innerText();
}

/** The connection's id, which only a function knows: relay answers with it. */
async function ownId(page, frames) {
  const before = frames.received.length;
  await send(page, '{"action":"relay"}');
  await until(page, () => frames.received.slice(before).some((text) => text.includes("connectionId")));
  return JSON.parse(frames.received.slice(before).find((text) => text.includes("connectionId"))).connectionId;
}

/** Waits until something is true on this side; each look follows a turn of the page's. */
async function until(page, isTrue) {
  const deadline = Date.now() + Number(process.env.PATIENCE_MS);
  while (!isTrue()) {
    assert.ok(Date.now() < deadline, `${isTrue} did not come true`);
    await page.evaluate(() => new Promise((turn) => requestAnimationFrame(turn)));
  }
}

export const scenarios = {
  async a_message_comes_back_with_its_round_trip_time({ page, open }) {
    await open();
    await page.waitForSelector(OPEN);
    await send(page, '{ "msg": "Hello World!" }');
    // The gateway sends it back without the white space; the page knows it for the same message.
    assert.match(await line(page, "< "), /^< \{"msg":"Hello World!"\}\s+\(\d+\.\d ms\)$/);
    assert.match(await page.innerText("#round-trips"), /^1 round trips: median \d+\.\d ms/);
  },

  async the_page_returns_by_itself_after_the_gateway_closed_its_connection({ page, open, frames, connectionsEndpoint }) {
    await open();
    await page.waitForSelector(OPEN);
    const first = await ownId(page, frames);
    const closed = await fetch(`${connectionsEndpoint}/@connections/${encodeURIComponent(first)}`, {
      method: "DELETE",
      headers: { authorization: SIGNED },
    });
    assert.equal(closed.status, 204);
    await until(page, () => frames.sockets === 2);
    await page.waitForSelector(OPEN);
    const second = await ownId(page, frames);
    assert.notEqual(second, first);
    await send(page, '{"msg":"back again"}');
    await line(page, /^< \{"msg":"back again"\}\s+\(/);
  },

  async a_keep_alive_goes_out_every_five_minutes_and_comes_back({ page, open, frames }) {
    await page.clock.install();
    await open();
    await page.waitForSelector(OPEN);
    const keepAlives = (texts) => texts.filter((text) => text.startsWith('{"keepAlive":'));
    assert.deepEqual(keepAlives(frames.sent), []);
    for (const count of [1, 2]) {
      await page.clock.fastForward(KEEP_ALIVE_MS);
      await until(page, () => keepAlives(frames.received).length === count);
    }
    assert.deepEqual(keepAlives(frames.received), keepAlives(frames.sent));
    await page.locator("#round-trips").filter({ hasText: /^2 round trips/ }).waitFor();
    assert.equal(await page.locator("#log li").count(), 0, "a keep-alive is no message of the user's");
  },

  async a_connection_that_the_user_closed_stays_closed({ page, open, frames }) {
    await page.clock.install();
    await open();
    await page.waitForSelector(OPEN);
    await page.click("#close");
    await page.waitForSelector("body[data-state=closed]");
    await page.clock.fastForward(2 * LONGEST_BACK_OFF_MS);
    await send(page, '{"msg":"to nobody"}');
    await line(page, "not connected: nothing was sent");
    assert.equal(frames.sockets, 1);
    assert.deepEqual(frames.sent, []);
  },

  // A page sees no status of a handshake that was refused: it is closed with 1006, as if nobody were there.
  async only_a_known_token_lets_the_page_in({ page, open, frames, websocketUri }) {
    for (const query of ["", "?token=guess"]) {
      await open(query);
      await page.locator("#detail").filter({ hasText: /^closed with 1006/ }).waitFor();
      await send(page, '{"msg":"to nobody"}');
      await line(page, "not connected: nothing was sent");
    }
    await page.fill("#uri", `${websocketUri}?token=let-me-in`);
    await page.click("#connect button");
    await page.waitForSelector(OPEN);
    await send(page, '{"msg":"let in"}');
    await line(page, /^< \{"msg":"let in"\}\s+\(/);
    assert.deepEqual(frames.sent, ['{"msg":"let in"}']);
  },
};
