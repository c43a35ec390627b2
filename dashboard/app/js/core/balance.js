/** @import { Bound, OrderRequest, Wallet } from "./types.js" */
import { amount } from "./format.js";

/**
 * What an order holds for the network besides what it spends, in SOL: ten attempts, the most that an engine may be set to,
 * at 5,000 lamports each.
 */
export const HELD_FOR_FEES = "0.00005";
/** A token has no more decimals than this. */
const MOST_DECIMALS = 255;

/** What is free of a token. @param {Wallet} wallet @param {string} token */
export function freeOf(wallet, token) {
  return wallet.balances.find((balance) => balance.token === token)?.free ?? "0";
}

/**
 * A part of what an order can spend of a token, cut off at its decimals. All of SOL leaves what the order holds for the network.
 * @param {string} free @param {number} percent @param {{ symbol: string, decimals: number }} token
 */
export function shareOf(free, percent, { symbol, decimals }) {
  const all = units(free, decimals);
  const most = all - (symbol === "SOL" ? units(HELD_FOR_FEES, decimals) : 0n);
  const share = (all * BigInt(percent)) / 100n;
  return text(smaller(share, most > 0n ? most : 0n), decimals);
}

/**
 * Why a wallet cannot pay for an order, short enough for a button.
 * @param {Wallet} wallet @param {OrderRequest} order @param {Bound | undefined} bound that goes with it, once it is quoted
 * @returns {string | undefined}
 */
export function shortage(wallet, { tokenIn, amountIn }, bound) {
  const most = amountIn ?? (bound && "maxAmountIn" in bound ? bound.maxAmountIn : "0");
  const left = (/** @type {string} */ token, /** @type {string[]} */ needed) =>
    needed.reduce((rest, each) => rest - units(each, MOST_DECIMALS), units(freeOf(wallet, token), MOST_DECIMALS));
  if (left(tokenIn, [most]) < 0n) return `Not enough ${tokenIn}: ${amount(freeOf(wallet, tokenIn))} free`;
  if (left("SOL", tokenIn === "SOL" ? [most, HELD_FOR_FEES] : [HELD_FOR_FEES]) < 0n) return `Leave ${HELD_FOR_FEES} SOL for network fees`;
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
