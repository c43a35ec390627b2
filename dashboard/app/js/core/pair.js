/** Tokens that others are priced in, the most usual first. */
const QUOTES = ["USDC", "USDT", "SOL", "mSOL", "JitoSOL"];

/**
 * The market of an order: one direction for all of its orders, so that their prices can be compared.
 * @param {{ tokenIn: string, tokenOut: string }} order
 */
export function marketOf({ tokenIn, tokenOut }) {
  const rank = (/** @type {string} */ token) => (QUOTES.includes(token) ? QUOTES.indexOf(token) : QUOTES.length);
  const isSell = rank(tokenOut) < rank(tokenIn) || (rank(tokenOut) === rank(tokenIn) && tokenOut < tokenIn);
  return isSell ? { base: tokenIn, quote: tokenOut, isSell } : { base: tokenOut, quote: tokenIn, isSell };
}

/**
 * A price of an order, in the quote token of its market per unit of the base token. Floating point: it is only shown.
 * @param {{ tokenIn: string, tokenOut: string }} order @param {string} price received per unit spent
 */
export function priceIn(order, price) {
  return marketOf(order).isSell ? Number(price) : 1 / Number(price);
}
