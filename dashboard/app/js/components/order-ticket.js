/** @import { Bound, OrderRequest, QuoteAnswer } from "../core/types.js" */
import * as api from "../core/api.js";
import { book, market, wallets } from "../core/app.js";
import { shortage } from "../core/balance.js";
import { readAmount, readPercent } from "../core/decimal.js";
import { Component, h, icon, setText } from "../core/dom.js";
import { SAME_ORDER_MS, intent, storeDraft, storedDraft } from "../core/draft.js";
import { amount, brief, percent } from "../core/format.js";
import { MARKET, TOKENS, lotOf } from "../core/listings.js";
import { follow } from "../core/outcome.js";
import { needConfirmation, risksOf } from "../core/risk.js";
import { shortcut } from "../core/shortcuts.js";
import { isPast } from "../core/terms.js";
import { DEFAULT } from "../core/wallets.js";
import { check, complain, picked, segments, selectIn, tokenSelect } from "./ticket-fields.js";
import "./confirm-dialog.js";
import "./quote-board.js";
import "./ticket-balance.js";
import "./ticket-terms.js";
import "./wallet-select.js";

const TYPING_MS = 150;
const REFRESH_MS = 2000;
/** A ticket that nobody has touched for this long is quoted less often. */
const IDLE_MS = 30_000;
const IDLE_REFRESH_MS = 10_000;
const SLIPPAGES = ["0.1", "0.5", "1"];
/** What to do when an answer is missing. */
const SAFE = "Place it again: it cannot trade twice.";
/** Why nothing can be placed, short enough for the button. @type {Record<string, string>} */
const NO_QUOTE = {
  no_route: "No venue trades this pair",
  amount_too_small: "Amount too small",
  insufficient_liquidity: "Not enough liquidity for this size",
  quotes_unavailable: "No venue quotes right now",
  invalid_order: "Correct the order first",
  unreachable: "The engine does not answer",
};

/** @typedef {{ request: OrderRequest, answer?: QuoteAnswer, error?: api.ApiError }} Quoted */

/** The order one is about to place, with what both venues would give for it. */
class OrderTicket extends Component {
  #base = tokenSelect("Token", (symbol) => this.#choose({ ...market.pair, base: symbol }));
  #quote = tokenSelect("Priced in", (symbol) => this.#choose({ ...market.pair, quote: symbol }));
  #side = segments("side", "Side", [["buy", "Buy"], ["sell", "Sell"]], "sell", () => this.#changed());
  #unit = segments("unit", "Amount in", [["base", ""], ["quote", ""]], "base", () => this.#changed());
  #amount = h("input", { class: "input", id: "amount", inputmode: "decimal", autocomplete: "off", spellcheck: "false", "aria-describedby": "amount-error amount-read", oninput: () => this.#changed() });
  #amountError = h("p", { class: "field-error", id: "amount-error" });
  #wallet = /** @type {import("./wallet-select.js").WalletSelect} */ (document.createElement("wallet-select"));
  #balance = /** @type {import("./ticket-balance.js").TicketBalance} */ (document.createElement("ticket-balance"));
  #amountRead = h("p", { class: "field-note", id: "amount-read" });
  #slippage = segments("slippage", "Slippage", SLIPPAGES.map((value) => [value, `${value} %`]), "0.5", () => { this.#ownSlippage.value = ""; this.#changed(); });
  #ownSlippage = h("input", { class: "input", id: "slippage-own", inputmode: "decimal", autocomplete: "off", placeholder: "Custom %", "aria-label": "Custom slippage, percent", "aria-describedby": "slippage-error", oninput: () => this.#changed() });
  #slippageError = h("p", { class: "field-error", id: "slippage-error" });
  #terms = /** @type {import("./ticket-terms.js").TicketTerms} */ (document.createElement("ticket-terms"));
  #board = /** @type {import("./quote-board.js").QuoteBoard} */ (document.createElement("quote-board"));
  #submit = h("button", { class: "button primary", id: "place" });
  #problem = h("p", { class: "field-error", role: "alert" });
  #confirm = /** @type {import("./confirm-dialog.js").ConfirmDialog} */ (document.createElement("confirm-dialog"));
  #lot = "";
  /** The latest quotes, of what was in the ticket then. @type {Quoted | undefined} */
  #quoted;
  #isPlacing = false;
  /** The button is held for a moment after an order was accepted: a second press is a slip of the finger. */
  #isHeld = false;
  #typing = 0;
  #touchedAt = Date.now();
  #askedAt = 0;
  #asking = new AbortController();

