/** @import { Candle } from "../core/types.js" */
/** @import { Mark } from "./price-chart.js" */
import { padded, ticks, times } from "../core/axes.js";
import { Component, h, s } from "../core/dom.js";
import { oncePerFrame } from "../core/frames.js";
import { fullTime, shownPrice } from "../core/format.js";

/** @typedef {{ at: number, open: number, high: number, low: number, close: number }} Bar between bid and ask */

const RIGHT = 76;
const BOTTOM = 24;
const TOP = 10;
const LONG_MS = 86_400_000;
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short" });

/** A venue's prices in candles, with the fills of the pair on them. */
export class CandleChart extends Component {
  #box = h("div", { class: "chart" });
  #tip = h("div", { class: "chart-tip", hidden: true });
  /** @type {Candle[]} */
  #candles = [];
  /** @type {Mark[]} */
  #marks = [];
  #label = "";
  #length = 60_000;
  /** Where the pointer is, in pixels. @type {number | undefined} */
  #pointer;
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
    this.listen(this, "pointerleave", () => {
      this.#pointer = undefined;
      this.#draw();
    });
  }

  /** @param {string} label what is shown @param {Candle[]} candles @param {Mark[]} marks @param {number} length of a candle, milliseconds */
  show(label, candles, marks, length) {
    this.#label = label;
    this.#candles = candles;
    this.#marks = marks;
    this.#length = length;
    this.#draw();
  }

  #drawNow() {
    const { clientWidth: width, clientHeight: height } = this;
    if (width === 0 || height === 0) return;
    const bars = this.#candles.flatMap((candle) => barOf(candle) ?? []);
    const last = bars.at(-1);
    if (!last) {
      this.#box.replaceChildren(h("p", { class: "notice" }, "No prices have been recorded yet. They are while this page watches the pair."));
      return;
    }
    const from = bars[0]?.at ?? last.at;
    const to = last.at + this.#length;
    const marks = this.#marks.filter(({ at }) => at >= from && at < to);
    const [low, high] = padded(Math.min(...bars.map((bar) => bar.low), ...marks.map(({ price }) => price)), Math.max(...bars.map((bar) => bar.high), ...marks.map(({ price }) => price)));
    const span = Math.max(to - from, 20 * this.#length);
    const x = (/** @type {number} */ at) => ((at - to + span) / span) * (width - RIGHT);
    const y = (/** @type {number} */ price) => TOP + ((high - price) / (high - low)) * (height - BOTTOM - TOP);
    const room = ((width - RIGHT) * this.#length) / span;
    const format = span > LONG_MS ? DAY : CLOCK;
    const hovered = this.#pointer === undefined ? undefined : bars.findLast((bar) => x(bar.at) <= /** @type {number} */ (this.#pointer));
    this.#explain(hovered, width);
    this.#box.replaceChildren(s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `${this.#label}: ${shownPrice(last.close)}` },
      ticks(low, high, Math.max(2, Math.floor(height / 56))).map((price) => s("g", { class: "grid", "aria-hidden": "true" },
        s("line", { x1: 0, x2: width - RIGHT, y1: y(price), y2: y(price) }),
        Math.abs(y(price) - y(last.close)) > 16 && s("text", { x: width - RIGHT + 8, y: y(price) + 4 }, shownPrice(price)))),
      times(to - span, to, Math.max(2, Math.floor((width - RIGHT) / 110))).map((at) => s("g", { class: "grid", "aria-hidden": "true" },
        s("text", { x: x(at), y: height - 7, "text-anchor": "middle" }, format.format(at)))),
      bars.map((bar) => {
        const middle = x(bar.at) + room / 2;
        const [top, bottom] = [y(Math.max(bar.open, bar.close)), y(Math.min(bar.open, bar.close))];
        return s("g", { class: bar.close < bar.open ? "candle down" : "candle", "aria-hidden": "true" },
          s("line", { x1: middle, x2: middle, y1: y(bar.high), y2: y(bar.low) }),
          s("rect", { x: middle - Math.max(room * 0.35, 0.5), width: Math.max(room * 0.7, 1), y: top, height: Math.max(bottom - top, 1) }));
      }),
      marks.map((mark) => s("a", { href: mark.href, "aria-label": mark.label, tabindex: -1 },
        s("path", { class: "mark", "data-venue": mark.venue, d: triangle(x(mark.at), y(mark.price), mark.isSell) }, s("title", {}, mark.label)))),
      s("g", { class: "last" },
        s("rect", { x: width - RIGHT + 3, y: y(last.close) - 9, width: RIGHT - 3, height: 18, rx: 3 }),
        s("text", { x: width - RIGHT + 8, y: y(last.close) + 4 }, shownPrice(last.close)))));
  }

  /** @param {Bar | undefined} bar @param {number} width */
  #explain(bar, width) {
    this.#tip.hidden = bar === undefined;
    if (!bar) return;
    this.#tip.replaceChildren(h("span", { class: "faint" }, fullTime(new Date(bar.at).toISOString())),
      h("span", {}, `Open ${shownPrice(bar.open)}, high ${shownPrice(bar.high)}`), h("span", {}, `low ${shownPrice(bar.low)}, close ${shownPrice(bar.close)}`));
    this.#tip.style.left = `${Math.min(Math.max((this.#pointer ?? 0) + 12, 0), Math.max(width - RIGHT - 190, 0))}px`;
  }
}

/** The middle between bid and ask, or the side that there is. @param {Candle} candle @returns {Bar | undefined} */
function barOf({ at, bid, ask }) {
  const [one, other] = [bid ?? ask, ask ?? bid];
  if (!one || !other) return undefined;
  const middle = (/** @type {"open" | "high" | "low" | "close"} */ name) => (one[name] + other[name]) / 2;
  return { at: Date.parse(at), open: middle("open"), high: middle("high"), low: middle("low"), close: middle("close") };
}

/** @param {number} x @param {number} y @param {boolean} isDown */
function triangle(x, y, isDown) {
  const tip = isDown ? 5 : -5;
  return `M${x.toFixed(1)} ${(y + tip).toFixed(1)}l-5 ${-1.7 * tip}h10z`;
}

customElements.define("candle-chart", CandleChart);
