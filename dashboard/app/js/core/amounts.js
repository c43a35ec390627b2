/** @import { Token } from "./types.js" */
/** @import { Amounts } from "./wallet-api.js" */
import { readAmount } from "./decimal.js";

/**
 * Typed amounts of several tokens, as in the setting PAPER_BALANCES: `SOL=10, USDC=1500`.
 * @param {string} typed @param {Token[]} tokens that there are
 * @returns {{ amounts: Amounts, problem?: undefined } | { amounts?: undefined, problem: string }}
 */
export function readAmounts(typed, tokens) {
  /** @type {Amounts} */
  const amounts = {};
  for (const part of typed.split(/[,;\n]/).map((text) => text.trim()).filter(Boolean)) {
    const [name = "", size, ...more] = part.split("=").map((text) => text.trim());
    if (/^[\d.]+$/.test(name)) return { problem: "Write amounts without commas: they separate tokens" };
    if (size === undefined || more.length > 0) return { problem: `Write ${name || "a token"}=amount, with a comma between tokens` };
    const token = tokens.find(({ symbol }) => symbol.toUpperCase() === name.toUpperCase());
    if (!token) return { problem: `There is no token ${name}` };
    if (token.symbol in amounts) return { problem: `${token.symbol} is there twice` };
    const read = readAmount(size, token);
    if (read.value === undefined) return { problem: `${token.symbol}: ${read.problem}` };
    amounts[token.symbol] = read.value;
  }
  return { amounts };
}