  /** @override */
  start() {
    this.append(h("form", { class: "panel ticket", "aria-labelledby": "ticket-title", novalidate: true,
      onkeydown: (/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter" && event.repeat) event.preventDefault(); },
      onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); void this.#place(); } },
      h("div", { class: "panel-head" }, h("h2", { id: "ticket-title" }, "New market order"), this.#wallet),
      h("div", { class: "panel-body ticket-body" },
        this.#side,
        h("div", { class: "ticket-pair" },
          this.#base,
          h("button", { class: "button quiet icon", type: "button", "aria-label": "Swap the pair", title: "Swap the pair", onclick: () => this.#choose({ base: market.pair.quote, quote: market.pair.base }) }, icon("swap")),
          this.#quote),
        h("div", { class: "field" },
          h("div", { class: "ticket-label" }, h("label", { class: "label", for: "amount" }, "Amount"), this.#balance.free),
          h("div", { class: "ticket-amount" }, this.#amount, this.#unit),
          this.#balance, this.#amountError, this.#amountRead),
        h("div", { class: "field" },
          h("span", { class: "label", "aria-hidden": "true" }, "Max slippage"),
          h("div", { class: "ticket-slippage" }, this.#slippage, this.#ownSlippage),
          this.#slippageError),
        this.#terms,
        this.#board,
        this.#submit,
        this.#problem)),
      this.#confirm);

    this.#restore();
    this.listen(market, "pair", () => this.#showPair());
    this.listen(this.#terms, "change", () => this.#changed());
    this.listen(this.#wallet, "choose", () => this.#changed());
    this.listen(this.#balance, "share", (/** @type {CustomEvent<string>} */ event) => this.#spend(event.detail));
    this.listen(wallets, "change", () => this.#showWallet());
    wallets.watch(this.gone);
    this.every(REFRESH_MS, () => this.#refresh());
    this.gone.addEventListener("abort", () => { clearTimeout(this.#typing); this.#asking.abort(); });
    shortcut("n", "New order", () => { this.#amount.focus(); this.#amount.select(); }, this.gone);
    shortcut("b", "Buy", () => this.#pick("buy"), this.gone);
    shortcut("s", "Sell", () => this.#pick("sell"), this.gone);
    this.#showPair();
  }

  #refresh() {
    const wait = Date.now() - this.#touchedAt < IDLE_MS ? REFRESH_MS : IDLE_REFRESH_MS;
    if (!this.#isPlacing && Date.now() - this.#askedAt >= wait - 100) void this.#ask();
  }

  #restore() {
    const { side, unit, amount: size, slippage, wallet, terms } = storedDraft();
    if (side) check(this.#side, side);
    if (unit) check(this.#unit, unit);
    if (slippage && SLIPPAGES.includes(slippage)) check(this.#slippage, slippage);
    else if (slippage) this.#ownSlippage.value = slippage;
    this.#amount.value = size ?? "";
    this.#terms.terms = terms ?? {};
    this.#wallet.show(wallet ?? DEFAULT);
  }

  #store() {
    const size = this.#amount.value === this.#lot ? "" : this.#amount.value;
    storeDraft({ side: picked(this.#side), unit: picked(this.#unit), amount: size, slippage: this.#slippageText, ...market.pair, wallet: this.#wallet.value, terms: this.#terms.terms });
  }

  get #slippageText() {
    return this.#ownSlippage.value.trim() || picked(this.#slippage);
  }

  /** @param {"buy" | "sell"} side */
  #pick(side) {
    check(this.#side, side);
    this.#changed();
  }

  /** @param {string} size of what the order spends */
  #spend(size) {
    check(this.#unit, picked(this.#side) === "sell" ? "base" : "quote");
    this.#amount.value = size;
    this.#changed();
  }

  /** The wallet may be chosen by its id, and one that another engine had is not here. */
  #showWallet() {
    const { value } = this.#wallet;
    const name = wallets.all ? (wallets.find(value)?.name ?? DEFAULT) : value;
    if (name === value) return this.#showButton(this.#request());
    this.#wallet.show(name);
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

  /** What the ticket says, if it is valid; each field shows what is wrong with it. @returns {OrderRequest | undefined} */
  #request() {
    const { base, quote } = market.pair;
    const isSell = picked(this.#side) === "sell";
    const isSpent = isSell === (picked(this.#unit) === "base");
    const [tokenIn, tokenOut] = isSell ? [base, quote] : [quote, base];
    const unit = isSpent ? tokenIn : tokenOut;
    this.#balance.show(this.#wallet.value, TOKENS.find(({ symbol }) => symbol === tokenIn));
    this.#terms.fit(tokenIn, tokenOut, isSpent);
    const token = TOKENS.find(({ symbol }) => symbol === unit);
    if (!token) return undefined; // the lists are not there yet
    const size = readAmount(this.#amount.value, token);
    const slippage = readPercent(this.#slippageText, MARKET?.maxSlippageBps ?? 10_000);
    complain(this.#amount, this.#amountError, this.#amount.value.trim() === "" ? "" : size.problem ?? "");
    complain(this.#ownSlippage, this.#slippageError, slippage.problem ?? "");
    setText(this.#amountRead, size.value === undefined ? "" : `= ${amount(size.value)} ${unit}`);
    if (size.value === undefined || slippage.bps === undefined) return undefined;
    const sizes = isSpent ? { amountIn: size.value } : { amountOut: size.value };
    const wallet = this.#wallet.value === DEFAULT ? {} : { wallet: this.#wallet.value };
    return { tokenIn, tokenOut, ...sizes, slippageBps: slippage.bps, ...this.#terms.terms, ...wallet };
  }

  #changed() {
    this.#touchedAt = Date.now();
    this.#isHeld = false;
    this.#quoted = undefined;
    const request = this.#request();
    this.#store();
    const isUnanswered = request && intent.unanswered(request);
    setText(this.#problem, isUnanswered ? `No answer came when this order was placed last. ${SAFE}` : "");
    this.#showButton(request);
    this.#asking.abort();
    this.#board.wait(request);
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => void this.#ask(), TYPING_MS);
  }

  /** Requests quotes for the ticket as it is now. */
  async #ask() {
    const request = this.#request();
    if (!request || document.hidden) return;
    this.#asking.abort();
    const asking = (this.#asking = new AbortController());
    this.#askedAt = Date.now();
    try {
      const answer = await api.quotes(request, asking.signal);
      if (asking.signal.aborted) return;
      this.#quoted = { request, answer };
      this.#board.show(answer, risksOf(request, answer), intent.unanswered(request) ?? answer.bound);
    } catch (error) {
      if (!(error instanceof api.ApiError) || asking.signal.aborted) return;
      this.#quoted = { request, error };
      this.#board.refuse(error);
      this.#blame(error);
    }
    this.#showButton(request);
  }

  /** The button says what it does, or why it does nothing. @param {OrderRequest | undefined} request */
  #showButton(request) {
    const excuse = this.#excuse(request);
    this.#submit.disabled = excuse !== undefined;
    setText(this.#submit, excuse ?? this.#action(/** @type {OrderRequest} */ (request)));
  }

  /** @param {OrderRequest | undefined} request @returns {string | undefined} */
  #excuse(request) {
    if (this.#isHeld) return "Placed ✓";
    if (this.#isPlacing) return "Placing…";
    if (TOKENS.length === 0) return "The engine does not answer";
    if (this.#amount.value.trim() === "") return "Enter an amount";
    if (this.#amountError.textContent) return "Correct the amount";
    if (!request) return "Correct the slippage";
    if (isPast(this.#terms.terms.expiresAt)) return "The expiry has passed: remove it";
    const short = this.#shortage(request);
    if (short) return short;
    const error = this.#quoted?.error;
    return error && (NO_QUOTE[error.code] ?? "No quote right now");
  }

  /** Why the wallet cannot pay. What was sent and has had no answer may be an order that holds it already. @param {OrderRequest} request */
  #shortage(request) {
    const wallet = intent.unanswered(request) ? undefined : wallets.find(this.#wallet.value);
    return wallet && shortage(wallet, request, this.#quoted?.answer?.bound, MARKET);
  }

  /** @param {OrderRequest} request */
  #action(request) {
    const verb = picked(this.#side) === "sell" ? "Sell" : "Buy";
    const answer = this.#quoted?.answer;
    const best = answer?.quotes.find((quote) => quote.venue === answer.venue);
    const fixed = verb === "Sell" ? request.amountIn : request.amountOut;
    const estimate = verb === "Sell" ? best?.amountIn : best?.amountOut;
    const size = fixed ? amount(fixed) : estimate ? `≈ ${brief(estimate)}` : "";
    return `${verb} ${size} ${market.pair.base}`.replace("  ", " ");
  }

  /** Fields that the engine refuses show its reason. @param {api.ApiError} error */
  #blame(error) {
    for (const { field, message } of error.errors) {
      if (field.startsWith("amount")) complain(this.#amount, this.#amountError, `The amount ${message}`);
      if (field.startsWith("slippage")) complain(this.#ownSlippage, this.#slippageError, `At most ${percent(MARKET?.maxSlippageBps ?? 10_000)}`);
    }
  }

  /** Places what is in the ticket once, after it has been quoted and, where it is risky, confirmed. */
  async #place() {
    const request = this.#request();
    if (!request || this.#isPlacing || this.#isHeld) return;
    this.#isPlacing = true;
    this.#showButton(request);
    setText(this.#problem, "");
    clearTimeout(this.#typing);
    if (this.#quoted) this.#asking.abort(); // what is shown now holds
    else await this.#ask();
    const risks = risksOf(request, this.#quoted?.answer);
    const bound = this.#quoted?.answer?.bound;
    const isMeant = bound !== undefined
      && (!needConfirmation(risks) || (await this.#confirm.ask(`${this.#action(request)}?`, risks, `${this.#action(request)} anyway`)));
    if (isMeant) await this.#send(request, bound);
    this.#isPlacing = false;
    this.#showButton(this.#request());
  }

  /** An order never fills below what was shown: the bound goes with it. @param {OrderRequest} ticket @param {Bound} bound */
  async #send(ticket, bound) {
    const { request, key } = intent.toSend(ticket, bound);
    try {
      const order = await api.placeOrder(request, key);
      intent.accepted();
      book.take(order);
      follow(order);
      this.#hold();
    } catch (error) {
      const { message, retryable, code } = /** @type {api.ApiError} */ (error);
      this.#blame(/** @type {api.ApiError} */ (error));
      if (code === "insufficient_balance") wallets.refresh();
      setText(this.#problem, retryable ? `${message} ${SAFE}` : message);
      if (!retryable || code === "overloaded") intent.forget();
    }
  }

  #hold() {
    this.#isHeld = true;
    setTimeout(() => {
      if (!this.#isHeld) return; // the ticket has changed meanwhile
      this.#isHeld = false;
      if (this.isConnected) this.#showButton(this.#request());
    }, SAME_ORDER_MS);
  }
}

customElements.define("order-ticket", OrderTicket);
