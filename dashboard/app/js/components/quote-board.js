/** @import { OrderRequest, Quote, QuoteAnswer } from "../core/types.js" */
/** @import { ApiError } from "../core/api.js" */
import { Component, h, setText } from "../core/dom.js";
import { amount, brief, percent, shownPrice, words } from "../core/format.js";
import { VENUES } from "../core/listings.js";

/** What each venue would give now, side by side, and what the order would get at worst. */
export class QuoteBoard extends Component {
  #cells = new Map();
  #worst = h("dl", { class: "pairs" });
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
      this.#worst, this.#words);
    this.wait(undefined);
  }

  /** Quotes of something else are faded until new ones come. @param {OrderRequest | undefined} request */
  wait(request) {
    this.toggleAttribute("data-stale", true);
    if (!request || this.#worst.childElementCount === 0) {
      for (const [venue, cell] of this.#cells) this.#draw(cell, venue, request ? "Asking…" : "Enter an amount");
      this.#worst.replaceChildren();
    }
  }

  /** @param {QuoteAnswer} answer */
  show(answer) {
    this.toggleAttribute("data-stale", false);
    const isExactOut = answer.amountIn === undefined;
    for (const [venue, cell] of this.#cells) {
      const quote = answer.quotes.find((quote) => quote.venue === venue);
      const rejected = answer.rejected.find((rejected) => rejected.venue === venue);
      if (quote) this.#draw(cell, venue, "", quote, isExactOut, quote.venue === answer.venue, rejected?.reason);
      else this.#draw(cell, venue, rejected?.reason ?? "No answer");
    }
    const { bound } = answer;
    const [label, value, token] = "minAmountOut" in bound
      ? ["Minimum received", bound.minAmountOut, answer.tokenOut]
      : ["Maximum spent", bound.maxAmountIn, answer.tokenIn];
    const advantage = answer.advantageBps;
    this.#worst.replaceChildren(
      h("dt", {}, label), h("dd", { id: "bound" }, `${amount(value)} ${token}`),
      h("dt", {}, "Best against the other"), h("dd", {}, advantage === undefined ? "only one quote" : `${advantage} bps better`));
    if (Date.now() - this.#said > 10_000) {
      this.#said = Date.now();
      setText(this.#words, `Best quote: ${answer.venue}. ${label}: ${amount(value)} ${token}.`);
    }
  }

  /** @param {ApiError} error */
  refuse(error) {
    this.toggleAttribute("data-stale", false);
    for (const [venue, cell] of this.#cells) this.#draw(cell, venue, "No quote");
    this.#worst.replaceChildren(h("dt", { class: "field-error" }, error.message));
  }

  /** @param {Element} cell @param {string} venue @param {string} excuse @param {Quote} [quote] @param {boolean} [isExactOut] @param {boolean} [isBest] @param {string} [reason] */
  #draw(cell, venue, excuse, quote, isExactOut = false, isBest = false, reason) {
    cell.toggleAttribute("data-best", isBest);
    cell.replaceChildren(
      h("h3", {}, h("span", { class: "venue", "data-venue": venue }, words(venue)), isBest && h("span", { class: "best" }, "Best")),
      quote
        ? h("dl", { class: "pairs", title: reason },
          h("dt", {}, isExactOut ? "Spend" : "Receive"), h("dd", { class: "big" }, brief(isExactOut ? quote.amountIn : quote.amountOut)),
          h("dt", {}, "Price"), h("dd", {}, shownPrice(quote.price)),
          h("dt", {}, "Impact"), h("dd", {}, percent(quote.priceImpactBps)),
          h("dt", {}, "Fee"), h("dd", {}, percent(quote.feeBps)),
          h("dt", {}, "Answered"), h("dd", {}, `${quote.latencyMs} ms`))
        : h("p", { class: "muted" }, excuse));
  }
}

customElements.define("quote-board", QuoteBoard);
