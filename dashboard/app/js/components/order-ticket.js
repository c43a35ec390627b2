/** @import { OrderRequest, QuoteAnswer } from "../core/types.js" */
import { addressOf } from "../core/address.js";
import * as api from "../core/api.js";
import { book, market, tell } from "../core/app.js";
import { Component, h, icon, setText } from "../core/dom.js";
import { amount, brief } from "../core/format.js";
import { shortcut } from "../core/shortcuts.js";
import { TOKENS, lotOf } from "../core/listings.js";
import "./quote-board.js";

const TYPING_MS = 150;
const REFRESH_MS = 2000;
const SLIPPAGES = ["0.1", "0.5", "1"];

/** The order one is about to place, with what both venues would give for it. */
class OrderTicket extends Component {
  #base = tokenSelect("Token", (symbol) => this.#choose({ ...market.pair, base: symbol }));
  #quote = tokenSelect("Priced in", (symbol) => this.#choose({ ...market.pair, quote: symbol }));
  #side = segments("side", "Side", [["buy", "Buy"], ["sell", "Sell"]], "sell", () => this.#changed());
  #unit = segments("unit", "Amount in", [["base", ""], ["quote", ""]], "base", () => this.#changed());
  #amount = h("input", { class: "input", id: "amount", inputmode: "decimal", autocomplete: "off", spellcheck: "false", "aria-describedby": "amount-error", oninput: () => this.#changed() });
  #amountError = h("p", { class: "field-error", id: "amount-error" });
  #slippage = segments("slippage", "Slippage", SLIPPAGES.map((value) => [value, `${value} %`]), "0.5", () => { this.#ownSlippage.value = ""; this.#changed(); });
  #ownSlippage = h("input", { class: "input", id: "slippage-own", inputmode: "decimal", autocomplete: "off", placeholder: "Own %", "aria-label": "Own slippage, percent", "aria-describedby": "slippage-error", oninput: () => this.#changed() });
  #slippageError = h("p", { class: "field-error", id: "slippage-error" });
  #board = /** @type {import("./quote-board.js").QuoteBoard} */ (document.createElement("quote-board"));
  #submit = h("button", { class: "button primary", id: "place" });
  #problem = h("p", { class: "field-error", role: "alert" });
  #lot = "";
  /** One key per intent: repeating it after a lost answer cannot trade twice. */
  #key = "";
  #isPlacing = false;
  #typing = 0;
  #asking = new AbortController();

