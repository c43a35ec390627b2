/** @import { Stream } from "../../app/js/core/stream.js" */
/** @import { BookEntry, Token, Wallet } from "../../app/js/core/types.js" */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readAmounts } from "../../app/js/core/amounts.js";
import { shareOf, shortage } from "../../app/js/core/balance.js";
import { causeOf, joined, signOf } from "../../app/js/core/books.js";
import { Once } from "../../app/js/core/once.js";
import { Wallets } from "../../app/js/core/wallets.js";

const SOL = { symbol: "SOL", decimals: 9 };
const USDC = { symbol: "USDC", decimals: 6 };
const TOKENS = /** @type {Token[]} */ ([SOL, USDC]);
const SELL = { tokenIn: "SOL", tokenOut: "USDC" };
const COSTS = { heldForFees: "0.00015", accountRent: "0.00203928" };
const BUY = { tokenIn: "USDC", tokenOut: "SOL" };

/** A wallet in which this is free. @param {Record<string, string>} free */
function wallet(free) {
  return /** @type {Wallet} */ (/** @type {unknown} */ ({ balances: Object.entries(free).map(([token, amount]) => ({ token, free: amount })) }));
}

test("a share of a balance is cut off at the token's decimals, and all of SOL leaves fees and rent", () => {
  for (const [free, percent, token, share] of /** @type {[string, number, { symbol: string, decimals: number }, string][]} */ ([
    ["10", 25, SOL, "2.5"], ["10", 100, SOL, "9.99577144"], ["0.000000003", 50, SOL, "0"], ["0.00422856", 100, SOL, "0"], ["0", 75, SOL, "0"],
    ["1500000", 100, USDC, "1500000"], ["0.000003", 50, USDC, "0.000001"], ["1234.567891", 75, USDC, "925.925918"],
    ["18446744073709551615", 100, { symbol: "X", decimals: 0 }, "18446744073709551615"], ["3", 50, { symbol: "X", decimals: 0 }, "1"],
  ])) assert.equal(shareOf(free, percent, token, COSTS), share, `${percent} % of ${free} ${token.symbol}`);
});

test("a wallet pays for an order if it has what is spent and fees and rent, to the last digit", () => {
  const ten = wallet({ SOL: "10", USDC: "100" });
  assert.equal(shortage(ten, { ...SELL, amountIn: "9.99577144" }, undefined, COSTS), undefined);
  assert.equal(shortage(ten, { ...SELL, amountIn: "9.995771441" }, undefined, COSTS), "Leave 0.00422856 SOL for fees and rent");
  assert.equal(shortage(ten, { ...SELL, amountIn: "10.000000001" }, undefined, COSTS), "Not enough SOL: 10 free");
  assert.equal(shortage(ten, { tokenIn: "JUP", tokenOut: "SOL", amountIn: "1" }, undefined, COSTS), "Not enough JUP: 0 free");
  assert.equal(shortage(ten, { ...BUY, amountIn: "100" }, undefined, COSTS), undefined);
  assert.equal(shortage(wallet({ SOL: "0.00218927", USDC: "100" }), { ...BUY, amountIn: "1" }, undefined, COSTS), "Leave 0.00218928 SOL for fees and rent");
});

test("before the engine has said what the chain takes, nothing is left for it", () => {
  assert.equal(shareOf("10", 100, SOL, undefined), "10");
  assert.equal(shortage(wallet({ SOL: "1" }), { ...SELL, amountIn: "1" }, undefined, undefined), undefined);
});

test("an order for an amount to receive needs the most that it may spend, once that is quoted", () => {
  const poor = wallet({ SOL: "1", USDC: "150" });
  assert.equal(shortage(poor, { ...BUY, amountOut: "1" }, undefined, COSTS), undefined);
  assert.equal(shortage(poor, { ...BUY, amountOut: "1" }, { maxAmountIn: "150" }, COSTS), undefined);
  assert.equal(shortage(poor, { ...BUY, amountOut: "1" }, { maxAmountIn: "150.000001" }, COSTS), "Not enough USDC: 150 free");
});

