/** @import { OrderSummary } from "./types.js" */
/** @import { OrderBook } from "./orders.js" */
/** @import { Filter } from "./order-filter.js" */
import * as api from "./api.js";
import { ALL_ORDERS, isFollowed, matches, selection } from "./order-filter.js";

const PAGE = 200;
/** Rows kept at once. Scrolling on drops the newest ones from the window, never from the engine. */
const MOST_ROWS = 20_000;

/**
 * A window on the orders of a filter. The engine searches and sorts; pages are read as they are asked for. While the
 * newest come first, new orders join at the top. Sends `change`.
 */
export class OrderList extends EventTarget {
  /** Ids as they are shown. @type {string[]} */
  rows = [];
  /** @type {"unread" | "loading" | "idle" | "failed"} */
  state = "unread";
  /** @type {api.ApiError | undefined} */
  error;
  /** @type {Filter} */
  filter = ALL_ORDERS;
  /** Counts and sums of the filter, once they are known. @type {OrderSummary | undefined} */
  summary;
  /** Rows left the window at the top, so new orders cannot come in there. */
  isAway = false;
  /** Orders have come or changed that the list, which is not followed, does not show. */
  isOutdated = false;
  /** The last page had nothing, but there are older orders to search. */
  isPaused = false;
  /** How far down one was: coming back leads there. */
  place = 0;

  #book;
  /** All ids in the window, in the order of the engine. @type {string[]} */
  #ids = [];
  /** The ids with the last event that the engine had when it listed them; -1 for those that the stream brought. @type {Map<string, number>} */
  #known = new Map();
  /** Those before the list was read anew: they are shown until it is here. @type {Map<string, number>} */
  #before = new Map();
  /** The first page is read anew: `rows` stay until it is here, so that nobody loses their place. */
  #isRenewed = false;
  /** @type {string | undefined} */
  #next;
  #reading = 0;

  /** @param {OrderBook} book */
  constructor(book) {
    super();
    this.#book = book;
    book.keep((id) => this.#known.has(id) || this.#before.has(id));
    book.addEventListener("change", (event) => this.#apply(/** @type {CustomEvent<Set<string>>} */ (event).detail));
  }

  get hasMore() {
    return this.#next !== undefined;
  }

  /** Shows other orders. @param {Filter} filter */
  choose(filter) {
    if (this.state !== "unread" && JSON.stringify(filter) === JSON.stringify(this.filter)) return;
    this.filter = filter;
    this.place = 0;
    this.rows = [];
    this.summary = undefined;
    void this.reset();
  }

  /** Reads the first page anew. */
  async reset() {
    this.#ids = [];
    if (this.#before.size === 0) this.#before = this.#known;
    this.#known = new Map();
    this.isAway = false;
    this.isOutdated = false;
    this.#isRenewed = true;
    void this.count();
    await this.#read(this.#path());
  }

  /** Reads the next page, or again the one that could not be read, unless one is under way. */
  async more() {
    if (this.state !== "loading" && this.#next) await this.#read(this.#next);
  }

  /** Counts the orders of the filter again. */
  async count() {
    const { filter } = this;
    const summary = await api.summary(selection(filter)).catch(() => undefined);
    if (filter !== this.filter || !summary) return;
    this.summary = summary;
    this.#show();
  }

  #path(cursor = "") {
    const query = selection(this.filter);
    const { sort, order } = this.filter;
    query.set("limit", String(PAGE));
    if (sort !== "createdAt") query.set("sort", sort);
    if (order !== "desc") query.set("order", order);
    if (cursor) query.set("cursor", cursor);
    return `/api/orders?${query}`;
  }

  /** @param {string} path */
  async #read(path) {
    const reading = ++this.#reading;
    this.state = "loading";
    this.error = undefined;
    this.isPaused = false;
    this.#next = undefined;
    this.#show();
    try {
      const { orders, next } = await api.orders(path);
      if (reading !== this.#reading) return;
      for (const order of orders) {
        if (!this.#known.has(order.id)) this.#ids.push(order.id);
        this.#known.set(order.id, order.lastSeq);
        this.#book.take(order);
      }
      this.#next = next;
      this.isPaused = orders.length === 0 && next !== undefined;
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
    this.#isRenewed = false;
    this.#before = new Map();
    if (isFollowed(this.filter)) this.#ids.sort(newestFirst);
    this.#show();
  }

  /** @param {Set<string>} changed */
  #apply(changed) {
    if (!isFollowed(this.filter)) {
      this.isOutdated ||= [...changed].some((id) => !this.#known.has(id));
      this.#show();
      return;
    }
    const oldest = this.#ids.at(-1) ?? "";
    const newest = this.#ids[0] ?? "";
    const found = [];
    for (const id of changed) {
      const order = this.#book.get(id);
      const isNewest = !this.isAway && (id > oldest || (!this.#next && this.state === "idle"));
      if (order && isNewest && matches(order, this.filter) && !this.#known.has(id)) found.push(id);
    }
    for (const id of found) this.#known.set(id, -1);
    this.#ids.unshift(...found.sort(newestFirst));
    if (found.some((id) => id < newest)) this.#ids.sort(newestFirst);
    if (this.#ids.length > MOST_ROWS) this.#dropOldest();
    if (this.summary) this.summary = { ...this.summary, total: this.summary.total + found.length };
    this.#show();
  }

  /** The oldest rows go; they can be read again. */
  #dropOldest() {
    for (const id of this.#ids.splice(MOST_ROWS)) this.#known.delete(id);
    this.#next = this.#path(this.#ids.at(-1));
  }

  /** What the engine listed belongs to the list, whatever the page makes of the filter, until an event changes it. */
  #show() {
    const isFiltered = isFollowed(this.filter);
    if (!this.#isRenewed) {
      this.rows = this.#ids.filter((id) => {
        const order = this.#book.get(id);
        return order && (!isFiltered || order.lastSeq === this.#known.get(id) || matches(order, this.filter));
      });
    }
    this.dispatchEvent(new Event("change"));
  }
}

/** Ids are UUIDv7: they sort by the time of the acceptance, as the engine's own list does. @param {string} one @param {string} other */
function newestFirst(one, other) {
  return one < other ? 1 : one > other ? -1 : 0;
}
