/** @import { Order } from "./types.js" */
/** @import { OrderBook } from "./orders.js" */
import * as api from "./api.js";
import { elapsed } from "./format.js";

const PAGE = 200;
/** Rows kept at once. Who scrolls on loses the newest ones from the window, never from the engine. */
const MOST_ROWS = 20_000;
const SORT_EVERY_MS = 500;

/** @typedef {"createdAt" | "updatedAt" | "pair" | "amount" | "venue" | "status" | "attempt" | "elapsed"} SortKey */

/** @type {Record<SortKey, (order: Order) => string | number>} floats are good enough to sort by */
const SORT_BY = {
  createdAt: (order) => order.id,
  updatedAt: (order) => order.updatedAt,
  pair: (order) => `${order.tokenIn} ${order.tokenOut}`,
  amount: (order) => Number(order.fill?.amountIn ?? order.amountIn ?? 0),
  venue: (order) => order.fill?.venue ?? "",
  status: (order) => order.status,
  attempt: (order) => order.attempt,
  elapsed,
};

/**
 * A window on all orders, newest first: pages are read as they are asked for, new orders come in at
 * the top. Sends `change`.
 */
export class OrderList extends EventTarget {
  /** Ids as they are shown. @type {string[]} */
  rows = [];
  /** @type {"unread" | "loading" | "idle" | "failed"} */
  state = "unread";
  /** @type {api.ApiError | undefined} */
  error;
  status = "";
  search = "";
  /** @type {{ key: SortKey, isDescending: boolean }} */
  sort = { key: "createdAt", isDescending: true };
  /** Rows left the window at the top, so new orders cannot come in there. */
  isAway = false;

  #book;
  /** All ids in the window, newest first. @type {string[]} */
  #ids = [];
  #known = new Set();
  /** @type {string | undefined} */
  #next;
  #reading = 0;
  #sortedAt = 0;
  #sortTimer = 0;

  /** @param {OrderBook} book */
  constructor(book) {
    super();
    this.#book = book;
    book.addEventListener("change", (event) => this.#apply(/** @type {CustomEvent<Set<string>>} */ (event).detail));
  }

  get hasMore() {
    return this.#next !== undefined;
  }

  get loaded() {
    return this.#ids.length;
  }

  /** Reads the newest page anew, as after another filter. */
  async reset() {
    this.#ids = [];
    this.#known = new Set();
    this.isAway = false;
    const status = this.status ? `&status=${this.status}` : "";
    await this.#read(`/api/orders?limit=${PAGE}${status}`);
  }

  /** Reads the next page, or again the one that could not be read, unless one is under way. */
  async more() {
    if (this.state !== "loading" && this.#next) await this.#read(this.#next);
  }

  /** Another search or order of rows. */
  arrange() {
    this.#show(true);
  }

  /** @param {string} path */
  async #read(path) {
    const reading = ++this.#reading;
    this.state = "loading";
    this.error = undefined;
    this.#next = undefined;
    this.#show(true);
    try {
      const { orders, next } = await api.orders(path);
      if (reading !== this.#reading) return;
      for (const order of orders) {
        this.#book.take(order);
        this.#add(order.id);
      }
      this.#next = next;
      this.state = "idle";
      if (this.#ids.length > MOST_ROWS) {
        for (const id of this.#ids.splice(0, this.#ids.length - MOST_ROWS)) this.#known.delete(id);
        this.isAway = true;
      }
    } catch (error) {
      if (reading !== this.#reading) return;
      this.state = "failed";
      this.#next = path;
      this.error = /** @type {api.ApiError} */ (error);
    }
    this.#ids.sort(newestFirst);
    this.#show(true);
  }

  /** @param {string} id */
  #add(id) {
    if (this.#known.has(id)) return false;
    this.#known.add(id);
    this.#ids.push(id);
    return true;
  }

  /** @param {Set<string>} changed */
  #apply(changed) {
    const oldest = this.#ids.at(-1) ?? "";
    const newest = this.#ids[0] ?? "";
    const found = [];
    for (const id of changed) {
      const order = this.#book.get(id);
      const isNewest = !this.isAway && (id > oldest || (!this.#next && this.state === "idle"));
      if (order && isNewest && this.#matches(order) && !this.#known.has(id)) found.push(id);
    }
    for (const id of found) this.#known.add(id);
    this.#ids.unshift(...found.sort(newestFirst));
    if (found.some((id) => id < newest)) this.#ids.sort(newestFirst);
    if (this.#ids.length > MOST_ROWS) this.#dropOldest();
    this.#show(found.length > 0 && this.sort.key === "createdAt");
  }

  /** The oldest rows go; they can be read again. */
  #dropOldest() {
    for (const id of this.#ids.splice(MOST_ROWS)) this.#known.delete(id);
    const status = this.status ? `&status=${this.status}` : "";
    this.#next = `/api/orders?limit=${PAGE}${status}&cursor=${this.#ids.at(-1)}`;
  }

  /** @param {Order} order */
  #matches(order) {
    return !this.status || order.status === this.status;
  }

  /** Arranges the rows and says so. Sorting by what changes all the time waits a moment. @param {boolean} isUrgent */
  #show(isUrgent) {
    const isSorted = this.sort.key !== "createdAt";
    const wait = this.#sortedAt + SORT_EVERY_MS - performance.now();
    if (isSorted && !isUrgent && wait > 0) {
      this.#sortTimer ||= setTimeout(() => this.#show(true), wait);
    } else {
      clearTimeout(this.#sortTimer);
      this.#sortTimer = 0;
      this.#sortedAt = performance.now();
      this.rows = this.#arranged();
    }
    this.dispatchEvent(new Event("change"));
  }

  #arranged() {
    const wanted = this.search.trim().toLowerCase();
    const isUsual = this.sort.key === "createdAt" && this.sort.isDescending;
    if (isUsual && !wanted && !this.status) return this.#ids.filter((id) => this.#book.get(id));
    const orders = [];
    for (const id of this.#ids) {
      const order = this.#book.get(id);
      if (order && this.#matches(order) && (!wanted || text(order).includes(wanted))) orders.push(order);
    }
    const { key, isDescending } = this.sort;
    if (key !== "createdAt") {
      const by = SORT_BY[key];
      orders.sort((one, other) => compare(by(one), by(other)));
      if (isDescending) orders.reverse();
    } else if (!isDescending) {
      orders.reverse();
    }
    return orders.map((order) => order.id);
  }
}

/** @param {Order} order */
function text(order) {
  return `${order.id} ${order.clientOrderId ?? ""} ${order.tag ?? ""} ${order.tokenIn} ${order.tokenOut} ${order.tokenIn}/${order.tokenOut}`.toLowerCase();
}

/** Ids are UUIDv7: they sort by the time of the acceptance, as the engine's own list does. @param {string} one @param {string} other */
function newestFirst(one, other) {
  return one < other ? 1 : one > other ? -1 : 0;
}

/** @param {string | number} one @param {string | number} other */
function compare(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}