test("amounts of several tokens are read as the setting is, and what is wrong is said", () => {
  assert.deepEqual(readAmounts(" sol=10, USDC = 1,500.5 ", TOKENS), { problem: "Write amounts without commas: they separate tokens" });
  assert.deepEqual(readAmounts("sol=10, USDC = 1500.5,", TOKENS), { amounts: { SOL: "10", USDC: "1500.5" } });
  assert.deepEqual(readAmounts("", TOKENS), { amounts: {} });
  for (const [typed, problem] of [
    ["SOL", "Write SOL=amount"], ["SOL=1=2", "Write SOL=amount"], ["NOPE=1", "There is no token NOPE"], ["SOL=1,sol=2", "SOL is there twice"],
    ["SOL=-1", "SOL: Must be greater than zero"], ["USDC=0.0000001", "USDC has at most 6 decimal places"],
  ]) assert.ok(readAmounts(typed ?? "", TOKENS).problem?.includes(problem ?? ""), typed);
});

test("a key stays until what was asked for is answered, or something else is asked for", () => {
  const once = new Once();
  const key = once.keyFor("deposit", "default", { SOL: "1" });
  assert.equal(once.keyFor("deposit", "default", { SOL: "1" }), key);
  assert.notEqual(once.keyFor("deposit", "swing", { SOL: "1" }), key);
  const other = once.keyFor("deposit", "default", { SOL: "1" });
  once.answered();
  assert.notEqual(once.keyFor("deposit", "default", { SOL: "1" }), other);
});

test("a wallet is found by name or id in any case, and one of exactly that name comes first", () => {
  const wallets = new Wallets(/** @type {Stream} */ (/** @type {unknown} */ (new EventTarget())));
  assert.equal(wallets.find("default"), undefined, "none has been read yet");
  const named = (/** @type {string} */ id, /** @type {string} */ name) => ({ ...wallet({}), id, name });
  wallets.all = [named("0a", "default"), named("0b", "Swing"), named("0c", "SWING")]; // names in two cases are of an earlier version
  for (const [name, id] of [["default", "0a"], ["Default", "0a"], ["Swing", "0b"], ["SWING", "0c"], ["swing", "0b"], ["0C", "0c"]]) {
    assert.equal(wallets.find(name)?.id, id, name);
  }
  assert.deepEqual([wallets.find("swings"), wallets.find(undefined)], [undefined, undefined]);
});

/** @param {number[]} positions */
const entries = (...positions) => positions.map((position) => /** @type {BookEntry} */ ({ position }));

test("the newest page comes before what is known, and what may lie between is not skipped", () => {
  assert.deepEqual(joined(entries(9, 8), []), entries(9, 8));
  assert.deepEqual(joined(entries(9, 7), entries(7, 5, 2)), entries(9, 7, 5, 2));
  assert.deepEqual(joined(entries(9, 8), entries(7, 5)), undefined);
  assert.deepEqual(joined([], []), []);
});

test("what leaves the wallet has a minus, what comes in a plus, and what stays neither", () => {
  const posting = { kind: /** @type {const} */ ("deposit"), token: "SOL", mint: "", amount: "1" };
  assert.equal(signOf({ ...posting, from: "outside", to: "free" }), "+");
  assert.equal(signOf({ ...posting, from: "free", to: "network" }), "−");
  assert.equal(signOf({ ...posting, from: "free", to: "held" }), "");
  const entry = { position: 1, walletId: "", at: "", cause: /** @type {const} */ ("transfer"), postings: [{ ...posting, from: /** @type {const} */ ("outside"), to: /** @type {const} */ ("free") }] };
  assert.deepEqual([causeOf(entry), causeOf({ ...entry, cause: "reset" })], ["Deposit", "Reset"]);
});
