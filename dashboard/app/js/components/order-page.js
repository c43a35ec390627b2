/** @import { BookEntry, Explanation, Order, OrderEvent } from "../core/types.js" */
import { addressOf, base } from "../core/address.js";
import * as api from "../core/api.js";
import { book, market, stream, tell, wallets } from "../core/app.js";
import { cancelOrder } from "../core/cancel.js";
import { Component, h, icon, redraw, wide } from "../core/dom.js";
import { oncePerFrame } from "../core/frames.js";
import { amount, canCancel, duration, elapsed, fullTime, isTerminal, percent, shownPrice, signedPercent, time, toneOf, wish, words } from "../core/format.js";
import { storeDraft } from "../core/draft.js";
import { router } from "../core/router.js";
import { marketOf, priceIn } from "../core/pair.js";
import { shortcut } from "../core/shortcuts.js";
import { EXPIRY_LEFT_OUT, isPast, termsOf } from "../core/terms.js";
import { booksOf } from "../core/wallet-api.js";
import { DEFAULT, walletPath } from "../core/wallets.js";
import { attemptSection } from "./order-attempt.js";
import { booksTable } from "./books-table.js";
import { copyButton } from "./copy-button.js";
import { timeline } from "./order-timeline.js";
import { boundGauge } from "./bound-gauge.js";

/** What happened to one order, and why; it goes on as the order does. */
class OrderPage extends Component {
  #id = "";
  /** @type {Order | undefined} */
  #order;
  /** @type {OrderEvent[]} */
  #events = [];
  /** @type {Explanation | undefined} */
  #explanation;
  /** @type {BookEntry[]} */
  #books = [];
  #isReading = false;
  #isBehind = false;
  #head = h("header", { class: "order-head" });
  #parked = h("div", { role: "alert" });
  #summary = h("section", { class: "panel", "aria-label": "Result" });
  #attempts = h("div", { class: "order-attempts" });
  #wallet = h("span", { class: "end" });
  #postings = wide("What it did to the wallet");
  #timeline = h("div");
  #raw = h("pre", { class: "raw mono", tabindex: 0, "aria-label": "Raw events" });
  #drawnEvents = 0;
  #draw = oncePerFrame(() => this.isConnected && this.#drawNow());

