/** @import { Bound, OrderRequest } from "./types.js" */
/** @import { Terms } from "./terms.js" */
import { newKey } from "./api.js";

const STORED = "draft";
/** What was sent and has had no answer. */
const STORED_INTENT = "unanswered";
/** How long an unchanged ticket still means the order that was just placed. */
export const SAME_ORDER_MS = 1000;

/**
 * The order that somebody is about to place. It survives a look at another view and a reload, but not the tab.
 *
 * @typedef {{ side: "buy" | "sell", unit: "base" | "quote", amount: string, slippage: string, base: string, quote: string, wallet: string, terms: Terms }} Draft
 */

/** @returns {Partial<Draft>} */
export function storedDraft() {
  return read(STORED);
}

/** @param {Draft} draft */
export function storeDraft(draft) {
  write(STORED, draft);
}

/**
 * One idempotency key per intent, so that pressing again cannot trade twice: not after a lost answer, even if the page
 * was reloaded since, and not within a second of the acceptance, unless the ticket has changed. What is repeated is the
 * request as it was first sent: a newer bound would make it another order.
 */
export class Intent {
  /** @type {string} */
  #ticket;
  /** @type {{ request: OrderRequest, bound: Bound, key: string } | undefined} */
  #sent;
  #acceptedAt = -Infinity;

  /** As it was before a reload, which an answer does not survive. */
  constructor() {
    ({ ticket: this.#ticket = "", sent: this.#sent } = read(STORED_INTENT));
  }

  /** What to send for a ticket, and under which key. @param {OrderRequest} ticket @param {Bound} bound that the ticket shows */
  toSend(ticket, bound) {
    const text = JSON.stringify(ticket);
    const isOver = this.#acceptedAt + SAME_ORDER_MS <= performance.now();
    if (text !== this.#ticket || (this.#acceptedAt > -Infinity && isOver)) this.forget();
    this.#ticket = text;
    this.#sent ||= { request: { ...ticket, ...bound }, bound, key: newKey() };
    if (this.#acceptedAt === -Infinity) write(STORED_INTENT, { ticket: text, sent: this.#sent });
    return this.#sent;
  }

  /** The bound of a ticket that was sent and has had no answer. @param {OrderRequest} ticket @returns {Bound | undefined} */
  unanswered(ticket) {
    return this.#acceptedAt === -Infinity && JSON.stringify(ticket) === this.#ticket ? this.#sent?.bound : undefined;
  }

  /** The order is accepted: from a second later on, the same ticket means another one. */
  accepted() {
    this.#acceptedAt = performance.now();
    write(STORED_INTENT, {});
  }

  /** The order was refused: nothing was placed under the key. */
  forget() {
    this.#ticket = "";
    this.#sent = undefined;
    this.#acceptedAt = -Infinity;
    write(STORED_INTENT, {});
  }
}

/** @param {string} name @returns {any} */
function read(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? "{}");
  } catch {
    return {};
  }
}

/** @param {string} name @param {object} value */
function write(name, value) {
  try {
    sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // without storage it lasts as long as the page
  }
}

/** The ticket is built anew whenever one comes back to it; what it meant is not. */
export const intent = new Intent();
