/** @import { Failure, Order, OrderEvent, EventData, Spec, Status } from "../../app/js/core/types.js" */

/** The browser's frames, drawn when the test says so. @type {(() => void)[]} */
const due = [];
Object.assign(globalThis, {
  document: { hidden: false },
  requestAnimationFrame: (/** @type {() => void} */ work) => due.push(work),
});

export function drawFrame() {
  for (const work of due.splice(0)) work();
}

/** An id as the engine gives them: later ones sort after earlier ones. @param {number} number */
export function idOf(number) {
  return `01a1fd3e-0000-7000-8000-${String(number).padStart(12, "0")}`;
}

/** @type {Spec} */
export const SPEC = {
  type: "market",
  tokenIn: "SOL",
  tokenOut: "USDC",
  tokenInMint: "So11111111111111111111111111111111111111112",
  tokenOutMint: "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
  amountIn: "1",
  slippageBps: 50,
};

/** @param {number} number @param {Partial<Order>} [other] @returns {Order} */
export function order(number, other = {}) {
  const at = new Date(1_000_000 + number * 1000).toISOString();
  const id = idOf(number);
  return { ...SPEC, id, orderId: id, status: "pending", attempt: 0, lastSeq: 1, createdAt: at, updatedAt: at, created_at: at, updated_at: at, ...other };
}

/** @param {number} number @param {number} seq @param {Status} status @param {EventData} data @param {number} [ms] @returns {OrderEvent} */
export function event(number, seq, status, data, ms = 0) {
  return { orderId: idOf(number), seq, status, attempt: 1, at: new Date(2_000_000 + ms).toISOString(), data };
}

export const FILL = { venue: "meteora", signature: "5zYE", slot: 7, amountIn: "1", amountOut: "150", fee: "0.002", feeToken: "SOL", executedPrice: "150" };
/** @type {Failure} */
export const FAILURE = { code: "transaction_reverted", message: "the program returned an error", retryable: true };
