/** @import { OrderRequest } from "./types.js" */
import { newKey } from "./api.js";

const STORED = "draft";
/** How long an unchanged ticket still means the order that was just placed. */
export const SAME_ORDER_MS = 1000;

/**
 * The order that somebody is about to place. It survives a look at another view and a reload, but not the tab.
 *
 * @typedef {{ side: "buy" | "sell", unit: "base" | "quote", amount: string, slippage: string, base: string, quote: string }} Draft
 */

/** @returns {Partial<Draft>} */
export function storedDraft() {
  try {
    return JSON.parse(sessionStorage.getItem(STORED) ?? "{}");
  } catch {
    return {};
  }
}

/** @param {Draft} draft */
export function storeDraft(draft) {
  try {
    sessionStorage.setItem(STORED, JSON.stringify(draft));
  } catch {
    // without storage it lasts as long as the ticket
  }
}

/**
 * One idempotency key per intent, so that pressing again cannot trade twice: not after a lost answer, and not within a
 * second of the acceptance, unless the ticket has changed.
 */
export class Intent {
  #request = "";
  #key = "";
  #acceptedAt = -Infinity;

  /** @param {OrderRequest} request */
  keyFor(request) {
    const text = JSON.stringify(request);
    const isOver = this.#acceptedAt + SAME_ORDER_MS <= performance.now();
    if (text !== this.#request || (this.#acceptedAt > -Infinity && isOver)) this.forget();
    this.#request = text;
    return (this.#key ||= newKey());
  }

  /** The order is accepted: from a second later on, the same ticket means another one. */
  accepted() {
    this.#acceptedAt = performance.now();
  }

  /** The order was refused: nothing was placed under the key. */
  forget() {
    this.#request = this.#key = "";
    this.#acceptedAt = -Infinity;
  }
}

/** The ticket is built anew whenever one comes back to it; what it meant is not. */
export const intent = new Intent();
