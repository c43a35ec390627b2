/** @import { Order, OrderEvent } from "./types.js" */
import { oncePerFrame } from "./frames.js";

/** Orders kept at most, besides those that are listed; the oldest ones known are dropped first: the engine has them all. */
const MOST_ORDERS = 30_000;
/** To find those to drop takes a walk past those that are listed, so it is done for many at once. */
const DROPPED_AT_ONCE = 1000;
/** Nobody reads faster than this, and a busy engine would fill every frame. */
const CHANGES_APART_MS = 50;
/** Events kept of orders whose row has not arrived yet. */
const MOST_EARLY = 20_000;

/**
 * The orders the page knows. Rows come from the list, events from the stream; whichever is later by
 * `lastSeq` wins, so that they may arrive in any order.
 *
 * Sends `change` in a frame, and leaves most frames to scrolling and typing; its detail has the ids that changed.
 */
export class OrderBook extends EventTarget {
  /** @type {Map<string, Order>} */
  #orders = new Map();
  /** @type {Map<string, OrderEvent[]>} */
  #early = new Map();
  /** @type {Set<string>} */
  #changed = new Set();
  /** @type {((id: string) => boolean)[]} */
  #keepers = [];
  #announce = oncePerFrame(() => {
    const changed = this.#changed;
    this.#changed = new Set();
    this.dispatchEvent(new CustomEvent("change", { detail: changed }));
  }, CHANGES_APART_MS);

  /** Orders of which `isKept` are not dropped. @param {(id: string) => boolean} isKept */
  keep(isKept) {
    this.#keepers.push(isKept);
  }

  /** @param {string} id */
  get(id) {
    return this.#orders.get(id);
  }

  /** Takes a row of the API. @param {Order} row */
  take(row) {
    const known = this.#orders.get(row.id);
    // a request to cancel is no event, so it does not move the order on
    const isRequested = row.cancelRequestedAt !== undefined && known?.lastSeq === row.lastSeq && known.cancelRequestedAt === undefined;
    if (known === undefined || known.lastSeq < row.lastSeq || isRequested) {
      this.#put(row);
    }
    const early = this.#early.get(row.id);
    this.#early.delete(row.id);
    for (const event of early ?? []) this.apply(event);
  }

  /** Takes an event of the stream. @param {OrderEvent} event */
  apply(event) {
    const { orderId: id, seq, status, attempt, at, data } = event;
    const known = this.#orders.get(id);
    if (known === undefined && data.kind !== "accepted") {
      const early = this.#early.get(id);
      if (early) early.push(event);
      else this.#early.set(id, [event]);
      trim(this.#early, MOST_EARLY, () => false);
      return;
    }
    if (known !== undefined && known.lastSeq >= seq) return;
    /** @type {Order} */
    const order = known
      ? { ...known, status, attempt, lastSeq: seq, updatedAt: at }
      : { .../** @type {any} */ (data).order, id, status, attempt, lastSeq: seq, createdAt: at, updatedAt: at };
    if (data.kind === "retrying") order.nextAttemptAt = data.nextAttemptAt;
    else if (data.kind === "waiting") order.nextAttemptAt = data.until;
    else delete order.nextAttemptAt;
    if (data.kind === "canceled") order.cancelRequestedAt = data.requestedAt;
    if (data.kind === "confirmed") {
      const { kind: _, afterExpiry: __, ...fill } = data;
      order.fill = fill;
      delete order.failure;
    }
    if ("failure" in data && data.failure) order.failure = data.failure;
    this.#put(order);
  }

  /** @param {Order} order */
  #put(order) {
    this.#orders.set(order.id, order);
    this.#changed.add(order.id);
    this.#announce();
    if (this.#orders.size < MOST_ORDERS + DROPPED_AT_ONCE) return;
    trim(this.#orders, MOST_ORDERS, (id) => id === order.id || this.#keepers.some((isKept) => isKept(id)));
  }
}

/** @param {Map<string, unknown>} map @param {number} most @param {(key: string) => boolean} isKept */
function trim(map, most, isKept) {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    if (!isKept(key)) map.delete(key);
  }
}
