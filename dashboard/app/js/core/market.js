/** @import { Candles, Prices } from "./types.js" */
/** @import { Stream } from "./stream.js" */
import { storedDraft } from "./draft.js";

const MOST_POINTS = 1200;

/** @typedef {{ base: string, quote: string }} Pair */
/** A price between bid and ask, and from how long before it the line is drawn. @typedef {{ at: number, price: number, reach: number }} Point */

/** A longer pause in the prices is a gap in the line. */
const REACH_MS = 15_000;
const MINUTE_MS = 60_000;

/**
 * The pair that is looked at, and the prices of every pair that is watched, as the engine sends them. They are kept as
 * long as the page is open; they begin with the engine's candles of the minutes before. Sends `pair` and `prices`.
 */
export class Market extends EventTarget {
  /** @type {Pair} */
  pair = { base: storedDraft().base ?? "SOL", quote: storedDraft().quote ?? "USDC" };
  #stream;
  /** The last prices of each pair. @type {Map<string, Prices>} */
  #last = new Map();
  /** @type {Map<string, Map<string, Point[]>>} */
  #history = new Map();
  /** Pairs that have the minutes before the page was opened. @type {Set<string>} */
  #begun = new Set();

  /** @param {Stream} stream */
  constructor(stream) {
    super();
    this.#stream = stream;
    stream.addEventListener("prices", (event) => this.#note(/** @type {CustomEvent<Prices>} */ (event).detail));
  }

  /** The name of the pair that is looked at. */
  get key() {
    return `${this.pair.base}/${this.pair.quote}`;
  }

  /** Its last prices. */
  get last() {
    return this.#last.get(this.key);
  }

  /** Its prices by venue. @returns {Map<string, Point[]>} */
  get prices() {
    return this.#history.get(this.key) ?? new Map();
  }

  /** The last prices of a pair that is watched. @param {string} pair */
  lastOf(pair) {
    return this.#last.get(pair);
  }

  /** @param {Pair} pair */
  choose(pair) {
    if (pair.base === this.pair.base && pair.quote === this.pair.quote) return;
    this.pair = pair;
    this.dispatchEvent(new Event("pair"));
  }

  /** Whether the prices of the chosen pair begin with what was before. */
  get isBegun() {
    return this.#begun.has(this.key);
  }

  /** Puts the last minutes before the prices that have come. @param {Candles} candles of a minute each */
  begin({ pair, venues }) {
    if (this.#begun.has(pair)) return;
    this.#begun.add(pair);
    for (const { venue, candles } of venues) {
      const points = this.#pointsOf(pair, venue);
      const until = points[0]?.at ?? Date.now();
      const before = candles.flatMap(({ at, bid, ask }) => [["open", 0], ["close", MINUTE_MS - 1]].map(([end, after]) => {
        const side = /** @type {"open" | "close"} */ (end);
        return { at: Math.min(Date.parse(at) + Number(after), until - 1), price: middle(bid?.[side], ask?.[side]), reach: MINUTE_MS + REACH_MS };
      }));
      points.unshift(.../** @type {Point[]} */ (before.filter(({ at, price }) => at < until && price !== undefined)));
    }
    this.dispatchEvent(new Event("prices"));
  }

  /** Keeps the prices of the chosen pair coming until `gone`, whichever that is. @param {AbortSignal} gone */
  watch(gone) {
    let current = new AbortController();
    this.#stream.watchPrices(this.key, current.signal);
    this.addEventListener("pair", () => {
      current.abort();
      current = new AbortController();
      this.#stream.watchPrices(this.key, current.signal);
    }, { signal: gone });
    gone.addEventListener("abort", () => current.abort());
  }

  /** @param {Prices} prices */
  #note(prices) {
    this.#last.set(prices.pair, prices);
    for (const { venue, bid, ask } of prices.venues) {
      const price = middle(bid, ask);
      if (price === undefined) continue;
      const points = this.#pointsOf(prices.pair, venue);
      points.push({ at: Date.now(), price, reach: REACH_MS });
      if (points.length > MOST_POINTS) points.shift();
    }
    this.dispatchEvent(new Event("prices"));
  }

  /** @param {string} pair @param {string} venue @returns {Point[]} */
  #pointsOf(pair, venue) {
    const venues = this.#history.get(pair) ?? new Map();
    this.#history.set(pair, venues);
    if (!venues.has(venue)) venues.set(venue, []);
    return venues.get(venue);
  }
}

/** With one side only there is no middle: half a spread would look like a move of the price. @param {string | number | undefined} bid @param {string | number | undefined} ask */
function middle(bid, ask) {
  return bid === undefined || ask === undefined ? undefined : (Number(bid) + Number(ask)) / 2;
}
