/** @import { Terms } from "../core/terms.js" */
import { Component, h, redraw } from "../core/dom.js";
import { amount, fullTime } from "../core/format.js";

/** What the ticket keeps of the order that it repeats, each removable. Sends `change` when one is removed. */
export class TicketTerms extends Component {
  /** @type {Terms} */
  terms = {};
  /** What is traded for what: a bound is of these tokens. */
  #direction = "";
  #list = h("ul", { class: "terms", "aria-label": "Kept from the earlier order", hidden: true });

  /** @override */
  start() {
    this.append(this.#list);
  }

  /** The bounds go when the ticket turns to another trade. @param {string} tokenIn @param {string} tokenOut @param {boolean} isSpent whether the amount is what is spent */
  fit(tokenIn, tokenOut, isSpent) {
    const direction = `${tokenIn} ${tokenOut} ${isSpent}`;
    if (this.#direction && this.#direction !== direction) {
      const { minAmountOut: _, maxAmountIn: __, ...others } = this.terms;
      this.terms = others;
    }
    this.#direction = direction;
    const { minAmountOut, maxAmountIn, expiresAt, tag } = this.terms;
    redraw(this.#list,
      minAmountOut && this.#item("minAmountOut", `At least ${amount(minAmountOut)} ${tokenOut}`),
      maxAmountIn && this.#item("maxAmountIn", `At most ${amount(maxAmountIn)} ${tokenIn}`),
      expiresAt && this.#item("expiresAt", `Expires ${fullTime(expiresAt)}`),
      tag && this.#item("tag", `Tag ${tag}`));
    this.#list.hidden = this.#list.childElementCount === 0;
  }

  /** @param {keyof Terms} name @param {string} text */
  #item(name, text) {
    return h("li", { "data-id": name }, h("span", {}, text),
      h("button", { class: "button quiet icon", type: "button", "aria-label": `Remove: ${text}`, title: "Remove", onclick: () => this.#remove(name) }, "×"));
  }

  /** @param {keyof Terms} name */
  #remove(name) {
    const { [name]: _, ...others } = this.terms;
    this.terms = others;
    this.dispatchEvent(new Event("change"));
  }
}

customElements.define("ticket-terms", TicketTerms);
