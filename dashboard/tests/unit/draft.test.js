import assert from "node:assert/strict";
import { test } from "node:test";
import { Intent, SAME_ORDER_MS } from "../../app/js/core/draft.js";

const SELL = { tokenIn: "SOL", tokenOut: "USDC", amountIn: "1", slippageBps: 50 };

test("a ticket that has not changed means the same order for a second after its acceptance", (t) => {
  let now = 10_000;
  t.mock.method(performance, "now", () => now);
  const intent = new Intent();
  const key = intent.keyFor(SELL);
  intent.accepted();
  now += SAME_ORDER_MS - 1;
  assert.equal(intent.keyFor({ ...SELL }), key, "pressed again");
  assert.notEqual(intent.keyFor({ ...SELL, amountIn: "2" }), key, "another amount is another order");
  const other = intent.keyFor(SELL);
  assert.notEqual(other, key);
  intent.accepted();
  now += SAME_ORDER_MS;
  assert.notEqual(intent.keyFor(SELL), other, "a second later it is another order");
});

test("while no answer has come the key stays, however long that takes", (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const intent = new Intent();
  const key = intent.keyFor(SELL);
  now = 3_600_000;
  assert.equal(intent.keyFor(SELL), key);
  intent.forget();
  assert.notEqual(intent.keyFor(SELL), key, "after a refusal nothing is placed under it");
});
