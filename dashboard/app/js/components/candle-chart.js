/** @import { Candle } from "../core/types.js" */
/** @import { Mark } from "./chart.js" */
import { padded } from "../core/axes.js";
import { h, s } from "../core/dom.js";
import { fullTime, shownPrice } from "../core/format.js";
import { Chart, TAG, drawing, grid, lastPrices, markers, notice, scales } from "./chart.js";

/** @typedef {{ at: number, open: number, high: number, low: number, close: number }} Bar between bid and ask */

const LONG_MS = 86_400_000;
/** A candle is never wider than if there were this many. */
const FEWEST = 20;
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short" });

/** A venue's prices in candles, with the fills of the pair on them. */
export class CandleChart extends Chart {
  /** @type {Candle[]} */
  #candles = [];
  /** @type {Mark[]} */
  #marks = [];
  #label = "";
  #length = 60_000;

  /** @param {string} label what is shown @param {Candle[]} candles @param {Mark[]} marks @param {number} length of a candle, milliseconds */
  show(label, candles, marks, length) {
    this.#label = label;
    this.#candles = candles;
    this.#marks = marks;
    this.#length = length;
    this.draw();
  }

  /** @override @param {number} width @param {number} height @param {number | undefined} pointer */
  picture(width, height, pointer) {
    const bars = this.#candles.flatMap((candle) => barOf(candle) ?? []);
    const last = bars.at(-1);
    if (!last) return notice("No price history yet. Recording runs while this page is open.");
    const first = bars[0]?.at ?? last.at;
    const to = last.at + this.#length;
    const from = Math.min(first, to - FEWEST * this.#length);
    const marks = this.#marks.filter(({ at }) => at >= first && at < to);
    const inMarks = marks.map(({ price }) => price);
    const prices = padded(Math.min(...bars.map(({ low }) => low), ...inMarks), Math.max(...bars.map(({ high }) => high), ...inMarks));
    const scale = scales(width, height, [from, to], prices);
    const room = scale.x(from + this.#length);
    const tags = [{ price: last.close, top: scale.y(last.close) - TAG / 2 }];
    if (pointer !== undefined) this.#explain(bars.findLast(({ at }) => scale.x(at) <= pointer), pointer, width);
    return drawing(scale, `${this.#label}: ${shownPrice(last.close)}`,
      grid(scale, [from, to], prices, to - from > LONG_MS ? DAY : CLOCK, tags),
      bars.map((bar) => candle(bar, scale.x(bar.at) + room / 2, room, scale.y)),
      markers(marks, scale),
      lastPrices(tags, scale));
  }

  /** @param {Bar | undefined} bar @param {number} pointer @param {number} width */
  #explain(bar, pointer, width) {
    if (!bar) return;
    this.explain(pointer, width, 190, h("span", { class: "faint" }, fullTime(new Date(bar.at).toISOString())),
      h("span", {}, `Open ${shownPrice(bar.open)}, high ${shownPrice(bar.high)}`), h("span", {}, `low ${shownPrice(bar.low)}, close ${shownPrice(bar.close)}`));
  }
}

/** @param {Bar} bar @param {number} middle @param {number} room @param {(price: number) => number} y */
function candle({ open, high, low, close }, middle, room, y) {
  const [top, bottom] = [y(Math.max(open, close)), y(Math.min(open, close))];
  return s("g", { class: close < open ? "candle down" : "candle", "aria-hidden": "true" },
    s("line", { x1: middle, x2: middle, y1: y(high), y2: y(low) }),
    s("rect", { x: middle - Math.max(room * 0.35, 0.5), width: Math.max(room * 0.7, 1), y: top, height: Math.max(bottom - top, 1) }));
}

/** The middle between bid and ask; with one side only there is none. @param {Candle} candle @returns {Bar | undefined} */
function barOf({ at, bid, ask }) {
  if (!bid || !ask) return undefined;
  const middle = (/** @type {"open" | "high" | "low" | "close"} */ name) => (bid[name] + ask[name]) / 2;
  return { at: Date.parse(at), open: middle("open"), high: middle("high"), low: middle("low"), close: middle("close") };
}

customElements.define("candle-chart", CandleChart);
