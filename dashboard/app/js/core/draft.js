/** @import { Bound, OrderRequest } from "./types.js" */
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
 * second of the acceptance, unless the ticket has changed. What is repeated is the request as it was first sent: a newer
 * bound would make it another order.
 */
export class Intent {
  #ticket = "";
  /** @type {{ request: OrderRequest, bound: Bound, key: string } | undefined} */
  #sent;
  #acceptedAt = -Infinity;

  /** What to send for a ticket, and under which key. @param {OrderRequest} ticket @param {Bound} bound that the ticket shows */
  toSend(ticket, bound) {
    const text = JSON.stringify(ticket);
    const isOver = this.#acceptedAt + SAME_ORDER_MS <= performance.now();
    if (text !== this.#ticket || (this.#acceptedAt > -Infinity && isOver)) this.forget();
    this.#ticket = text;
    return (this.#sent ||= { request: { ...ticket, ...bound }, bound, key: newKey() });
  }

  /** The bound of a ticket that was sent and has had no answer. @param {OrderRequest} ticket @returns {Bound | undefined} */
  unanswered(ticket) {
    return this.#acceptedAt === -Infinity && JSON.stringify(ticket) === this.#ticket ? this.#sent?.bound : undefined;
  }

  /** The order is accepted: from a second later on, the same ticket means another one. */
  accepted() {
    this.#acceptedAt = performance.now();
  }

  /** The order was refused: nothing was placed under the key. */
  forget() {
    this.#ticket = "";
    this.#sent = undefined;
    this.#acceptedAt = -Infinity;
  }
}

/** The ticket is built anew whenever one comes back to it; what it meant is not. */
export const intent = new Intent();
