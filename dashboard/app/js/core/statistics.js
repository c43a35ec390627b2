/** @import { OrderEvent } from "./types.js" */

/** What the page counts is what it has seen, this far back. */
export const WINDOW_S = 300;
const MOST_SAMPLES = 4000;
const MOST_TRACES = 50_000;

/** The stages of an order, in their order; `total` is from the acceptance to the confirmation. */
export const STAGES = /** @type {const} */ (["queued", "routing", "building", "landing", "total"]);
/** @typedef {typeof STAGES[number]} Stage */
/** @typedef {{ at: number, ms: number }} Sample */
/** @typedef {{ acceptedAt: number, since: number }} Trace */

/** Rates, latencies and shares, from the events of the stream and their own times. */
export class Statistics {
  /** When counting began; milliseconds. */
  since = Date.now();
  accepted = 0;
  confirmed = 0;
  failed = 0;
  retried = 0;
  /** Quotes won and fills by venue. @type {Map<string, { quotes: number, wins: number, fills: number }>} */
  venues = new Map();
  /** Retries and failures by their code. @type {Map<string, { retried: number, failed: number }>} */
  causes = new Map();
  /** @type {Map<string, Trace>} */
  #traces = new Map();
  /** @type {Record<Stage, Sample[]>} */
  #samples = { queued: [], routing: [], building: [], landing: [], total: [] };
  /** By second. @type {Map<number, { accepted: number, confirmed: number, failed: number }>} */
  #seconds = new Map();

  /** Orders accepted since counting began that are not over. */
  get underWay() {
    return this.#traces.size;
  }

  /** @param {OrderEvent} event */
  observe({ orderId, at: iso, data }) {
    const at = Date.parse(iso);
    const trace = this.#traces.get(orderId);
    switch (data.kind) {
      case "accepted":
        this.accepted += 1;
        this.#second(at).accepted += 1;
        this.#traces.set(orderId, { acceptedAt: at, since: at });
        if (this.#traces.size > MOST_TRACES) this.#traces.delete(this.#traces.keys().next().value ?? "");
        break;
      case "routing_started":
        if (trace && trace.since === trace.acceptedAt) this.#sample("queued", at, at - trace.acceptedAt);
        break;
      case "routed":
        for (const { venue } of data.quotes) this.#venue(venue).quotes += 1;
        this.#venue(data.venue).wins += 1;
        this.#sample("routing", at, trace && at - trace.since);
        break;
      case "submitted":
        this.#sample("building", at, trace && at - trace.since);
        break;
      case "confirmed":
        this.confirmed += 1;
        this.#second(at).confirmed += 1;
        this.#venue(data.venue).fills += 1;
        this.#sample("landing", at, trace && at - trace.since);
        this.#sample("total", at, trace && at - trace.acceptedAt);
        break;
      case "retrying":
        this.retried += 1;
        this.#cause(data.failure.code).retried += 1;
        break;
      case "failed":
        this.failed += 1;
        this.#second(at).failed += 1;
        this.#cause(data.failure.code).failed += 1;
        break;
      default:
    }
    if (data.kind === "confirmed" || data.kind === "failed" || data.kind === "canceled" || data.kind === "expired") this.#traces.delete(orderId);
    else if (trace && data.kind !== "building") trace.since = at;
  }

  /** Percentiles of the window, milliseconds. @param {Stage} stage @param {number} now */
  latencies(stage, now) {
    const from = now - WINDOW_S * 1000;
    const sorted = this.#samples[stage].filter((sample) => sample.at >= from).map((sample) => sample.ms).sort((a, b) => a - b);
    return { count: sorted.length, p50: percentile(sorted, 50), p90: percentile(sorted, 90), p99: percentile(sorted, 99), max: sorted.at(-1) };
  }

  /** Counts by second, the oldest first, up to the last whole second. @param {number} now */
  perSecond(now) {
    const last = Math.floor(now / 1000) - 1;
    for (const second of this.#seconds.keys()) {
      if (second < last - WINDOW_S) this.#seconds.delete(second);
    }
    return Array.from({ length: WINDOW_S }, (_, index) => this.#seconds.get(last - WINDOW_S + 1 + index) ?? NOTHING);
  }

  /** @param {Stage} stage @param {number} at @param {number | undefined} ms */
  #sample(stage, at, ms) {
    if (ms === undefined || ms < 0) return;
    const samples = this.#samples[stage];
    samples.push({ at, ms });
    if (samples.length > MOST_SAMPLES) samples.splice(0, MOST_SAMPLES / 4);
  }

  /** @param {number} at */
  #second(at) {
    return getOr(this.#seconds, Math.floor(at / 1000), () => ({ ...NOTHING }));
  }

  /** @param {string} venue */
  #venue(venue) {
    return getOr(this.venues, venue, () => ({ quotes: 0, wins: 0, fills: 0 }));
  }

  /** @param {string} code */
  #cause(code) {
    return getOr(this.causes, code, () => ({ retried: 0, failed: 0 }));
  }
}

const NOTHING = Object.freeze({ accepted: 0, confirmed: 0, failed: 0 });

/** The nearest rank. @param {number[]} sorted @param {number} percent */
export function percentile(sorted, percent) {
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

/**
 * @template K, V
 * @param {Map<K, V>} map
 * @param {K} key
 * @param {() => V} make
 */
function getOr(map, key, make) {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
