/** @import { Bound, OrderRequest, Quote, QuoteAnswer } from "../core/types.js" */
/** @import { Risk } from "../core/risk.js" */
/** @import { ApiError } from "../core/api.js" */
import { Component, h, redraw, setText } from "../core/dom.js";
import { market } from "../core/app.js";
import { amount, brief, percent, shownPrice, words } from "../core/format.js";
import { levelOf } from "../core/risk.js";
import { VENUES } from "../core/listings.js";

/** @typedef {{ quote: Quote, answer: QuoteAnswer, isBest: boolean, reason: string | undefined }} Shown */

/** What each venue would give now, side by side, and what the order would get at worst. */
export class QuoteBoard extends Component {
  #cells = new Map();
  #worst = h("dl", { class: "pairs" });
  #risks = h("ul", { class: "risks", hidden: true });
  #words = h("p", { class: "visually-hidden", role: "status" });
  #said = 0;

  /** @override */
  start() {
    this.append(
      h("div", { class: "quotes" }, VENUES.map(({ id, name }) => {
        const cell = h("section", { class: "quote", "aria-label": `Quote of ${name}` });
        this.#cells.set(id, cell);
        return cell;
      })),
      this.#worst, this.#risks, this.#words);
    this.wait(undefined);
  }

  /** Quotes of something else are faded until new ones come. @param {OrderRequest | undefined} request */
  wait(request) {
    this.toggleAttribute("data-stale", true);
    this.#said = 0; // what was read out was of another order
    if (!request || this.#worst.childElementCount === 0) {
      for (const [venue, cell] of this.#cells) this.#draw(cell, venue, request ? "Requesting a quote…" : "No quote");
      this.#worst.replaceChildren();
      this.#risks.hidden = true;
      setText(this.#words, "");
    }
  }

  /** @param {QuoteAnswer} answer @param {Risk[]} risks @param {Bound} bound of the order */
  show(answer, risks, bound) {
    this.#risks.hidden = risks.length === 0;
    redraw(this.#risks, risks.map(({ level, text }) => h("li", { class: "risk", "data-level": level }, text)));
    this.toggleAttribute("data-stale", false);
    for (const [venue, cell] of this.#cells) {
      const quote = answer.quotes.find((quote) => quote.venue === venue);
      const rejected = answer.rejected.find((rejected) => rejected.venue === venue);
      if (quote) this.#draw(cell, venue, "", { quote, answer, isBest: quote.venue === answer.venue, reason: rejected?.reason });
      else this.#draw(cell, venue, rejected?.reason ?? "No answer");
    }
    const [label, value, token] = "minAmountOut" in bound
      ? ["Minimum received", bound.minAmountOut, answer.tokenOut]
      : ["Maximum spent", bound.maxAmountIn, answer.tokenIn];
    const advantage = answer.advantageBps;
    redraw(this.#worst,
      h("dt", {}, label), h("dd", { id: "bound" }, `${amount(value)} ${token}`),
      h("dt", {}, "Better than next best"), h("dd", {}, advantage === undefined ? "only one quote" : `by ${percent(advantage)}`));
    if (Date.now() - this.#said > 10_000) {
      this.#said = Date.now();
      setText(this.#words, `Best quote: ${words(answer.venue)}. ${label}: ${amount(value)} ${token}.`);
    }
  }

  /** @param {ApiError} error one that no field shows */
  refuse(error) {
    this.toggleAttribute("data-stale", false);
    for (const [venue, cell] of this.#cells) this.#draw(cell, venue, "No quote");
    this.#worst.replaceChildren();
    this.#risks.hidden = true;
    this.#said = 0;
    setText(this.#words, `No quote: ${error.message}`);
  }

  /** @param {Element} cell @param {string} venue @param {string} excuse @param {Shown} [shown] */
  #draw(cell, venue, excuse, shown) {
    cell.toggleAttribute("data-best", shown?.isBest ?? false);
    redraw(cell,
      h("h3", {}, h("span", { class: "venue", "data-venue": venue }, words(venue)), shown?.isBest && h("span", { class: "best" }, "Best")),
      shown ? details(shown) : h("p", { class: "muted" }, excuse));
  }
}

/** The price in the quote token of the pair, whichever of the two is spent. @param {string} price @param {QuoteAnswer} answer */
function priceOf(price, { tokenIn }) {
  return shownPrice(tokenIn === market.pair.base ? price : 1 / Number(price));
}

/** @param {Shown} shown */
function details({ quote, answer, reason }) {
  const isExactOut = answer.amountIn === undefined;
  const [label, size, token] = isExactOut ? ["Spend", quote.amountIn, answer.tokenIn] : ["Receive", quote.amountOut, answer.tokenOut];
  const impact = quote.priceImpactBps;
  return h("dl", { class: "pairs", title: reason },
    h("dt", { class: "visually-hidden" }, label), h("dd", { class: "big" }, `≈ ${brief(size)} `, h("span", { class: "unit" }, token)),
    h("dt", {}, `Price, ${market.pair.quote}`), h("dd", {}, priceOf(quote.price, answer)),
    h("dt", {}, "Impact"), h("dd", { "data-level": levelOf(impact) }, percent(impact)),
    h("dt", {}, "Fee"), h("dd", {}, percent(quote.feeBps)),
    h("dt", {}, "Answered in"), h("dd", {}, `${quote.latencyMs} ms`));
}

customElements.define("quote-board", QuoteBoard);
