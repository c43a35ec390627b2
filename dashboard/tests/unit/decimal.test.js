import assert from "node:assert/strict";
import { test } from "node:test";
import { readAmount, readDecimal, readPercent } from "../../app/js/core/decimal.js";

const SOL = { symbol: "SOL", decimals: 9 };

test("plain digits are read as they are written", () => {
  for (const [typed, value] of [["1", "1"], ["1.5", "1.5"], [" 2.50 ", "2.50"], [".5", "0.5"], ["5.", "5"], ["007", "7"], ["1e3", "1000"], ["1.5e-3", "0.0015"], ["2E0", "2"]]) {
    assert.deepEqual(readDecimal(typed ?? ""), { value }, typed);
  }
});

test("digits are grouped only where no reader takes the groups for decimals", () => {
  for (const [typed, value] of [["1,234.5", "1234.5"], ["1,234,567", "1234567"], ["12,345,678.9", "12345678.9"], ["1 000", "1000"], ["1 234 567.5", "1234567.5"], ["1’000", "1000"], ["1_000", "1000"]]) {
    assert.deepEqual(readDecimal(typed ?? ""), { value }, typed);
  }
});

test("nothing is repaired: every other text is rejected with what to write instead", () => {
  for (const [typed, hint] of [
    ["1,5", "Use a point for decimals: 1.5"], ["0,25", "Use a point for decimals: 0.25"], ["1234,5", "Use a point for decimals: 1234.5"],
    ["1,000", "Write 1000, or 1.000 with a point for decimals"], ["1.000,50", "no other marks"], ["1.000.000", "no other marks"],
    ["12,34.5", "no other marks"], ["1,2345,678", "no other marks"], ["1 00", "no other marks"], ["1 000000", "no other marks"], ["1 000’000", "no other marks"], ["1,5x", "Not a number"], ["abc", "Not a number"], ["1e", "Not a number"],
    ["0x10", "Not a number"], ["∞", "Not a number"], ["٣", "Not a number"], ["-1", "greater than zero"], ["−1", "greater than zero"], ["0", "greater than zero"], ["0.000", "greater than zero"], ["", "Enter an amount"],
  ]) {
    const { value, problem } = readDecimal(typed ?? "");
    assert.equal(value, undefined, typed);
    assert.ok(problem?.includes(hint ?? "?"), `${typed}: ${problem}`);
  }
});

test("an amount has as many decimals as its token, and fits", () => {
  assert.deepEqual(readAmount("0.000000001", SOL), { value: "0.000000001" });
  assert.deepEqual(readAmount("1.5000000000000", SOL), { value: "1.5000000000000" });
  assert.equal(readAmount("0.0000000001", SOL).problem, "SOL has at most 9 decimal places");
  assert.deepEqual(readAmount("18446744073.709551615", SOL), { value: "18446744073.709551615" });
  assert.equal(readAmount("18446744073.709551616", SOL).problem, "Too large");
});

test("slippage is read in percent, in steps of a basis point", () => {
  assert.deepEqual(readPercent("0.5", 5000), { bps: 50 });
  assert.deepEqual(readPercent("0", 5000), { bps: 0 });
  assert.deepEqual(readPercent("50", 5000), { bps: 5000 });
  assert.equal(readPercent("50.01", 5000).problem, "At most 50 %");
  assert.equal(readPercent("0.005", 5000).problem, "Use steps of 0.01 %");
  assert.equal(readPercent("0,5", 5000).problem, "Use a point for decimals: 0.5");
  assert.match(readPercent("", 5000).problem ?? "", /Not a number/);
});
