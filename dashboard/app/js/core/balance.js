/** @import { Bound, Market, OrderRequest, Wallet } from "./types.js" */
import { amount } from "./format.js";

/** Decimals of SOL. */
const LAMPORTS = 9;
/** A token has no more decimals than this. */
const MOST_DECIMALS = 255;

/** What is free of a token. @param {Wallet} wallet @param {string} token */
export function freeOf(wallet, token) {
  return wallet.balances.find((balance) => balance.token === token)?.free ?? "0";
}

/** @typedef {Pick<Market, "heldForFees" | "accountRent">} Costs What the chain takes. */

/**
 * What an order holds besides what it spends, in SOL: the network fees of its attempts, and rent for the account of the token
 * that it receives and for that of wrapped SOL if it spends SOL.
 * @param {Costs | undefined} costs unknown until the engine has answered @param {string} tokenIn
 */
export function heldBesides(costs, tokenIn) {
  const { heldForFees = "0", accountRent = "0" } = costs ?? {};
  return text(units(heldForFees, LAMPORTS) + units(accountRent, LAMPORTS) * (tokenIn === "SOL" ? 2n : 1n), LAMPORTS);
}

/**
 * A part of what an order can spend of a token, cut off at its decimals. All of SOL leaves what the order holds besides.
 * @param {string} free @param {number} percent @param {{ symbol: string, decimals: number }} token @param {Costs | undefined} costs
 */
export function shareOf(free, percent, { symbol, decimals }, costs) {
  const all = units(free, decimals);
  const most = all - (symbol === "SOL" ? units(heldBesides(costs, symbol), decimals) : 0n);
  const share = (all * BigInt(percent)) / 100n;
  return text(smaller(share, most > 0n ? most : 0n), decimals);
}

/**
 * Why a wallet cannot pay for an order, short enough for a button.
 * @param {Wallet} wallet @param {OrderRequest} order @param {Bound | undefined} bound that goes with it, once it is quoted
 * @param {Costs | undefined} costs @returns {string | undefined}
 */
export function shortage(wallet, { tokenIn, amountIn }, bound, costs) {
  const most = amountIn ?? (bound && "maxAmountIn" in bound ? bound.maxAmountIn : "0");
  const left = (/** @type {string} */ token, /** @type {string[]} */ needed) =>
    needed.reduce((rest, each) => rest - units(each, MOST_DECIMALS), units(freeOf(wallet, token), MOST_DECIMALS));
  if (left(tokenIn, [most]) < 0n) return `Not enough ${tokenIn}: ${amount(freeOf(wallet, tokenIn))} free`;
  const besides = heldBesides(costs, tokenIn);
  if (left("SOL", tokenIn === "SOL" ? [most, besides] : [besides]) < 0n) return `Leave ${besides} SOL for fees and rent`;
  return undefined;
}

/** A decimal text as a whole number of its last digits. @param {string} decimal @param {number} decimals */
function units(decimal, decimals) {
  const [whole = "0", fraction = ""] = decimal.split(".");
  return BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, "0"));
}

/** @param {bigint} count @param {number} decimals */
function text(count, decimals) {
  const digits = String(count).padStart(decimals + 1, "0");
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  const whole = digits.slice(0, digits.length - decimals);
  return decimals > 0 && fraction ? `${whole}.${fraction}` : whole;
}

/** @param {bigint} one @param {bigint} other */
function smaller(one, other) {
  return one < other ? one : other;
}
