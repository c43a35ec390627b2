/** @import { Order } from "../../app/js/core/types.js" */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ALL_ORDERS, filterOf, isFollowed, leftOut, matches, parametersOf, selection } from "../../app/js/core/order-filter.js";
import { marketOf, priceIn } from "../../app/js/core/pair.js";

/** @param {Partial<Order>} order @returns {Order} */
const order = (order) => /** @type {any} */ ({ tokenIn: "SOL", tokenOut: "USDC", status: "confirmed", createdAt: "2026-11-21T08:00:00.000000Z", ...order });

test("a filter survives the address", () => {
  assert.deepEqual(filterOf(new URLSearchParams()), ALL_ORDERS);
  assert.deepEqual(parametersOf(ALL_ORDERS), {});
  const filter = { ...ALL_ORDERS, pair: "SOL/USDC", side: "buy", wallet: "My Swing", sort: /** @type {const} */ ("duration"), order: /** @type {const} */ ("asc") };
  assert.deepEqual(filterOf(new URLSearchParams(parametersOf(filter))), filter);
  assert.equal(filterOf(new URLSearchParams("side=buy&sort=nonsense")).side, "", "a side needs a pair");
  const { status, venue, failureCode } = filterOf(new URLSearchParams("status=FAILED&venue=Raydium&failureCode=No_Route"));
  assert.deepEqual([status, venue, failureCode], ["failed", "raydium", "no_route"], "in any case, as the engine reads them");
  assert.equal(selection({ ...ALL_ORDERS, status: "parked" }).toString(), "parked=true");
});

test("what an address says and no filter understands is named", () => {
  const of = (/** @type {string} */ text) => leftOut(new URLSearchParams(text));
  assert.deepEqual(of("status=FAILED&pair=SOL/USDC&side=sell&sort=duration&order=asc&q=x"), []);
  assert.deepEqual(of("sort=price&foo=1&order=up&side=sell"), ["sort=price", "foo=1", "order=up", "side=sell"], "a side needs a pair");
  assert.deepEqual(of("status=failed&status=expired"), ["status=expired"]);
});

test("new orders join a list when they match it, and only one that is followed", () => {
  const of = (/** @type {object} */ filter) => ({ ...ALL_ORDERS, ...filter });
  assert.ok(matches(order({}), of({ pair: "usdc → sol" })));
  assert.ok(matches(order({}), of({ pair: "SOL/USDC", side: "sell" })));
  assert.ok(!matches(order({}), of({ pair: "SOL/USDC", side: "buy" })));
  assert.ok(!matches(order({}), of({ pair: "SOL/USDT" })));
  assert.ok(matches(order({ tokenInMint: "So111", tokenOutMint: "EPj" }), of({ pair: "So111/usdc", side: "sell" })), "a mint names a token too");
  assert.ok(!matches(order({}), of({ status: "failed" })));
  assert.ok(matches(order({ failure: /** @type {any} */ ({ code: "no_route", venue: "raydium" }) }), of({ failureCode: "no_route", venue: "raydium" })));
  assert.ok(!matches(order({}), of({ from: "2026-11-21T08:00:01.000Z" })) && !matches(order({}), of({ to: "2026-11-21T08:00:00.000Z" })));
  const walletId = "01a21f2f-60df-7226-a36c-1aaa162d7479";
  assert.ok(matches(order({ walletId }), of({ wallet: walletId.toUpperCase() })) && !matches(order({}), of({ wallet: walletId })));
  assert.ok(isFollowed(of({ wallet: walletId })) && !isFollowed(of({ wallet: "swing" })), "only the engine knows names");
  assert.ok(isFollowed(of({ status: "failed" })) && !isFollowed(of({ q: "x" })) && !isFollowed(of({ sort: "attempt" })));
});

test("prices of both directions are in the same unit", () => {
  assert.deepEqual(marketOf({ tokenIn: "USDC", tokenOut: "SOL" }), { base: "SOL", quote: "USDC", isSell: false });
  assert.deepEqual(marketOf({ tokenIn: "SOL", tokenOut: "USDC" }), { base: "SOL", quote: "USDC", isSell: true });
  assert.deepEqual(marketOf({ tokenIn: "WIF", tokenOut: "RAY" }).quote, marketOf({ tokenIn: "RAY", tokenOut: "WIF" }).quote);
  assert.equal(priceIn({ tokenIn: "USDC", tokenOut: "SOL" }, "0.00625"), 160);
});
