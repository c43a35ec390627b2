/** @import { OrderRequest } from "./types.js" */
import * as api from "./api.js";
import { market, tell } from "./app.js";

/** What a button that starts it says. */
export const RUN_DEMO = "Run the demo: six paper orders";
/** The orders of `engine demo`: no venue pays what the last one asks for, to show a failure. @type {OrderRequest[]} */
const DEMO = [
  { tokenIn: "SOL", tokenOut: "USDC", amountIn: "1", slippageBps: 100 },
  { tokenIn: "USDC", tokenOut: "SOL", amountIn: "250", slippageBps: 100 },
  { tokenIn: "JUP", tokenOut: "USDC", amountIn: "1000", slippageBps: 100 },
  { tokenIn: "BONK", tokenOut: "SOL", amountIn: "5000000", slippageBps: 100 },
  { tokenIn: "SOL", tokenOut: "JTO", amountOut: "100", slippageBps: 100 },
  { tokenIn: "SOL", tokenOut: "USDC", amountIn: "0.5", minAmountOut: "1000000", slippageBps: 100 },
];

/** Places them. Offered on paper only, and by no single key. @param {HTMLButtonElement} button */
export async function runDemo(button) {
  button.disabled = true;
  try {
    await Promise.all(DEMO.map((order) => api.placeOrder({ ...order, tag: "demo" }, api.newKey())));
    tell(`${DEMO.length} demo orders placed. One asks for too much on purpose.`);
    market.choose({ base: "SOL", quote: "USDC" });
  } catch (error) {
    tell(/** @type {Error} */ (error).message);
  } finally {
    button.disabled = false;
  }
}
