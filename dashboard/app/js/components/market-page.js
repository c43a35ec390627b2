/** @import { QuoteAnswer } from "../core/types.js" */
import { addressOf } from "../core/address.js";
import * as api from "../core/api.js";
import { book, fills, market } from "../core/app.js";
import { Component, h, redraw, wide } from "../core/dom.js";
import { oncePerFrame } from "../core/frames.js";
import { amount, brief, duration, percent, shownPrice, time, words } from "../core/format.js";
import { TOKENS, VENUES, lotOf } from "../core/listings.js";
import { router } from "../core/router.js";
import "./left-out.js";
import "./market-chart.js";
import "./watch-list.js";

const DEPTH_MS = 6000;
const SIZES = [1, 10, 100, 1000];
const MOST_FILLS = 12;
/** A busy engine fills more often than anybody reads. */
const DRAWN_MS = 250;

/** A pair in depth: its prices, what size does to them, and who traded. */
class MarketPage extends Component {
  #pairs = h("div", { class: "market-pairs" });
  #depth = wide("Price by size");
  #fills = wide("Latest fills");
  #draw = oncePerFrame(() => this.isConnected && this.#drawFills(), DRAWN_MS);

  /** @override */
  start() {
    const options = () => TOKENS.map(({ symbol, name }) => h("option", { value: symbol, title: name }, symbol));
    const base = h("select", { class: "select", "aria-label": "Token", onchange: () => this.#choose(base.value, quote.value) }, options());
    const quote = h("select", { class: "select", "aria-label": "Priced in", onchange: () => this.#choose(base.value, quote.value) }, options());
    this.#pairs.replaceChildren(base, h("span", { class: "faint" }, "priced in"), quote);
    const chosen = () => {
      [base.value, quote.value] = [market.pair.base, market.pair.quote];
      this.#depth.replaceChildren(h("p", { class: "notice" }, "Requesting quotes…"));
      void this.#askDepth();
      this.#drawFills();
    };
    const { query } = router;
    const asked = listedPair(query.get("pair") ?? "");
    if (asked) market.choose(asked);
    const leftOut = /** @type {import("./left-out.js").LeftOut} */ (document.createElement("left-out"));
    this.append(leftOut, h("div", { class: "market-head" }, h("h1", { tabindex: -1 }, "Market"), this.#pairs),
      document.createElement("market-chart"),
      h("div", { class: "market-tables" }, document.createElement("watch-list"),
        h("section", { class: "panel", "aria-labelledby": "depth-title" }, h("div", { class: "panel-head" }, h("h2", { id: "depth-title" }, "Price impact by size")), this.#depth),
        h("section", { class: "panel", "aria-labelledby": "fills-title" }, h("div", { class: "panel-head" }, h("h2", { id: "fills-title" }, "Latest fills of the pair")), this.#fills)));
    leftOut.show([...query].filter(([name]) => name !== "pair" || !asked).map(([name, value]) => `${name}=${value}`));
    router.keep({ pair: market.key });
    this.listen(market, "pair", () => { leftOut.show([]); router.keep({ pair: market.key }, true); chosen(); });
    this.listen(book, "change", () => this.#draw());
    this.every(DEPTH_MS, () => void this.#askDepth());
    chosen();
  }

  /** @param {string} base @param {string} quote */
  #choose(base, quote) {
    market.choose(base === quote ? { base: market.pair.quote, quote: market.pair.base } : { base, quote });
  }

  async #askDepth() {
    const { key, pair } = market;
    const asked = SIZES.map(async (factor) => {
      const size = String(Number(lotOf(pair.base)) * factor);
      const answer = await api.quotes({ tokenIn: pair.base, tokenOut: pair.quote, amountIn: size }, this.gone).catch((/** @type {Error} */ error) => error);
      return { size, answer };
    });
    const rows = await Promise.all(asked);
    if (key === market.key && this.isConnected) this.#drawDepth(rows);
  }

  /** @param {{ size: string, answer: QuoteAnswer | Error }[]} rows */
  #drawDepth(rows) {
    const { base, quote } = market.pair;
    const cells = (/** @type {QuoteAnswer | Error} */ answer) => VENUES.flatMap(({ id }) => {
      const found = answer instanceof Error ? undefined : answer.quotes.find((item) => item.venue === id);
      const isBest = !(answer instanceof Error) && answer.venue === id;
      return [h("td", { class: isBest ? "number winner" : "number" }, shownPrice(found?.price)), h("td", { class: "number muted" }, found ? percent(found.priceImpactBps) : "–")];
    });
    redraw(this.#depth, h("table", { class: "table" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, `Sell ${base}`), VENUES.flatMap(({ id, name }) => [
        h("th", { scope: "col", class: "number" }, h("span", { class: "venue", "data-venue": id }, name)), h("th", { scope: "col", class: "number" }, "Impact")]))),
      h("tbody", {}, rows.map(({ size, answer }) => h("tr", {}, h("th", { scope: "row" }, amount(size)), cells(answer)))),
      h("caption", { class: "visually-hidden" }, `Price in ${quote} by size`)));
  }

  #drawFills() {
    const { base, quote } = market.pair;
    const found = fills.of(market.pair).slice(-MOST_FILLS).reverse();
    redraw(this.#fills, found.length === 0
      ? h("p", { class: "notice" }, `No ${base}/${quote} fills among the loaded orders. A fill appears here and on the chart.`)
      : h("table", { class: "table" },
        h("thead", {}, h("tr", {}, ["Time", "Side"].map((label) => h("th", { scope: "col" }, label)), [base, quote].map((label) => h("th", { scope: "col", class: "number" }, label)), h("th", { scope: "col", class: "number duration" }, "Duration"), h("th", { scope: "col" }, "Venue"))),
        h("tbody", {}, found.map(({ id, tokenIn, fill, updatedAt, createdAt }) => {
          const isSell = tokenIn === base;
          return h("tr", { "data-id": id }, h("td", {}, h("a", { href: addressOf(`/orders/${id}`) }, time(updatedAt))), h("td", {}, isSell ? "Sell" : "Buy"),
            h("td", { class: "number" }, brief(isSell ? fill?.amountIn : fill?.amountOut)), h("td", { class: "number" }, brief(isSell ? fill?.amountOut : fill?.amountIn)),
            h("td", { class: "number duration" }, duration(Date.parse(updatedAt) - Date.parse(createdAt))),
            h("td", {}, h("span", { class: "venue", "data-venue": fill?.venue }, words(fill?.venue ?? ""))));
        }))));
  }
}

/** A pair of the address that can be traded. @param {string} text such as `SOL/USDC` */
function listedPair(text) {
  const [base, quote, ...more] = text.split("/").map((name) => TOKENS.find(({ symbol }) => symbol.toUpperCase() === name.toUpperCase())?.symbol);
  return base && quote && base !== quote && more.length === 0 ? { base, quote } : undefined;
}

customElements.define("market-page", MarketPage);
