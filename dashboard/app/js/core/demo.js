/** @import { OrderRequest } from "./types.js" */

/** The five orders of `engine demo`. @type {OrderRequest[]} */
export const DEMO = [
  { tokenIn: "SOL", tokenOut: "USDC", amountIn: "1", slippageBps: 100 },
  { tokenIn: "USDC", tokenOut: "SOL", amountIn: "250", slippageBps: 100 },
  { tokenIn: "JUP", tokenOut: "USDC", amountIn: "1000", slippageBps: 100 },
  { tokenIn: "BONK", tokenOut: "SOL", amountIn: "5000000", slippageBps: 100 },
  { tokenIn: "SOL", tokenOut: "JTO", amountOut: "100", slippageBps: 100 },
];
