import { ticks, times } from "../core/axes.js";
import { Component, h, redraw, s } from "../core/dom.js";
import { oncePerFrame } from "../core/frames.js";
import { shownPrice } from "../core/format.js";

/** @typedef {{ at: number, price: number, isSell: boolean, venue: string, href: string, label: string }} Mark A fill: it points up when the token was bought */
/** What is where, in pixels. @typedef {{ width: number, height: number, x: (at: number) => number, y: (price: number) => number }} Scales */
/** @typedef {{ price: number, top: number, venue?: string }} Tag A last price, on the right */

/** Left of the prices on the right. */
export const RIGHT = 76;
const BOTTOM = 24;
const TOP = 10;
/** Height of the tag of a last price. */
export const TAG = 18;

/** A chart of prices over time, drawn anew with what it shows, with its size and with the pointer. */
export class Chart extends Component {
  #box = h("div", { class: "chart" });
  #tip = h("div", { class: "chart-tip", hidden: true });
  /** Where the pointer is, in pixels. @type {number | undefined} */
  #pointer;
  #isPressed = false;
  draw = oncePerFrame(() => this.isConnected && this.#drawNow());

  /** @override */
  start() {
    this.append(this.#box, this.#tip);
    const resized = new ResizeObserver(() => this.draw());
    resized.observe(this);
    this.gone.addEventListener("abort", () => resized.disconnect());
    this.listen(this, "pointermove", (/** @type {PointerEvent} */ event) => this.#point(event.clientX - this.getBoundingClientRect().left));
    this.listen(this, "pointerleave", () => this.#point(undefined));
    this.listen(this, "pointerdown", () => (this.#isPressed = true));
    for (const end of ["pointerup", "pointercancel"]) this.listen(window, end, () => (this.#isPressed = false));
  }

  /** @param {number | undefined} pointer */
  #point(pointer) {
    this.#pointer = pointer;
    this.draw();
  }

  #drawNow() {
    if (this.#isPressed) return; // a mark that is being clicked has to stay where it is
    const { clientWidth: width, clientHeight: height } = this;
    if (width === 0 || height === 0) return;
    const pointer = this.#pointer !== undefined && this.#pointer <= width - RIGHT ? this.#pointer : undefined;
    this.#tip.hidden = true;
    redraw(this.#box, this.picture(width, height, pointer));
  }

  /** What is drawn. @abstract @param {number} _width @param {number} _height @param {number | undefined} _pointer @returns {Node} */
  picture(_width, _height, _pointer) {
    throw new Error("a chart draws its own picture");
  }

  /**
   * Explains what is pointed at, beside the pointer.
   * @param {number} pointer @param {number} width of the chart @param {number} room that the words take @param {...Node} words
   */
  explain(pointer, width, room, ...words) {
    this.#tip.hidden = false;
    redraw(this.#tip, ...words);
    this.#tip.style.left = `${Math.max(Math.min(pointer + 12, width - RIGHT - room), 0)}px`;
  }
}

/**
 * From where to where the axes go.
 * @param {number} width @param {number} height @param {[number, number]} times @param {[number, number]} prices @returns {Scales}
 */
export function scales(width, height, [from, to], [low, high]) {
  return {
    width, height,
    x: (at) => ((at - from) / (to - from)) * (width - RIGHT),
    y: (price) => TOP + ((high - price) / (high - low)) * (height - BOTTOM - TOP),
  };
}

/**
 * The lines of the prices and the words of both axes; no price is written where a tag is.
 * @param {Scales} scales @param {[number, number]} times @param {[number, number]} prices @param {Intl.DateTimeFormat} format @param {Tag[]} tags
 */
export function grid({ width, height, x, y }, [from, to], [low, high], format, tags) {
  const isFree = (/** @type {number} */ price) => tags.every(({ top }) => Math.abs(top + TAG / 2 - y(price)) >= TAG);
  return [
    ...ticks(low, high, Math.max(2, Math.floor(height / 56))).map((price) => s("g", { class: "grid", "aria-hidden": "true" },
      s("line", { x1: 0, x2: width - RIGHT, y1: y(price), y2: y(price) }),
      isFree(price) && s("text", { x: width - RIGHT + 8, y: y(price) + 4 }, shownPrice(price)))),
    ...times(from, to, Math.max(2, Math.floor((width - RIGHT) / 110))).map((at) => s("g", { class: "grid", "aria-hidden": "true" },
      s("text", { x: x(at), y: height - 7, "text-anchor": "middle" }, format.format(at)))),
  ];
}

/** @param {Mark[]} marks @param {Scales} scales */
export function markers(marks, { x, y }) {
  return marks.map((mark) => s("a", { href: mark.href, "data-id": mark.href, "aria-label": mark.label, tabindex: -1 },
    s("path", { class: "mark", "data-venue": mark.venue, d: triangle(x(mark.at), y(mark.price), mark.isSell) }, s("title", {}, mark.label))));
}

/** @param {Tag[]} tags @param {Scales} scales */
export function lastPrices(tags, { width }) {
  return tags.map(({ venue, price, top }) => s("g", { class: "last", "data-venue": venue },
    s("rect", { x: width - RIGHT + 3, y: top, width: RIGHT - 3, height: TAG, rx: 3 }),
    s("text", { x: width - RIGHT + 8, y: top + 13 }, shownPrice(price))));
}

/** @param {Scales} scales @param {number} at in pixels */
export function crosshair({ height }, at) {
  return s("line", { class: "crosshair", x1: at, x2: at, y1: TOP, y2: height - BOTTOM });
}

/** @param {Scales} scales @param {string} label @param {...(Node | Node[] | null | undefined)} parts */
export function drawing({ width, height }, label, ...parts) {
  return s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": label }, ...parts);
}

/** What is said where there is nothing to draw. @param {string} text */
export function notice(text) {
  return h("p", { class: "notice" }, text);
}

/** @param {number} x @param {number} y @param {boolean} isDown */
function triangle(x, y, isDown) {
  const tip = isDown ? 5 : -5;
  return `M${x.toFixed(1)} ${(y + tip).toFixed(1)}l-5 ${-1.7 * tip}h10z`;
}