  /** @override */
  start() {
    this.append(h("form", { class: "panel ticket", "aria-labelledby": "ticket-title", novalidate: true, onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); void this.#place(); } },
      h("div", { class: "panel-head" }, h("h2", { id: "ticket-title" }, "New order"), h("span", { class: "end faint" }, "Market")),
      h("div", { class: "panel-body ticket-body" },
        this.#side,
        h("div", { class: "ticket-pair" },
          this.#base,
          h("button", { class: "button quiet icon", type: "button", "aria-label": "Swap the pair", title: "Swap the pair", onclick: () => this.#choose({ base: market.pair.quote, quote: market.pair.base }) }, icon("swap")),
          this.#quote),
        h("div", { class: "field" },
          h("label", { for: "amount" }, "Amount"),
          h("div", { class: "ticket-amount" }, this.#amount, this.#unit),
          this.#amountError),
        h("div", { class: "field" },
          h("span", { class: "label", "aria-hidden": "true" }, "Slippage, at most"),
          h("div", { class: "ticket-slippage" }, this.#slippage, this.#ownSlippage),
          this.#slippageError),
        this.#board,
        this.#submit,
        this.#problem)));

    this.listen(market, "pair", () => this.#showPair());
    this.every(REFRESH_MS, () => this.#isPlacing || this.#ask());
    this.gone.addEventListener("abort", () => { clearTimeout(this.#typing); this.#asking.abort(); });
    shortcut("n", "New order", () => { this.#amount.focus(); this.#amount.select(); }, this.gone);
    shortcut("b", "Buy", () => this.#pick("buy"), this.gone);
    shortcut("s", "Sell", () => this.#pick("sell"), this.gone);
    this.#showPair();
  }

  /** @param {"buy" | "sell"} side */
  #pick(side) {
    check(this.#side, side);
    this.#changed();
  }

  /** Two different tokens: choosing the other one's swaps them. @param {{ base: string, quote: string }} pair */
  #choose(pair) {
    const { base, quote } = market.pair;
    if (pair.base === pair.quote) market.choose({ base: quote, quote: base });
    else market.choose(pair);
  }

  #showPair() {
    const { base, quote } = market.pair;
    selectIn(this.#base).value = base;
    selectIn(this.#quote).value = quote;
    const [baseUnit, quoteUnit] = this.#unit.querySelectorAll("span");
    if (baseUnit && quoteUnit) [baseUnit.textContent, quoteUnit.textContent] = [base, quote];
    if (this.#amount.value === this.#lot) {
      this.#lot = lotOf(picked(this.#unit) === "base" ? base : quote);
      this.#amount.value = this.#lot;
    }
    this.#changed();
  }

  /** What stands in the ticket, if it can be asked for. @returns {OrderRequest | undefined} */
  #request() {
    const { base, quote } = market.pair;
    const isSell = picked(this.#side) === "sell";
    const size = this.#amount.value.trim().replaceAll(",", "");
    const slippage = this.#ownSlippage.value.trim().replace(",", ".") || picked(this.#slippage);
    const isAmount = /^\d*\.?\d+$/.test(size) && Number(size) > 0;
    const isSlippage = /^\d{1,3}(\.\d{1,2})?$/.test(slippage) && Number(slippage) <= 100;
    complain(this.#amount, this.#amountError, size && !isAmount ? "Enter a number above 0, such as 1.5" : "");
    complain(this.#ownSlippage, this.#slippageError, isSlippage ? "" : "Enter 0 to 100 percent, in steps of 0.01");
    if (!isAmount || !isSlippage) return undefined;
    const isSpent = isSell === (picked(this.#unit) === "base");
    return {
      tokenIn: isSell ? base : quote,
      tokenOut: isSell ? quote : base,
      ...(isSpent ? { amountIn: size } : { amountOut: size }),
      slippageBps: Math.round(Number(slippage) * 100),
    };
  }

  #changed() {
    this.#key = "";
    setText(this.#problem, "");
    const request = this.#request();
    this.#label(request);
    this.#asking.abort();
    this.#board.wait(request);
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.#ask(), TYPING_MS);
  }

  async #ask() {
    const request = this.#request();
    if (!request || document.hidden) return;
    this.#asking.abort();
    const asking = (this.#asking = new AbortController());
    try {
      const answer = await api.quotes(request, asking.signal);
      if (asking.signal.aborted) return;
      this.#board.show(answer);
      this.#label(request, answer);
    } catch (error) {
      if (!(error instanceof api.ApiError) || asking.signal.aborted) return;
      this.#board.refuse(error);
      this.#blame(error);
    }
  }

  /** @param {OrderRequest | undefined} request @param {QuoteAnswer} [answer] */
  #label(request, answer) {
    const verb = picked(this.#side) === "sell" ? "Sell" : "Buy";
    this.#submit.disabled = !request || this.#isPlacing;
    if (!request) return setText(this.#submit, `${verb} ${market.pair.base}`);
    const best = answer?.quotes.find((quote) => quote.venue === answer.venue);
    const fixed = verb === "Sell" ? request.amountIn : request.amountOut;
    const estimate = verb === "Sell" ? best?.amountIn : best?.amountOut;
    const size = fixed ? amount(fixed) : estimate ? `≈ ${brief(estimate)}` : "";
    setText(this.#submit, `${verb} ${size} ${market.pair.base}`.replace("  ", " "));
  }

  /** Fields that the engine refuses say so themselves. @param {api.ApiError} error */
  #blame(error) {
    for (const { field, message } of error.errors) {
      if (field.startsWith("amount")) complain(this.#amount, this.#amountError, `The amount ${message}`);
      if (field.startsWith("slippage")) complain(this.#ownSlippage, this.#slippageError, `The slippage ${message}`);
    }
  }

  async #place() {
    const request = this.#request();
    if (!request || this.#isPlacing) return;
    this.#isPlacing = true;
    this.#submit.disabled = true;
    setText(this.#problem, "");
    this.#key ||= api.newKey();
    try {
      const order = await api.placeOrder(request, this.#key);
      this.#key = "";
      book.take(order);
      tell("Order accepted", { href: addressOf(`/orders/${order.id}`), label: "Follow it" });
    } catch (error) {
      const { message, retryable, code } = /** @type {api.ApiError} */ (error);
      this.#blame(/** @type {api.ApiError} */ (error));
      setText(this.#problem, retryable ? `${message} Place it again: it cannot trade twice.` : message);
      if (!retryable || code === "overloaded") this.#key = "";
    } finally {
      this.#isPlacing = false;
      this.#submit.disabled = false;
    }
  }
}

/** @param {string} label @param {(symbol: string) => void} chosen */
function tokenSelect(label, chosen) {
  const select = h("select", { class: "select", "aria-label": label, onchange: () => chosen(select.value) },
    TOKENS.map(({ symbol }) => h("option", { value: symbol }, symbol)));
  return h("div", {}, select);
}

/** @param {Element} element */
function selectIn(element) {
  return /** @type {HTMLSelectElement} */ (element.querySelector("select"));
}

/** @param {string} name @param {string} label @param {[string, string][]} options @param {string} chosen @param {() => void} changed */
function segments(name, label, options, chosen, changed) {
  return h("fieldset", { class: "segments", "aria-label": label }, options.map(([value, text]) =>
    h("label", {}, h("input", { type: "radio", name, value, checked: value === chosen, onchange: changed }), h("span", {}, text))));
}

/** @param {Element} group */
function picked(group) {
  return /** @type {HTMLInputElement} */ (group.querySelector("input:checked")).value;
}

/** @param {Element} group @param {string} value */
function check(group, value) {
  /** @type {HTMLInputElement} */ (group.querySelector(`input[value="${value}"]`)).checked = true;
}

/** @param {HTMLInputElement} input @param {Element} place @param {string} message */
function complain(input, place, message) {
  input.setAttribute("aria-invalid", String(message !== ""));
  setText(place, message);
}

customElements.define("order-ticket", OrderTicket);
