/** @import { Point } from "../core/market.js" */
/** @import { Mark, Scales, Tag } from "./chart.js" */
import { padded } from "../core/axes.js";
import { h, s } from "../core/dom.js";
import { shownPrice, time, words } from "../core/format.js";
import { Chart, RIGHT, TAG, crosshair, drawing, grid, lastPrices, markers, notice, scales } from "./chart.js";

/** @typedef {{ venue: string, points: Point[] }} Series */

/** The shortest time that fills the chart's width. */
const SHORTEST_MS = 20_000;
const FORMAT = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** Prices over time, one line per venue, with the fills on them. */
export class PriceChart extends Chart {
  /** @type {Series[]} */
  #series = [];
  /** @type {Mark[]} */
  #marks = [];
  #span = 120_000;
  #label = "";

  /** @param {string} label what is shown @param {Series[]} series @param {Mark[]} marks @param {number} span milliseconds */
  show(label, series, marks, span) {
    this.#label = label;
    this.#series = series;
    this.#marks = marks;
    this.#span = span;
    this.draw();
  }

  /** @override @param {number} width @param {number} height @param {number | undefined} pointer */
  picture(width, height, pointer) {
    const now = Date.now();
    const from = this.#from(now);
    const seen = this.#series.map(({ venue, points }) => ({ venue, points: points.filter(({ at }) => at >= from) }));
    const marks = this.#marks.filter(({ at }) => at >= from);
    const all = [...seen.flatMap(({ points }) => points), ...marks].map(({ price }) => price);
    if (all.length === 0) return notice("Requesting prices…");
    const prices = padded(Math.min(...all), Math.max(...all));
    const scale = scales(width, height, [from, now], prices);
    const tags = tagsOf(seen, scale.y);
    const last = seen.map(({ venue, points }) => `${words(venue)} ${shownPrice(points.at(-1)?.price)}`).join(", ");
    if (pointer !== undefined) this.#explain(seen, from + (pointer / (width - RIGHT)) * (now - from), pointer, width);
    return drawing(scale, `${this.#label}: ${last}`,
      grid(scale, [from, now], prices, FORMAT, tags),
      seen.map(({ venue, points }) => s("path", { class: "line", "data-venue": venue, d: path(points, scale) })),
      markers(marks, scale),
      lastPrices(tags, scale),
      pointer === undefined ? null : crosshair(scale, pointer));
  }

  /** Where the axis begins: what there is fills the width until it is longer than the span. @param {number} now */
  #from(now) {
    const oldest = Math.min(...this.#series.map(({ points }) => points[0]?.at ?? now));
    return Math.max(now - this.#span, Math.min(oldest, now - SHORTEST_MS));
  }

  /** @param {Series[]} seen @param {number} at @param {number} pointer @param {number} width */
  #explain(seen, at, pointer, width) {
    this.explain(pointer, width, 150, h("span", { class: "faint" }, time(new Date(at).toISOString())),
      ...seen.map(({ venue, points }) => {
        const point = points.findLast((point) => point.at <= at);
        return h("span", {}, h("span", { class: "venue", "data-venue": venue }, words(venue)), ` ${shownPrice(point?.price)}`);
      }));
  }
}

/** Each venue's last price and where its tag goes, without overlap. @param {Series[]} seen @param {(price: number) => number} y @returns {Tag[]} */
function tagsOf(seen, y) {
  let free = -Infinity;
  return seen
    .flatMap(({ venue, points }) => points.slice(-1).map(({ price }) => ({ venue, price })))
    .sort((one, other) => other.price - one.price)
    .map(({ venue, price }) => {
      const top = Math.max(y(price) - TAG / 2, free);
      free = top + TAG + 2;
      return { venue, price, top };
    });
}

/** @param {Point[]} points @param {Scales} scales */
function path(points, { x, y }) {
  let previous = -Infinity;
  return points.map(({ at, price, reach }) => {
    const command = at - previous > reach ? "M" : "L";
    previous = at;
    return `${command}${x(at).toFixed(1)} ${y(price).toFixed(1)}`;
  }).join("");
}

customElements.define("price-chart", PriceChart);
