/** @import { Stream } from "../../app/js/core/stream.js" */
import assert from "node:assert/strict";
import { test } from "node:test";
import "./support.js";
import { Market } from "../../app/js/core/market.js";

/** A market, and what makes its stream tell prices of SOL/USDC. */
function watched() {
  const stream = new EventTarget();
  const market = new Market(/** @type {Stream} */ (stream));
  const tell = (/** @type {object} */ prices) => stream.dispatchEvent(new CustomEvent("prices", { detail: { pair: "SOL/USDC", venues: [{ venue: "meteora", ...prices }] } }));
  return { market, tell, prices: () => market.prices.get("meteora")?.map(({ price }) => price) };
}

test("a side that is missing moves no price", () => {
  const { tell, prices } = watched();
  tell({ bid: "150", ask: "152" });
  tell({ bid: "150" });
  tell({ ask: "152" });
  tell({ bid: "151", ask: "153" });
  assert.deepEqual(prices(), [151, 152]);
});

test("prices begin with the minutes before the page was opened", () => {
  const { market, tell, prices } = watched();
  tell({ bid: "150", ask: "152" });
  const side = (/** @type {number} */ open, /** @type {number} */ close) => ({ open, high: close, low: open, close });
  const candles = [{ at: new Date(Date.now() - 90_000).toISOString(), bid: side(140, 141), ask: side(142, 143) }, { at: new Date(Date.now() - 30_000).toISOString(), bid: side(145, 146) }];
  const history = { pair: "SOL/USDC", interval: /** @type {const} */ ("1m"), venues: [{ venue: "meteora", candles }] };
  market.begin(history);
  market.begin(history);
  assert.deepEqual(prices(), [141, 142, 151], "once, without the minute that has one side only");
  assert.ok(market.isBegun);
});
