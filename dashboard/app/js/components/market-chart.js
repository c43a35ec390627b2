/** @import { Order } from "../core/types.js" */
/** @import { Mark } from "./price-chart.js" */
import { addressOf } from "../core/address.js";
import { book, market } from "../core/app.js";
import { Component, h, setText } from "../core/dom.js";
import { amount, shownPrice, time } from "../core/format.js";
import { VENUES } from "../core/listings.js";
import "./price-chart.js";

/** More than these cannot be told apart. */
const MOST_MARKS = 200;
const SPANS = [["2 min", 120_000], ["5 min", 300_000], ["15 min", 900_000]];

/** The chosen pair's price at each venue, with the fills of its orders. */
class MarketChart extends Component {
  #chart = /** @type {import("./price-chart.js").PriceChart} */ (document.createElement("price-chart"));
  #title = h("h2");
  #prices = h("div", { class: "chart-legend" });
  #span = 120_000;

  /** @override */
  start() {
    this.append(h("section", { class: "panel market-chart", "aria-label": "Prices" },
      h("div", { class: "panel-head" }, this.#title, this.#prices,
        h("fieldset", { class: "segments end", "aria-label": "Span" }, SPANS.map(([label, ms]) =>
          h("label", {}, h("input", { type: "radio", name: "span", value: ms, checked: ms === this.#span, onchange: () => { this.#span = Number(ms); this.#draw(); } }), h("span", {}, label))))),
      this.#chart));
    this.listen(market, "prices", () => this.#draw());
    this.listen(market, "pair", () => this.#draw());
    this.every(1000, () => this.#draw());
    market.watch(this.gone);
    this.#draw();
  }

  #draw() {
    setText(this.#title, market.key);
    const { last, error } = market;
    if (error) this.#prices.replaceChildren(h("span", { class: "muted" }, error.message));
    else if (last) {
      this.#prices.replaceChildren(...VENUES.map(({ id, name }) =>
        h("span", { class: "venue", "data-venue": id }, `${name} ${shownPrice(last.quotes.find((quote) => quote.venue === id)?.price)}`)));
    } else this.#prices.replaceChildren();
    const series = [...market.prices].map(([venue, points]) => ({ venue, points }));
    this.#chart.show(`Price of ${market.pair.base} in ${market.pair.quote}`, series, fills(this.#span), this.#span);
  }
}

/** The newest fills of the pair, either way round, at prices of the base. @param {number} span milliseconds @returns {Mark[]} */
function fills(span) {
  const { base, quote } = market.pair;
  const since = new Date(Date.now() - span).toISOString();
  const isOfPair = (/** @type {Order} */ { tokenIn, tokenOut }) =>
    (tokenIn === base && tokenOut === quote) || (tokenIn === quote && tokenOut === base);
  return [...book.all()]
    .filter((order) => order.updatedAt >= since && order.fill && isOfPair(order))
    .sort((one, other) => (one.updatedAt < other.updatedAt ? -1 : 1))
    .slice(-MOST_MARKS)
    .flatMap((order) => markOf(order, base) ?? []);
}

/** @param {Order} order @param {string} base @returns {Mark | undefined} */
function markOf({ id, tokenIn, fill, updatedAt }, base) {
  if (!fill) return undefined;
  const isSell = tokenIn === base;
  const price = isSell ? Number(fill.executedPrice) : 1 / Number(fill.executedPrice);
  const size = isSell ? fill.amountIn : fill.amountOut;
  const label = `${isSell ? "Sold" : "Bought"} ${amount(size)} ${base} at ${shownPrice(price)} on ${fill.venue}, ${time(updatedAt)}`;
  return { at: Date.parse(updatedAt), price, isSell, venue: fill.venue, href: addressOf(`/orders/${id}`), label };
}

customElements.define("market-chart", MarketChart);
