/** @import { Order } from "./types.js" */
/** @import { OrderBook } from "./orders.js" */
/** @import { Pair } from "./market.js" */

/** More marks than these cannot be told apart on a chart. */
const MOST = 200;

/** The newest filled orders of each pair, whichever way round, among those that the page has learnt of. */
export class Fills {
  /** Oldest first. @type {Map<string, Order[]>} */
  #pairs = new Map();

  /** @param {OrderBook} book */
  constructor(book) {
    book.addEventListener("change", (event) => {
      for (const id of /** @type {CustomEvent<Set<string>>} */ (event).detail) {
        const order = book.get(id);
        if (order?.fill) this.#add(order);
      }
    });
  }

  /** Those of a pair, oldest first. @param {Pair} pair @returns {readonly Order[]} */
  of({ base, quote }) {
    return this.#pairs.get(keyOf(base, quote)) ?? [];
  }

  /** @param {Order} order */
  #add(order) {
    const key = keyOf(order.tokenIn, order.tokenOut);
    const orders = this.#pairs.get(key) ?? [];
    this.#pairs.set(key, orders);
    let place = orders.length;
    for (let before = orders[place - 1]; before && before.updatedAt >= order.updatedAt; before = orders[place - 1]) {
      if (before.id === order.id) return;
      place -= 1;
    }
    orders.splice(place, 0, order);
    if (orders.length > MOST) orders.shift();
  }
}

/** @param {string} one @param {string} other */
function keyOf(one, other) {
  return one < other ? `${one}/${other}` : `${other}/${one}`;
}
