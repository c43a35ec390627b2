/** @import { EquityPoint } from "../core/types.js" */
import { padded } from "../core/axes.js";
import { h, s } from "../core/dom.js";
import { fullTime, shownPrice } from "../core/format.js";
import { Chart, RIGHT, TAG, crosshair, drawing, grid, lastPrices, notice, scales } from "./chart.js";

/** @typedef {{ at: number, price: number }} Worth */

const SHORT_MS = 600_000;
const LONG_MS = 86_400_000;
const SECONDS = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short" });

/** What a wallet was worth over time. */
export class EquityChart extends Chart {
  /** @type {Worth[] | undefined} */
  #points;
  #token = "";

  /** @param {EquityPoint[]} points @param {string} token that values are in */
  show(points, token) {
    this.#points = points.map(({ at, value }) => ({ at: Date.parse(at), price: Number(value) }));
    this.#token = token;
    this.draw();
  }

  /** @override @param {number} width @param {number} height @param {number | undefined} pointer */
  picture(width, height, pointer) {
    const points = this.#points;
    const [first, last] = [points?.[0], points?.at(-1)];
    if (!points) return notice("Loading…");
    if (!first || !last || first === last) return notice("The value is recorded every minute; the curve starts with the second point.");
    const worths = points.map(({ price }) => price);
    const values = padded(Math.min(...worths), Math.max(...worths));
    const scale = scales(width, height, [first.at, last.at], values);
    const span = last.at - first.at;
    const tags = [{ price: last.price, top: scale.y(last.price) - TAG / 2 }];
    if (pointer !== undefined) this.#explain(points, first.at + (pointer / (width - RIGHT)) * span, pointer, width);
    return drawing(scale, `Value in ${this.#token}: ${shownPrice(first.price)} at first, ${shownPrice(last.price)} now`,
      grid(scale, [first.at, last.at], values, span > LONG_MS ? DAY : span > SHORT_MS ? CLOCK : SECONDS, tags),
      s("path", { class: "line", d: points.map(({ at, price }, index) => `${index ? "L" : "M"}${scale.x(at).toFixed(1)} ${scale.y(price).toFixed(1)}`).join("") }),
      lastPrices(tags, scale),
      pointer === undefined ? null : crosshair(scale, pointer));
  }

  /** @param {Worth[]} points @param {number} at @param {number} pointer @param {number} width */
  #explain(points, at, pointer, width) {
    const point = points.findLast((point) => point.at <= at);
    if (!point) return;
    this.explain(pointer, width, 190, h("span", { class: "faint" }, fullTime(new Date(point.at).toISOString())), h("span", {}, `${shownPrice(point.price)} ${this.#token}`));
  }
}

customElements.define("equity-chart", EquityChart);