  /** @override */
  start() {
    this.#id = this.getAttribute("order") ?? "";
    this.append(
      h("a", { class: "button quiet back", href: router.orders }, icon("back"), "Orders"),
      h("p", { class: "notice" }, "Loading…"));
    this.listen(stream, "event", (/** @type {CustomEvent<OrderEvent>} */ event) => event.detail.orderId === this.#id && this.#follow(event.detail));
    this.listen(wallets, "change", () => this.#order && this.#draw());
    this.listen(stream, "state", () => stream.state === "live" && void this.#read());
    this.every(250, () => this.#order && !isTerminal(this.#order.status) && this.#draw());
    // being parked is not an event
    this.every(15_000, () => this.#order && !isTerminal(this.#order.status) && void this.#read());
    shortcut("Backspace", "Back to the orders", () => router.go(router.orders), this.gone);
    void this.#read();
  }

  /** Whether a first reading came to its end; the stream may have told of the order before. */
  get #isBuilt() {
    return this.#summary.isConnected;
  }

  /** Reads what the stream has not told: all at first, and the decisions after each event. */
  async #read() {
    if (this.#isReading) {
      this.#isBehind = true;
      return;
    }
    this.#isReading = true;
    do {
      this.#isBehind = false;
      try {
        const [order, explanation, events, books] = await Promise.all([
          api.order(this.#id), api.explanation(this.#id), api.events(this.#id, this.#events.at(-1)?.seq ?? 0), booksOf(this.#id)]);
        if (!this.#order || order.lastSeq >= this.#order.lastSeq) this.#order = order;
        book.take(order);
        if (order.walletId && !wallets.find(order.walletId)) void wallets.read();
        this.#explanation = explanation;
        this.#books = books;
        for (const event of events) this.#note(event);
        if (!this.#isBuilt) this.#build();
        this.#draw();
      } catch (error) {
        if (!this.#isBuilt) this.#refuse(/** @type {api.ApiError} */ (error));
      }
    } while (this.#isBehind && this.isConnected);
    this.#isReading = false;
  }

  /** @param {OrderEvent} event */
  #follow(event) {
    this.#note(event);
    const known = book.get(this.#id);
    if (known && known.lastSeq >= (this.#order?.lastSeq ?? 0)) this.#order = known;
    void this.#read();
    if (this.#isBuilt) this.#draw();
  }

  /** Only the next event: one that is missing comes with the next reading. @param {OrderEvent} event */
  #note(event) {
    if (event.seq === (this.#events.at(-1)?.seq ?? 0) + 1) this.#events.push(event);
  }

  #build() {
    this.append(this.#head, h("div", { class: "order-body" },
      h("div", { class: "order-main" }, this.#parked, this.#summary, this.#attempts,
        h("section", { class: "panel", "aria-labelledby": "postings-title" },
          h("div", { class: "panel-head" }, h("h2", { id: "postings-title" }, "What it did to the wallet"), this.#wallet), this.#postings)),
      h("aside", { class: "order-side" },
        h("section", { class: "panel", "aria-labelledby": "timeline-title" },
          h("div", { class: "panel-head" }, h("h2", { id: "timeline-title" }, "Timeline")), this.#timeline),
        h("details", { class: "panel" }, h("summary", { class: "panel-head" }, h("h2", {}, "Raw events")), this.#raw))));
    this.querySelector(".notice")?.remove();
  }

  #drawNow() {
    const order = book.get(this.#id) ?? this.#order;
    const explanation = this.#explanation;
    if (!order || !explanation) return;
    this.#order = order;
    this.#drawHead(order);
    this.#drawParked(isTerminal(order.status) ? undefined : explanation.parkedAfterLostClaims);
    this.#drawSummary(order, explanation);
    const begun = this.#begun(explanation);
    redraw(this.#attempts, begun.map((attempt, index) => attemptSection(attempt, begun[index + 1], order, this.#events)).reverse());
    this.#drawBooks(order);
    redraw(this.#timeline, timeline(this.#events, isTerminal(order.status)));
    if (this.#events.length === this.#drawnEvents) return;
    this.#drawnEvents = this.#events.length;
    this.#raw.textContent = this.#events.map((event) => JSON.stringify(event, undefined, 2)).join("\n");
  }

  /** The attempts that began: what ends while it waits for an attempt ends under its number. @param {Explanation} explanation */
  #begun({ attempts }) {
    return attempts.filter(({ attempt: number }) => this.#events.some(({ attempt, data }) => attempt === number && data.kind === "routing_started"));
  }

  /** @param {Order} order */
  #drawHead(order) {
    const tone = toneOf(order);
    const key = `${tone} ${order.lastSeq}`;
    if (this.#head.dataset.key === key) return;
    this.#head.dataset.key = key;
    document.title = `${words(tone)}: ${wish(order)} – Order engine`;
    const isFirst = this.#head.childElementCount === 0;
    const title = h("h1", { tabindex: -1 }, wish(order));
    this.#head.replaceChildren(
      h("div", { class: "order-title" }, title, h("span", { class: "status", "data-tone": tone, role: "status", id: "order-status" }, words(tone))),
      h("div", { class: "order-meta" },
        h("span", { class: "mono muted" }, order.id), copyButton("Copy the id", () => order.id),
        h("span", { class: "muted" }, `placed ${fullTime(order.createdAt)}${order.tag ? ` with tag ${order.tag}` : ""}`),
        h("span", { class: "order-copies" },
          isTerminal(order.status) && h("button", { class: "button", type: "button", id: "place-again", onclick: () => placeAgain(order) }, "Place again"),
          canCancel(order) && h("button", { class: "button", type: "button", id: "cancel-order", onclick: () => void this.#cancel() }, "Cancel order"),
          copyButton("Copy as curl", () => curl(order), "Copy as curl", () => (isPast(order.expiresAt) ? `Copied. ${EXPIRY_LEFT_OUT}` : "Copied")),
          copyButton("Copy the explanation as curl", () => `curl -s ${location.origin}${base}/api/orders/${order.id}/explain`, "Explain as curl"))));
    if (isFirst) title.focus();
  }

  /** @param {Order} order */
  #drawBooks({ walletId }) {
    const name = wallets.find(walletId)?.name;
    redraw(this.#wallet, name && h("a", { href: addressOf(walletPath(name)) }, `Wallet ${name}`));
    redraw(this.#postings, this.#books.length > 0 ? booksTable(this.#books, true)
      : h("p", { class: "notice" }, walletId ? "Nothing." : "The order was accepted before there were wallets."));
  }

  /** Only when it changes: a button that is replaced all the time cannot be pressed. @param {number | undefined} lostClaims */
  #drawParked(lostClaims) {
    const key = String(lostClaims ?? "");
    if (this.#parked.dataset.key === key) return;
    this.#parked.dataset.key = key;
    this.#parked.replaceChildren(...(lostClaims === undefined ? [] : [h("p", { class: "panel order-parked" },
      h("span", {}, h("strong", {}, "Parked."), ` ${lostClaims} claims in a row were lost because its workers died. It is retried less and less often.`),
      h("button", { class: "button", type: "button", onclick: () => void this.#resume() }, "Try again now"))]));
  }

  /** @param {Order} order @param {Explanation} explanation */
  #drawSummary(order, explanation) {
    const { result, timing } = explanation;
    const attempts = this.#begun(explanation);
    const tile = (/** @type {string} */ label, /** @type {string} */ value, /** @type {string} */ note = "", /** @type {string} */ tone = "") =>
      h("div", { class: "tile" }, h("dt", {}, label), h("dd", { "data-tone": tone }, value), note && h("dd", { class: "tile-note" }, note));
    const took = isTerminal(order.status) ? timing.totalMs : elapsed(order);
    const fill = order.fill;
    const { base, quote } = marketOf(order);
    const last = attempts.at(-1);
    const tiles = h("dl", { class: "tiles" },
      fill ? tile("Received", `${amount(fill.amountOut)} ${order.tokenOut}`, `for ${amount(fill.amountIn)} ${order.tokenIn}`)
        : tile("Amount", order.amountIn ? `${amount(order.amountIn)} ${order.tokenIn}` : `${amount(order.amountOut)} ${order.tokenOut}`, terms(order)),
      fill ? tile("Price", `${shownPrice(priceIn(order, fill.executedPrice))} ${quote}`, `per ${base}, on ${words(fill.venue)}`)
        : tile("Venue", last?.routing ? words(last.routing.venue) : "–", last?.routing ? "the best quote" : isTerminal(order.status) ? "none was chosen" : "not chosen yet"),
      result ? tile("vs quote", signedPercent(result.improvementBps), `${percent(result.slippageBpsAllowed)} of slippage allowed`, result.improvementBps < 0 ? "" : "confirmed")
        : tile("Attempt", last ? String(last.attempt) : "–", order.nextAttemptAt ? `next try at ${time(order.nextAttemptAt)}` : ""),
      tile("Duration", duration(took), timing.queuedMs === undefined ? "waiting for a worker" : `${duration(timing.queuedMs)} until a worker began`));
    const gauge = result && last?.bound && boundGauge(last.bound, result, order);
    const failure = order.status === "failed" && order.failure && h("p", { class: "order-failure" }, h("strong", {}, words(order.failure.code)), ` ${order.failure.message}`);
    redraw(this.#summary, tiles, failure, gauge);
  }

  async #cancel() {
    await cancelOrder(this.#id);
    await this.#read();
  }

  async #resume() {
    try {
      await api.resume(this.#id);
    } catch (error) {
      tell(/** @type {api.ApiError} */ (error).message);
    }
    await this.#read();
  }

  /** @param {api.ApiError} error */
  #refuse(error) {
    const isUnknown = error.code === "order_not_found" || error.code === "invalid_order_id";
    this.querySelector(".notice")?.replaceWith(h("section", { class: "panel notice" },
      h("h1", { tabindex: -1 }, isUnknown ? "There is no such order" : "The order cannot be read"),
      h("p", {}, isUnknown ? "Check the full order id." : error.message),
      isUnknown ? h("a", { class: "button", href: addressOf("/") }, "See all orders")
        : h("button", { class: "button", type: "button", onclick: () => { this.connectedCallback(); } }, "Try again")));
  }
}

/** Fills the ticket with the same order; nothing is placed before its button is pressed. @param {Order} order */
function placeAgain(order) {
  const { base, quote, isSell } = marketOf(order);
  const isOfBase = isSell === (order.amountIn !== undefined);
  storeDraft({
    side: isSell ? "sell" : "buy", unit: isOfBase ? "base" : "quote", amount: order.amountIn ?? order.amountOut ?? "",
    slippage: String(order.slippageBps / 100), base, quote, wallet: walletOf(order), terms: termsOf(order),
  });
  market.choose({ base, quote });
  router.go(addressOf("/"));
  if (isPast(order.expiresAt)) tell(EXPIRY_LEFT_OUT);
}

/** How bad the result may be, and until when the order stands. @param {Order} order */
function terms({ slippageBps, minAmountOut, maxAmountIn, tokenIn, tokenOut, expiresAt }) {
  const bound = minAmountOut ? `, at least ${amount(minAmountOut)} ${tokenOut}` : maxAmountIn ? `, at most ${amount(maxAmountIn)} ${tokenIn}` : "";
  return `slippage at most ${percent(slippageBps)}${bound}${expiresAt ? `; expires ${time(expiresAt)}` : ""}`;
}

/** The name of an order's wallet, or its id until that is known. @param {Order} order */
function walletOf({ walletId }) {
  return wallets.find(walletId)?.name ?? walletId ?? DEFAULT;
}

/** A request that places the same order again, once however often it is sent. @param {Order} order */
function curl(order) {
  const { tokenIn, tokenOut, amountIn, amountOut, slippageBps } = order;
  const wallet = walletOf(order) === DEFAULT ? undefined : walletOf(order);
  const body = JSON.stringify({ tokenIn, tokenOut, amountIn, amountOut, slippageBps, wallet, ...termsOf(order) }).replaceAll("'", String.raw`'\''`);
  return `curl -s ${location.origin}${base}/api/orders/execute -H 'content-type: application/json' -H 'idempotency-key: ${api.newKey()}' -d '${body}'`;
}

customElements.define("order-page", OrderPage);
