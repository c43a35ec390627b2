/** @import { QuoteAnswer } from "./types.js" */
import * as api from "./api.js";
import { storedDraft } from "./draft.js";
import { lotOf } from "./listings.js";

const MOST_POINTS = 1200;
export const POLL_MS = 1000;
const SLOWEST_MS = 8000;

/** @typedef {{ base: string, quote: string }} Pair */
/** @typedef {{ at: number, price: number }} Point */

/**
 * The pair people look at, and each venue's price of it over time, asked for with the size of one
 * lot. Prices are kept per pair as long as the page is open. Sends `pair` and `prices`.
 */
export class Market extends EventTarget {
  /** @type {Pair} */
  pair = { base: storedDraft().base ?? "SOL", quote: storedDraft().quote ?? "USDC" };
  /** The last answer for the pair. @type {QuoteAnswer | undefined} */
  last;
  /** @type {api.ApiError | undefined} */
  error;
  /** @type {Map<string, Map<string, Point[]>>} */
  #history = new Map();
  #timer = 0;
  #wait = POLL_MS;
  #viewers = 0;

  /** The prices of the pair by venue. @returns {Map<string, Point[]>} */
  get prices() {
    return this.#history.get(this.key) ?? new Map();
  }

  get key() {
    return `${this.pair.base}/${this.pair.quote}`;
  }

  /** @param {Pair} pair */
  choose(pair) {
    if (pair.base === this.pair.base && pair.quote === this.pair.quote) return;
    this.pair = pair;
    this.last = undefined;
    this.error = undefined;
    this.dispatchEvent(new Event("pair"));
    this.#pollIn(0);
  }

  /** Asks for prices until `gone`. @param {AbortSignal} gone */
  watch(gone) {
    this.#viewers += 1;
    gone.addEventListener("abort", () => (this.#viewers -= 1));
    if (this.#viewers === 1) this.#pollIn(0);
  }

  /** @param {number} ms */
  #pollIn(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#poll(), ms);
  }

  async #poll() {
    if (this.#viewers === 0) return;
    if (!document.hidden) {
      const { key, pair } = this;
      try {
        const answer = await api.quotes({ tokenIn: pair.base, tokenOut: pair.quote, amountIn: lotOf(pair.base) });
        if (key !== this.key) return;
        this.#note(answer);
        this.#wait = POLL_MS;
      } catch (error) {
        if (key !== this.key) return;
        this.error = /** @type {api.ApiError} */ (error);
        this.#wait = Math.min(2 * this.#wait, SLOWEST_MS);
      }
      this.dispatchEvent(new Event("prices"));
    }
    this.#pollIn(this.#wait);
  }

  /** @param {QuoteAnswer} answer */
  #note(answer) {
    this.last = answer;
    this.error = undefined;
    let venues = this.#history.get(this.key);
    if (!venues) this.#history.set(this.key, (venues = new Map()));
    for (const { venue, price } of answer.quotes) {
      const points = venues.get(venue) ?? [];
      venues.set(venue, points);
      points.push({ at: Date.now(), price: Number(price) });
      if (points.length > MOST_POINTS) points.shift();
    }
  }
}
