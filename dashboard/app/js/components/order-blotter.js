/** @import { SortKey } from "../core/order-list.js" */
import { addressOf } from "../core/address.js";
import { book, list } from "../core/app.js";
import { cancelAllOrders, cancelOrder } from "../core/cancel.js";
import { runDemo } from "../core/demo.js";
import { Component, h, icon, setText } from "../core/dom.js";
import { oncePerFrame } from "../core/frames.js";
import { amount, canCancel, words } from "../core/format.js";
import { MARKET } from "../core/listings.js";
import { router } from "../core/router.js";
import { shortcut } from "../core/shortcuts.js";
import { BlotterRow, COLUMNS } from "./blotter-row.js";

const STATUSES = ["", "pending", "open", "held", "routing", "building", "submitted", "confirmed", "failed", "canceled", "expired"];
const CANCEL_ALL = "Cancel all";
const SPARE_ROWS = 4;
/** Rows from the end at which the next page is asked for. */
const MARGIN_ROWS = 60;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** All orders: only the rows that can be seen are in the document, drawn at most once a frame. */
class OrderBlotter extends Component {
  #filter = h("fieldset", { class: "segments", "aria-label": "Status" }, STATUSES.map((status) =>
    h("label", {}, h("input", { type: "radio", name: "status", value: status, onchange: () => this.#choose(status) }), h("span", {}, status ? words(status) : "All"))));
  #search = h("input", { class: "input", id: "search", type: "search", placeholder: "Order id, token or pair", "aria-label": "Search orders", spellcheck: "false", autocomplete: "off",
    oninput: () => this.#seek(), onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && this.#openSearched() });
  #head = h("div", { class: "row row-head", role: "row", "aria-rowindex": 1 });
  #space = h("div", { class: "blotter-space", role: "rowgroup" });
  #scroller = h("div", { class: "blotter-scroll", id: "blotter", role: "grid", tabindex: 0, "aria-label": "Orders", "aria-colcount": COLUMNS.length,
    onscroll: () => this.#draw(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.#move(event) });
  #notice = h("div", { class: "notice", hidden: true });
  #count = h("span", { class: "faint end", role: "status" });
  #newest = h("button", { class: "button", type: "button", hidden: true, onclick: () => this.#toNewest() }, "Back to the newest");
  #cancelAll = h("button", { class: "button", type: "button", onclick: () => this.#confirmCancelAll() }, CANCEL_ALL);
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
    this.#readAddress();
    this.#head.replaceChildren(...COLUMNS.map(({ label, sort, isNumber }) => h("div", { role: "columnheader", class: isNumber ? "number" : "", "data-column": sort ?? label },
      sort ? h("button", { type: "button", tabindex: -1, onclick: () => this.#sortBy(sort) }, label) : label)));
    this.#scroller.replaceChildren(this.#head, this.#space);
    this.append(h("section", { class: "panel blotter", "aria-labelledby": "blotter-title" },
      h("div", { class: "panel-head" }, h("h2", { id: "blotter-title" }, "Orders"), this.#filter,
        h("div", { class: "search" }, icon("search"), this.#search), this.#sortMenu(), this.#newest, this.#cancelAll, this.#count),
      this.#scroller, this.#notice));

    this.listen(list, "change", () => this.#draw());
    this.listen(book, "change", () => this.#draw());
    const resized = new ResizeObserver(() => {
      this.#height = 0;
      this.#draw();
    });
    resized.observe(this.#scroller);
    this.gone.addEventListener("abort", () => resized.disconnect());
    this.every(1000, () => this.#draw()); // the time an order takes goes on without events
    shortcut("/", "Search orders", () => this.#search.focus(), this.gone);
    shortcut("o", "Go to the orders", () => this.#scroller.focus(), this.gone);
    this.#drawNow();
  }

  #readAddress() {
    const { query } = router;
    const status = query.get("status") ?? "";
    const isOther = status !== list.status;
    list.status = STATUSES.includes(status) ? status : "";
    list.search = query.get("q") ?? "";
    this.#search.value = list.search;
    const [key, direction] = (query.get("sort") ?? "").split(".");
    const column = COLUMNS.find(({ sort }) => sort === key);
    list.sort = column?.sort ? { key: column.sort, isDescending: direction !== "asc" } : { key: "createdAt", isDescending: true };
    for (const input of this.#filter.querySelectorAll("input")) input.checked = input.value === list.status;
    if (isOther) void list.reset();
    else list.arrange();
  }

  #keepAddress() {
    const { key, isDescending } = list.sort;
    const isUsual = key === "createdAt" && isDescending;
    router.keep({ status: list.status, q: list.search, sort: isUsual ? "" : `${key}.${isDescending ? "desc" : "asc"}` });
  }

  /** @param {string} status */
  #choose(status) {
    list.status = status;
    this.#keepAddress();
    this.#scroller.scrollTop = 0;
    void list.reset();
  }

  #seek() {
    list.search = this.#search.value;
    this.#keepAddress();
    this.#scroller.scrollTop = 0;
    list.arrange();
  }

  /** An id may be of an order that is not loaded. */
  #openSearched() {
    const wanted = this.#search.value.trim();
    const only = list.rows.length === 1 ? list.rows[0] : undefined;
    if (UUID.test(wanted)) router.go(addressOf(`/orders/${wanted.toLowerCase()}`));
    else if (only) router.go(addressOf(`/orders/${only}`));
  }

  /** @param {SortKey} key */
  #sortBy(key) {
    list.sort = { key, isDescending: list.sort.key === key ? !list.sort.isDescending : true };
    this.#keepAddress();
    list.arrange();
  }

  /** The headings sort by pointer; this does by keyboard, and where there are no headings. */
  #sortMenu() {
    const select = h("select", { class: "select sort", "aria-label": "Sort by", onchange: () => {
      const [key, direction] = select.value.split(".");
      list.sort = { key: /** @type {SortKey} */ (key), isDescending: direction === "desc" };
      this.#keepAddress();
      list.arrange();
    } }, h("option", { value: "", hidden: true }), COLUMNS.flatMap(({ label, sort }) => sort ? [
      h("option", { value: `${sort}.desc` }, `${label} ↓`), h("option", { value: `${sort}.asc` }, `${label} ↑`)] : []));
    this.listen(list, "change", () => (select.value = `${list.sort.key}.${list.sort.isDescending ? "desc" : "asc"}`));
    return select;
  }

  /** Asks once more on the button itself, and forgets that after a while. */
  #confirmCancelAll() {
    if (this.#cancelAll.textContent !== CANCEL_ALL) {
      setText(this.#cancelAll, CANCEL_ALL);
      void cancelAllOrders();
      return;
    }
    setText(this.#cancelAll, "Really cancel all?");
    setTimeout(() => setText(this.#cancelAll, CANCEL_ALL), 4000);
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
    if (event.key === "Delete" && at >= 0 && !event.repeat && active && canCancel(active)) void cancelOrder(this.#active);
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
    if (list.hasMore && list.state === "idle" && from + count > rows.length - MARGIN_ROWS) void list.more();
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
    if (scrollTop > 0 && id && rows[index] !== id && list.sort.key === "createdAt") {
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
    const { sort, state, hasMore } = list;
    this.#scroller.setAttribute("aria-rowcount", String(hasMore ? -1 : rows.length + 1));
    for (const cell of this.#head.children) {
      const isSorted = /** @type {HTMLElement} */ (cell).dataset.column === sort.key;
      if (isSorted) cell.setAttribute("aria-sort", sort.isDescending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    this.#newest.hidden = !list.isAway;
    const loaded = amount(String(rows.length));
    setText(this.#count, state === "loading" || state === "unread" ? "Reading…" : state === "failed" && rows.length === 0 ? "" : `${loaded}${hasMore ? " newest" : ""} ${rows.length === 1 ? "order" : "orders"}`);
    this.#notice.hidden = rows.length > 0;
    this.#scroller.hidden = rows.length === 0;
    if (rows.length === 0) this.#explainNothing();
  }

  #explainNothing() {
    const key = `${list.state} ${list.search} ${list.status} ${list.error?.message ?? ""} ${list.loaded}`;
    if (this.#notice.dataset.key === key) return;
    this.#notice.dataset.key = key;
    const button = (/** @type {string} */ text, /** @type {() => void} */ run) => h("button", { class: "button", type: "button", onclick: run }, text);
    const wanted = list.search.trim();
    if (list.state === "loading" || list.state === "unread") this.#notice.replaceChildren(h("p", {}, "Reading the orders…"));
    else if (list.state === "failed") {
      this.#notice.replaceChildren(h("strong", {}, "The orders cannot be read"), h("p", {}, list.error?.message ?? ""), button("Try again", () => void list.more()));
    } else if (wanted) {
      this.#notice.replaceChildren(h("strong", {}, `None of the ${amount(String(list.loaded))} loaded orders matches`),
        h("p", {}, UUID.test(wanted) ? "Older orders are found by their whole id." : "The whole id of an order finds it, however old it is."),
        UUID.test(wanted) ? button("Look this id up", () => this.#openSearched()) : button("Clear the search", () => { this.#search.value = ""; this.#seek(); }));
    } else if (list.status) {
      this.#notice.replaceChildren(h("strong", {}, `No order is ${list.status} now`), button("Show all orders", () => {
        for (const input of this.#filter.querySelectorAll("input")) input.checked = input.value === "";
        this.#choose("");
      }));
    } else {
      this.#notice.replaceChildren(h("strong", {}, "No orders yet"), h("p", {}, "Place one with the ticket. Orders appear here and change as they are executed."),
        MARKET?.mode === "paper" ? demoButton() : "");
    }
  }
}

function demoButton() {
  const button = h("button", { class: "button", type: "button", onclick: () => void runDemo(button) }, "Run the demo: five paper orders");
  return button;
}

customElements.define("order-blotter", OrderBlotter);
