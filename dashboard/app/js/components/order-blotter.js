/** @import { Risk } from "../core/risk.js" */
/** @import { Order } from "../core/types.js" */
import { addressOf } from "../core/address.js";
import { book, list, tell } from "../core/app.js";
import { cancelAllOrders, cancelOrder, countOpen } from "../core/cancel.js";
import { RUN_DEMO, runDemo } from "../core/demo.js";
import { Component, h, setText } from "../core/dom.js";
import { oncePerFrame } from "../core/frames.js";
import { amount, canCancel, wish } from "../core/format.js";
import { MARKET } from "../core/listings.js";
import { isFollowed, isNarrow } from "../core/order-filter.js";
import { router } from "../core/router.js";
import { shortcut } from "../core/shortcuts.js";
import { BlotterRow, COLUMNS } from "./blotter-row.js";
import "./confirm-dialog.js";
import "./order-filters.js";

const SPARE_ROWS = 4;
/** Rows from the end at which the next page is asked for. */
const MARGIN_ROWS = 60;
const COUNT_MS = 30_000;
const SEARCHED = "The search takes whole words: an order's id or at least its last four characters, a signature, client order id, tag, token, pair, venue, status or failure.";

/** All orders: only the rows that can be seen are in the document, drawn at most once a frame. */
class OrderBlotter extends Component {
  #filters = /** @type {import("./order-filters.js").OrderFilters} */ (document.createElement("order-filters"));
  #head = h("div", { class: "row row-head", role: "row", "aria-rowindex": 1 });
  #space = h("div", { class: "blotter-space", role: "rowgroup" });
  #scroller = h("div", { class: "blotter-scroll", id: "blotter", role: "grid", tabindex: 0, "aria-label": "Orders", "aria-colcount": COLUMNS.length,
    onscroll: () => { list.place = this.#scroller.scrollTop; this.#draw(); }, onkeydown: (/** @type {KeyboardEvent} */ event) => this.#move(event) });
  #notice = h("div", { class: "notice", hidden: true });
  #count = h("span", { class: "faint", role: "status" });
  #newest = h("button", { class: "button", type: "button", hidden: true, onclick: () => this.#toNewest() });
  #cancelAll = h("button", { class: "button", type: "button", onclick: () => void this.#askCancelAll() }, "Cancel all");
  #confirm = /** @type {import("./confirm-dialog.js").ConfirmDialog} */ (document.createElement("confirm-dialog"));
  /** @type {BlotterRow[]} */
  #rows = [];
  #height = 0;
  /** The order the keyboard is on. */
  #active = "";
  /** The row at the upper edge, as it was drawn last. */
  #top = { id: "", index: 0 };
  #draw = oncePerFrame(() => this.isConnected && this.#drawNow());

  /** @override */
  start() {
    this.#head.replaceChildren(...COLUMNS.map(({ label, name, sort, isNumber }) =>
      h("div", { role: "columnheader", class: `head-${name}${isNumber ? " number" : ""}`, "data-sort": sort }, label)));
    this.#scroller.replaceChildren(this.#head, this.#space);
    this.append(h("section", { class: "panel blotter", "aria-labelledby": "blotter-title" },
      h("div", { class: "panel-head" }, h("h2", { id: "blotter-title" }, "Orders"), this.#count, h("span", { class: "end" }), this.#newest, this.#cancelAll),
      this.#filters, this.#scroller, this.#notice), this.#confirm);

    this.listen(list, "change", () => this.#draw());
    this.listen(book, "change", () => this.#draw());
    const resized = new ResizeObserver(() => {
      this.#height = 0;
      this.#draw();
    });
    resized.observe(this.#scroller);
    this.gone.addEventListener("abort", () => resized.disconnect());
    this.every(1000, () => this.#draw()); // the time an order takes goes on without events
    this.every(COUNT_MS, () => void list.count());
    shortcut("o", "Go to the orders", () => this.#scroller.focus(), this.gone);
    const { place } = list;
    this.#drawNow();
    this.#scroller.scrollTop = list.place = place;
  }

  async #askCancelAll() {
    const open = await countOpen();
    if (open === 0) return tell("No open orders.");
    const title = open === undefined ? "Cancel all open orders?" : open === 1 ? "Cancel the open order?" : `Cancel all ${amount(String(open))} open orders?`;
    const text = "Every open order is canceled, not only those that the list shows. Submitted ones may still land.";
    if (await this.#confirm.ask(title, [{ level: "danger", text }], "Cancel all open orders", "Keep them")) void cancelAllOrders();
  }

  /** One key is a slip of the finger. @param {Order} order */
  async #askCancel(order) {
    const risks = /** @type {Risk[]} */ (order.status === "submitted" ? [{ level: "warning", text: "It is submitted and may still land." }] : []);
    if (await this.#confirm.ask(`Cancel the order “${wish(order)}”?`, risks, "Cancel order", "Keep it")) void cancelOrder(order.id);
    this.#scroller.focus();
  }

  #toNewest() {
    this.#scroller.scrollTop = 0;
    void list.reset();
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const { rows } = list;
    const at = rows.indexOf(this.#active);
    const page = Math.max(1, Math.floor(this.#scroller.clientHeight / this.#rowHeight) - 2);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length }[event.key];
    if (event.key === "Enter" && at >= 0) router.go(addressOf(`/orders/${this.#active}`));
    const active = book.get(this.#active);
    if (event.key === "Delete" && at >= 0 && !event.repeat && active && canCancel(active)) void this.#askCancel(active);
    if (step === undefined || rows.length === 0) return;
    event.preventDefault();
    const next = at < 0 ? (event.key === "End" ? rows.length - 1 : 0) : Math.min(rows.length - 1, Math.max(0, at + step));
    this.#active = rows[next] ?? "";
    const top = next * this.#rowHeight;
    const room = this.#scroller.clientHeight - this.#head.offsetHeight - this.#rowHeight;
    if (top < this.#scroller.scrollTop) this.#scroller.scrollTop = top;
    else if (top > this.#scroller.scrollTop + room) this.#scroller.scrollTop = top - room;
    this.#drawNow();
  }

  /** Asking for it makes the browser lay out, so it is asked for once a size. */
  get #rowHeight() {
    return (this.#height ||= Number.parseFloat(getComputedStyle(this.#scroller).getPropertyValue("--row-height")) || 32);
  }

  /** What is read from the document is read before anything is written to it, which would make it lay out. */
  #drawNow() {
    const { rows } = list;
    const height = this.#rowHeight;
    const { clientHeight } = this.#scroller;
    const scrollTop = this.#keepPlace(rows, height, this.#scroller.scrollTop);
    const total = `${rows.length * height}px`;
    if (this.#space.style.height !== total) this.#space.style.height = total;
    // fewer rows than before may leave the scroller beyond their end until it notices
    const first = Math.min(Math.floor(scrollTop / height), rows.length - Math.floor(clientHeight / height));
    const from = Math.max(0, first - SPARE_ROWS);
    const count = Math.min(rows.length - from, Math.ceil(clientHeight / height) + 2 * SPARE_ROWS);
    const seen = rows.slice(from, from + count);
    this.#place(seen, from, (rows.length - from - 1) * height, height);
    if (seen.includes(this.#active)) this.#scroller.setAttribute("aria-activedescendant", `row-${this.#active}`);
    else this.#scroller.removeAttribute("aria-activedescendant");
    if (list.hasMore && list.state === "idle" && !list.isPaused && from + count > rows.length - MARGIN_ROWS) void list.more();
    this.#say(rows);
  }

  /**
   * An order that stays in sight keeps its row; other orders take the rows that became free. Places count from
   * the lower end, so that rows stay where they are when orders come in above. The document has them in the
   * order in which they are seen.
   * @param {string[]} ids @param {number} from @param {number} above of the first one @param {number} height
   */
  #place(ids, from, above, height) {
    const seen = new Set(ids);
    const kept = new Map(this.#rows.map((row) => [row.id, row]));
    const free = this.#rows.filter(({ id }) => !seen.has(id));
    // out of the way of those that stay; those without an order are behind them already
    this.#space.append(...free.filter(({ id }) => id).map(({ element }) => element));
    const placed = ids.map((id) => kept.get(id) ?? free.shift() ?? new BlotterRow());
    placed.forEach((row, index) => {
      row.draw(book.get(ids[index] ?? ""), from + index, above - index * height, ids[index] === this.#active);
      const there = this.#space.children[index] ?? null;
      if (there !== row.element) this.#space.insertBefore(row.element, there);
    });
    for (const row of free) row.draw(undefined, 0, 0, false);
    this.#rows = [...placed, ...free];
  }

  /**
   * New rows above do not push away what somebody reads further down. Gives how far down that is.
   * @param {string[]} rows @param {number} height @param {number} scrollTop
   */
  #keepPlace(rows, height, scrollTop) {
    const { id, index } = this.#top;
    let top = scrollTop;
    if (scrollTop > 0 && id && rows[index] !== id && isFollowed(list.filter)) {
      const moved = rows.indexOf(id) - index;
      if (moved > -index) {
        top += moved * height;
        this.#space.style.height = `${rows.length * height}px`;
        this.#scroller.scrollTop = top;
      }
    }
    const first = Math.floor(top / height);
    this.#top = { id: rows[first] ?? "", index: first };
    return top;
  }

  /** @param {string[]} rows */
  #say(rows) {
    const { filter, state, hasMore, isAway, isOutdated, summary } = list;
    this.#scroller.setAttribute("aria-rowcount", String(hasMore ? -1 : rows.length + 1));
    for (const cell of this.#head.children) {
      const isSorted = /** @type {HTMLElement} */ (cell).dataset.sort === filter.sort;
      if (isSorted) cell.setAttribute("aria-sort", filter.order === "desc" ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    this.#newest.hidden = !isAway && !isOutdated;
    setText(this.#newest, isAway ? "Back to the newest" : "Refresh");
    const loaded = amount(String(rows.length));
    const all = summary && `${amount(String(Math.max(summary.total, rows.length)))}${summary.isComplete ? "" : "+"}`;
    const orders = rows.length === 1 && !hasMore ? "order" : "orders";
    setText(this.#count, rows.length === 0 && state !== "idle" ? (state === "failed" ? "" : "Loading…")
      : hasMore && !list.isPaused ? `${loaded} of ${all ?? "more"} ${orders}` : `${loaded} ${orders}`);
    this.#notice.hidden = rows.length > 0 && !list.isPaused;
    this.#scroller.hidden = rows.length === 0;
    if (!this.#notice.hidden) this.#explainNothing();
  }

  #explainNothing() {
    const key = `${list.state} ${JSON.stringify(list.filter)} ${list.error?.message ?? ""} ${list.isPaused}`;
    if (this.#notice.dataset.key === key) return;
    this.#notice.dataset.key = key;
    const button = (/** @type {string} */ text, /** @type {() => void} */ run) => h("button", { class: "button", type: "button", onclick: run }, text);
    const clear = button("Show all orders", () => this.#filters.clear());
    if (list.state === "loading" || list.state === "unread") this.#notice.replaceChildren(h("p", {}, "Loading…"));
    else if (list.state === "failed") {
      const isWrong = list.error?.code === "invalid_query";
      this.#notice.replaceChildren(h("strong", {}, isWrong ? "The filter is not valid" : "The orders cannot be read"), h("p", {}, list.error?.message ?? ""),
        isWrong ? clear : button("Try again", () => void list.more()));
    } else if (list.isPaused) {
      this.#notice.replaceChildren(h("p", {}, "No matches among the newest orders."), button("Search older orders", () => void list.more()), clear);
    } else if (isNarrow(list.filter)) {
      this.#notice.replaceChildren(h("strong", {}, "No matches"), list.filter.q ? h("p", {}, SEARCHED) : "", clear);
    } else {
      this.#notice.replaceChildren(h("strong", {}, "No orders yet"), h("p", {}, "Place one with the ticket. Orders appear here and change as they are executed."),
        MARKET?.mode === "paper" ? demoButton() : "");
    }
  }
}

function demoButton() {
  const button = h("button", { class: "button", type: "button", onclick: () => void runDemo(button) }, RUN_DEMO);
  return button;
}

customElements.define("order-blotter", OrderBlotter);
