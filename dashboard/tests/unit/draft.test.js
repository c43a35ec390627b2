/** @import { Bound } from "../../app/js/core/types.js" */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Intent, SAME_ORDER_MS } from "../../app/js/core/draft.js";

const SELL = { tokenIn: "SOL", tokenOut: "USDC", amountIn: "1", slippageBps: 50 };

/** @param {Intent} intent @param {object} ticket @param {Bound} [bound] */
const keyFor = (intent, ticket, bound = { minAmountOut: "150" }) => intent.toSend({ ...SELL, ...ticket }, bound).key;

test("a ticket that has not changed means the same order for a second after its acceptance", (t) => {
  let now = 10_000;
  t.mock.method(performance, "now", () => now);
  const intent = new Intent();
  const key = keyFor(intent, {});
  intent.accepted();
  now += SAME_ORDER_MS - 1;
  assert.equal(keyFor(intent, {}), key, "pressed again");
  assert.notEqual(keyFor(intent, { amountIn: "2" }), key, "another amount is another order");
  const other = keyFor(intent, {});
  assert.notEqual(other, key);
  intent.accepted();
  now += SAME_ORDER_MS;
  assert.notEqual(keyFor(intent, {}), other, "a second later it is another order");
});

test("while no answer has come the key stays, however long that takes", (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const intent = new Intent();
  const key = keyFor(intent, {});
  now = 3_600_000;
  assert.equal(keyFor(intent, {}), key);
  intent.forget();
  assert.notEqual(keyFor(intent, {}), key, "after a refusal nothing is placed under it");
});

test("a repeated order keeps the bound that was shown when it was first sent", () => {
  const intent = new Intent();
  const sent = intent.toSend(SELL, { minAmountOut: "150" });
  assert.deepEqual(sent.request, { ...SELL, minAmountOut: "150" });
  assert.deepEqual(intent.unanswered({ ...SELL }), { minAmountOut: "150" });
  assert.equal(intent.unanswered({ ...SELL, amountIn: "2" }), undefined);
  assert.deepEqual(intent.toSend(SELL, { minAmountOut: "151" }), sent);
  intent.accepted();
  assert.equal(intent.unanswered(SELL), undefined);
});
