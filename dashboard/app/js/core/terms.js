/** @import { Order } from "./types.js" */

/**
 * What a repeated order has besides what the fields of a ticket say.
 *
 * @typedef {{ minAmountOut?: string, maxAmountIn?: string, expiresAt?: string, tag?: string }} Terms
 */

/** Said where a repeated order would have expired before it began. */
export const EXPIRY_LEFT_OUT = "The expiry of the order has passed and is left out.";

/** The terms of an order that can be met again: a time that has passed cannot. @param {Order} order @returns {Terms} */
export function termsOf({ minAmountOut, maxAmountIn, expiresAt, tag }) {
  return { minAmountOut, maxAmountIn, expiresAt: isPast(expiresAt) ? undefined : expiresAt, tag };
}

/** @param {string | undefined} expiresAt */
export function isPast(expiresAt) {
  return expiresAt !== undefined && Date.parse(expiresAt) <= Date.now();
}
