/** @import { Point } from "../core/market.js" */
import { padded, ticks, times } from "../core/axes.js";
import { Component, h, s } from "../core/dom.js";
import { oncePerFrame } from "../core/frames.js";
import { shownPrice, time, words } from "../core/format.js";

/** @typedef {{ venue: string, points: Point[] }} Series */
/** @typedef {{ at: number, price: number, isSell: boolean, venue: string, href: string, label: string }} Mark A fill: it points up when the token was bought */

const RIGHT = 76;
const BOTTOM = 24;
const TOP = 10;
/** Height of the tag of a last price. */
const TAG = 18;
/** The shortest time that fills the chart's width. */
const SHORTEST_MS = 20_000;
const FORMAT = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** Prices over time, one line per venue, with the fills on them. */
export class PriceChart extends Component {
  #box = h("div", { class: "chart" });
  #tip = h("div", { class: "chart-tip", hidden: true });
  /** @type {Series[]} */
  #series = [];
  /** @type {Mark[]} */
  #marks = [];
  #span = 120_000;
  #label = "";
  /** Where the pointer is, in pixels. @type {number | undefined} */
  #pointer;
  #isPressed = false;
  #draw = oncePerFrame(() => this.isConnected && this.#drawNow());

  /** @override */
  start() {
    this.append(this.#box, this.#tip);
    const resized = new ResizeObserver(() => this.#draw());
    resized.observe(this);
    this.gone.addEventListener("abort", () => resized.disconnect());
    this.listen(this, "pointermove", (/** @type {PointerEvent} */ event) => {
      this.#pointer = event.clientX - this.getBoundingClientRect().left;
      this.#draw();
    });
    this.listen(this, "pointerdown", () => (this.#isPressed = true));
    this.listen(window, "pointerup", () => (this.#isPressed = false));
    this.listen(window, "pointercancel", () => (this.#isPressed = false));
    this.listen(this, "pointerleave", () => {
      this.#pointer = undefined;
      this.#draw();
    });
  }

  /** @param {string} label what is shown @param {Series[]} series @param {Mark[]} marks @param {number} span milliseconds */
  show(label, series, marks, span) {
    this.#label = label;
    this.#series = series;
    this.#marks = marks;
    this.#span = span;
    this.#draw();
  }

  #drawNow() {
    if (this.#isPressed) return; // a mark that is being clicked has to stay where it is
    const { clientWidth: width, clientHeight: height } = this;
    if (width === 0 || height === 0) return;
    const now = Date.now();
    const from = this.#from(now);
    const seen = this.#series.map(({ venue, points }) => ({ venue, points: points.filter(({ at }) => at >= from) }));
    const marks = this.#marks.filter(({ at }) => at >= from);
    const prices = [...seen.flatMap(({ points }) => points), ...marks].map(({ price }) => price);
    if (prices.length === 0) {
      this.#box.replaceChildren(h("p", { class: "notice" }, "Requesting prices…"));
      return;
    }
    const [low, high] = padded(Math.min(...prices), Math.max(...prices));
    const x = (/** @type {number} */ at) => ((at - from) / (now - from)) * (width - RIGHT);
    const y = (/** @type {number} */ price) => TOP + ((high - price) / (high - low)) * (height - BOTTOM - TOP);
    const tags = lastPrices(seen, y);
    const last = seen.map(({ venue, points }) => `${words(venue)} ${shownPrice(points.at(-1)?.price)}`).join(", ");
    this.#box.replaceChildren(s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `${this.#label}: ${last}` },
      ticks(low, high, Math.max(2, Math.floor(height / 56))).map((price) => s("g", { class: "grid", "aria-hidden": "true" },
        s("line", { x1: 0, x2: width - RIGHT, y1: y(price), y2: y(price) }),
        !tags.some(({ top }) => Math.abs(top + TAG / 2 - y(price)) < TAG) && s("text", { x: width - RIGHT + 8, y: y(price) + 4 }, shownPrice(price)))),
      times(from, now, Math.max(2, Math.floor((width - RIGHT) / 110))).map((at) => s("g", { class: "grid", "aria-hidden": "true" },
        s("text", { x: x(at), y: height - 7, "text-anchor": "middle" }, FORMAT.format(at)))),
      seen.map(({ venue, points }) => s("path", { class: "line", "data-venue": venue, d: path(points, x, y) })),
      marks.map((mark) => s("a", { href: mark.href, "aria-label": mark.label, tabindex: -1 },
        s("path", { class: "mark", "data-venue": mark.venue, d: triangle(x(mark.at), y(mark.price), mark.isSell) }, s("title", {}, mark.label)))),
      tags.map(({ venue, price, top }) => s("g", { class: "last", "data-venue": venue },
        s("rect", { x: width - RIGHT + 3, y: top, width: RIGHT - 3, height: TAG, rx: 3 }),
        s("text", { x: width - RIGHT + 8, y: top + 13 }, shownPrice(price)))),
      this.#crosshair(seen, from, now, width, height)));
  }

  /** Where the axis begins: what there is fills the width until it is longer than the span. @param {number} now */
  #from(now) {
    const oldest = Math.min(...this.#series.map(({ points }) => points[0]?.at ?? now));
    return Math.max(now - this.#span, Math.min(oldest, now - SHORTEST_MS));
  }

  /** @param {Series[]} seen @param {number} from @param {number} now @param {number} width @param {number} height */
  #crosshair(seen, from, now, width, height) {
    const pointer = this.#pointer;
    this.#tip.hidden = pointer === undefined || pointer > width - RIGHT;
    if (pointer === undefined || this.#tip.hidden) return null;
    const at = from + (pointer / (width - RIGHT)) * (now - from);
    this.#tip.replaceChildren(h("span", { class: "faint" }, time(new Date(at).toISOString())),
      ...seen.map(({ venue, points }) => {
        const point = points.findLast((point) => point.at <= at);
        return h("span", {}, h("span", { class: "venue", "data-venue": venue }, words(venue)), ` ${shownPrice(point?.price)}`);
      }));
    this.#tip.style.left = `${Math.min(Math.max(pointer + 12, 0), width - RIGHT - 150)}px`;
    return s("line", { class: "crosshair", x1: pointer, x2: pointer, y1: TOP, y2: height - BOTTOM });
  }
}

/** Each venue's last price and where its tag goes, without overlap. @param {Series[]} seen @param {(price: number) => number} y */
function lastPrices(seen, y) {
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

/** @param {number} x @param {number} y @param {boolean} isDown */
function triangle(x, y, isDown) {
  const tip = isDown ? 5 : -5;
  return `M${x.toFixed(1)} ${(y + tip).toFixed(1)}l-5 ${-1.7 * tip}h10z`;
}

/** A pause in the prices is a gap in the line. @param {Point[]} points @param {(at: number) => number} x @param {(price: number) => number} y */
function path(points, x, y) {
  let previous = -Infinity;
  return points.map(({ at, price }) => {
    const command = at - previous > 15_000 ? "M" : "L";
    previous = at;
    return `${command}${x(at).toFixed(1)} ${y(price).toFixed(1)}`;
  }).join("");
}

customElements.define("price-chart", PriceChart);
