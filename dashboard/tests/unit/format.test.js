import assert from "node:assert/strict";
import { test } from "node:test";
import { SPEC } from "./support.js";
import * as format from "../../app/js/core/format.js";

test("amounts keep every digit, and are never rounded up to more than there is", () => {
  assert.equal(format.amount("12345678901234567.123456789"), "12,345,678,901,234,567.123456789");
  assert.equal(format.amount("0.000000001"), "0.000000001");
  assert.equal(format.amount(undefined), "–");
  assert.equal(format.brief("1.999999999"), "1.9999999");
  assert.equal(format.brief("123456789.987"), "123,456,789");
  assert.equal(format.brief("0.66767890123"), "0.6676789");
});

test("prices fit their column, however small", () => {
  assert.equal(format.shownPrice("152.48951"), "152.490");
  assert.equal(format.shownPrice("0.000000133441234"), "0.0000001334");
});

test("durations read as people say them", () => {
  const said = [0.4, 12.3, 999, 1_234, 12_345, 61_000, 3_725_000].map(format.duration);
  assert.deepEqual(said, ["<1 ms", "12 ms", "999 ms", "1.23 s", "12.3 s", "1 min 1 s", "1 h 2 min"]);
  assert.equal(format.duration(undefined), "–");
});

test("basis points are shown in percent, with their sign", () => {
  assert.deepEqual([12, -3, 0].map(format.signedPercent), ["+0.12 %", "−0.03 %", "±0.00 %"]);
  assert.deepEqual([55, -342].map(format.percent), ["0.55 %", "−3.42 %"]);
});

test("what an order wants is said from its fixed side", () => {
  const { amountIn: _, ...spec } = SPEC;
  assert.equal(format.wish({ ...spec, amountIn: "1000.5" }), "Sell 1,000.5 SOL for USDC");
  assert.equal(format.wish({ ...spec, amountOut: "20" }), "Buy 20 USDC with SOL");
});
