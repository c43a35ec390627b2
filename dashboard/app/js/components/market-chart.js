/** @import { CandleInterval, Candles, Order } from "../core/types.js" */
/** @import { Mark } from "./chart.js" */
import { addressOf } from "../core/address.js";
import * as api from "../core/api.js";
import { fills, market } from "../core/app.js";
import { Component, h, redraw, setText } from "../core/dom.js";
import { oncePerFrame } from "../core/frames.js";
import { amount, shownPrice, time } from "../core/format.js";
import { VENUES } from "../core/listings.js";
import { segments } from "./ticket-fields.js";
import "./candle-chart.js";
import "./price-chart.js";

const LIVE_MS = 300_000;
const CANDLES_MS = 10_000;
const MOST_CANDLES = 120;
/** Prices come more often than anybody reads them. */
const DRAWN_MS = 250;
const FOLDED = "chart";
/** @type {Record<string, number>} minutes */
const MINUTES = { "1m": 1, "5m": 5, "15m": 15, "1h": 60, "1d": 1440 };

/** The chosen pair's prices at each venue, with the fills of its orders: as they come, or in candles. */
class MarketChart extends Component {
  #lines = /** @type {import("./price-chart.js").PriceChart} */ (document.createElement("price-chart"));
  #candles = /** @type {import("./candle-chart.js").CandleChart} */ (document.createElement("candle-chart"));
  #title = h("h2");
  #prices = h("div", { class: "chart-legend" });
  #interval = "live";
  #venue = VENUES[0]?.id ?? "";
  #panel = h("section", { class: "panel market-chart", "aria-label": "Prices" });
  #venues = segments("chart-venue", "Venue of the candles", VENUES.map(({ id, name }) => [id, name]), this.#venue, () => this.#choose());
  #fold = h("button", { class: "button quiet", type: "button", onclick: () => this.#setFolded(!this.#panel.hasAttribute("data-folded")) });
  /** @type {Candles | undefined} */
  #history;
  #draw = oncePerFrame(() => this.isConnected && this.#drawNow(), DRAWN_MS);

  /** @override */
  start() {
    const intervals = segments("interval", "Interval", [["live", "Live"], ...Object.keys(MINUTES).map((name) => /** @type {[string, string]} */ ([name, name]))], this.#interval, () => this.#choose());
    this.#panel.replaceChildren(
      h("div", { class: "panel-head" }, this.#title, this.#prices, h("div", { class: "chart-choices" }, this.#venues, intervals, this.#fold)),
      this.#lines, this.#candles);
    this.append(this.#panel);
    this.#setFolded(storedFold());
    this.listen(market, "prices", () => this.#draw());
    this.listen(market, "pair", () => { this.#history = undefined; void this.#read(); this.#drawNow(); });
    this.every(1000, () => this.#draw());
    this.every(CANDLES_MS, () => void this.#read());
    market.watch(this.gone);
    this.#choose();
  }

  /** @param {boolean} isFolded */
  #setFolded(isFolded) {
    this.#panel.toggleAttribute("data-folded", isFolded);
    setText(this.#fold, isFolded ? "Show chart" : "Hide chart");
    this.#fold.setAttribute("aria-expanded", String(!isFolded));
    storeFold(isFolded);
  }

  #choose() {
    const chosen = (/** @type {string} */ name) => /** @type {HTMLInputElement | null} */ (this.querySelector(`input[name="${name}"]:checked`))?.value;
    this.#interval = chosen("interval") ?? "live";
    this.#venue = chosen("chart-venue") ?? this.#venue;
    const isLive = this.#interval === "live";
    this.#lines.hidden = !isLive;
    this.#candles.hidden = this.#venues.hidden = isLive;
    void this.#read();
    this.#drawNow();
  }

  /** Reads the candles of the interval, or once those before the live prices. */
  async #read() {
    const minutes = MINUTES[this.#interval];
    if (this.#panel.hasAttribute("data-folded") || (!minutes && market.isBegun)) return;
    const { key } = market;
    const interval = /** @type {CandleInterval} */ (minutes ? this.#interval : "1m");
    const from = new Date(Date.now() - (minutes ? MOST_CANDLES * minutes * 60_000 : LIVE_MS)).toISOString();
    const history = await api.candles(key, interval, from).catch(() => undefined);
    if (history && !minutes) return market.begin(history);
    if (!history || key !== market.key || interval !== this.#interval || !this.isConnected) return;
    this.#history = history;
    this.#draw();
  }

  #drawNow() {
    setText(this.#title, market.key);
    const { last, pair } = market;
    redraw(this.#prices, VENUES.flatMap(({ id, name }) => {
      const price = last?.venues.find(({ venue }) => venue === id);
      if (!price) return [];
      const text = price.bid || price.ask ? `${shownPrice(price.bid)} / ${shownPrice(price.ask)} ${pair.quote}` : "no quote";
      return [h("span", { class: "venue", "data-venue": id, title: "What selling pays / what buying costs" }, `${name} ${text}`)];
    }));
    const label = `Price of ${pair.base} in ${pair.quote}`;
    const minutes = MINUTES[this.#interval];
    if (!minutes) {
      this.#lines.show(label, [...market.prices].map(([venue, points]) => ({ venue, points })), marksOf(LIVE_MS), LIVE_MS);
      return;
    }
    const candles = this.#history?.venues.find(({ venue }) => venue === this.#venue)?.candles ?? [];
    const marks = marksOf(MOST_CANDLES * minutes * 60_000).filter(({ venue }) => venue === this.#venue);
    this.#candles.show(label, candles, marks, minutes * 60_000);
  }
}

/** The newest fills of the pair, either way round, at prices of the base. @param {number} span milliseconds @returns {Mark[]} */
function marksOf(span) {
  const since = new Date(Date.now() - span).toISOString();
  return fills.of(market.pair).filter(({ updatedAt }) => updatedAt >= since).flatMap((order) => markOf(order, market.pair.base) ?? []);
}

/** @param {Order} order @param {string} base @returns {Mark | undefined} */
function markOf({ id, tokenIn, fill, updatedAt }, base) {
  if (!fill) return undefined;
  const isSell = tokenIn === base;
  const price = isSell ? Number(fill.executedPrice) : 1 / Number(fill.executedPrice);
  const size = isSell ? fill.amountIn : fill.amountOut;
  const label = `${isSell ? "Sold" : "Bought"} ${amount(size)} ${base} at ${shownPrice(price)} ${market.pair.quote} on ${fill.venue}, ${time(updatedAt)}`;
  return { at: Date.parse(updatedAt), price, isSell, venue: fill.venue, href: addressOf(`/orders/${id}`), label };
}

function storedFold() {
  try {
    return localStorage.getItem(FOLDED) === "folded";
  } catch {
    return false;
  }
}

/** @param {boolean} isFolded */
function storeFold(isFolded) {
  try {
    localStorage.setItem(FOLDED, isFolded ? "folded" : "shown");
  } catch {
    // without storage the choice lasts as long as the page
  }
}

customElements.define("market-chart", MarketChart);
