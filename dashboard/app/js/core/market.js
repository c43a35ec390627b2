/** @import { Prices } from "./types.js" */
/** @import { Stream } from "./stream.js" */
import { storedDraft } from "./draft.js";

const MOST_POINTS = 1200;

/** @typedef {{ base: string, quote: string }} Pair */
/** A price between bid and ask. @typedef {{ at: number, price: number }} Point */

/**
 * The pair that is looked at, and the prices of every pair that is watched, as the engine sends them. They are kept as
 * long as the page is open; what was before is in the engine's candles. Sends `pair` and `prices`.
 */
export class Market extends EventTarget {
  /** @type {Pair} */
  pair = { base: storedDraft().base ?? "SOL", quote: storedDraft().quote ?? "USDC" };
  #stream;
  /** The last prices of each pair. @type {Map<string, Prices>} */
  #last = new Map();
  /** @type {Map<string, Map<string, Point[]>>} */
  #history = new Map();

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
    let venues = this.#history.get(prices.pair);
    if (!venues) this.#history.set(prices.pair, (venues = new Map()));
    for (const { venue, bid, ask } of prices.venues) {
      const price = middle(bid, ask);
      if (price === undefined) continue;
      const points = venues.get(venue) ?? [];
      venues.set(venue, points);
      points.push({ at: Date.now(), price });
      if (points.length > MOST_POINTS) points.shift();
    }
    this.dispatchEvent(new Event("prices"));
  }
}

/** @param {string | undefined} bid @param {string | undefined} ask */
function middle(bid, ask) {
  if (bid === undefined || ask === undefined) return bid === undefined && ask === undefined ? undefined : Number(bid ?? ask);
  return (Number(bid) + Number(ask)) / 2;
}
