/** @import { Order } from "../core/types.js" */
/** @import { SortKey } from "../core/order-filter.js" */
import { addressOf } from "../core/address.js";
import { cancelOrder } from "../core/cancel.js";
import { h, setText } from "../core/dom.js";
import { brief, canCancel, duration, elapsed, fullTime, shortId, shownPrice, time, toneOf, words } from "../core/format.js";
import { marketOf, priceIn } from "../core/pair.js";

/** @type {{ label: string, name: string, sort?: SortKey, isNumber?: boolean }[]} the sort is that of the engine */
export const COLUMNS = [
  { label: "Time", name: "time", sort: "createdAt" },
  { label: "Order", name: "id" },
  { label: "Pair", name: "pair" },
  { label: "Spent", name: "spent", isNumber: true },
  { label: "Received", name: "received", isNumber: true },
  { label: "Price", name: "price", isNumber: true },
  { label: "Venue", name: "venue" },
  { label: "Status", name: "status" },
  { label: "Attempt", name: "attempt", sort: "attempt", isNumber: true },
  { label: "Duration", name: "took", sort: "duration", isNumber: true },
];

/** A row that is used again for whatever order comes to its place. */
export class BlotterRow {
  #link = h("a", { tabindex: -1, class: "mono" });
  #status = h("span", { class: "status" });
  #reason = h("span", { class: "reason" });
  #venue = h("span", { class: "venue" });
  #cancel = h("button", { class: "row-cancel", type: "button", tabindex: -1, title: "Cancel this order", hidden: true,
    onclick: (/** @type {PointerEvent} */ event) => this.#onCancel(event) }, "Cancel");
  /** @type {HTMLElement[]} */
  #cells = COLUMNS.map(({ name, isNumber }) => h("div", { role: "gridcell", class: `cell-${name}${isNumber ? " number" : ""}` }));
  element = h("div", { class: "row", role: "row" }, this.#cells);
  #id = "";
  #above = -1;
  #index = -1;

  constructor() {
    this.#cell("id").append(this.#link);
    this.#cell("status").append(this.#status, this.#reason, this.#cancel);
    this.#cell("venue").append(this.#venue);
    this.element.addEventListener("click", (event) => {
      if (!(event.target instanceof HTMLAnchorElement) && !getSelection()?.toString()) this.#link.click();
    });
  }

  /** A finger may not have seen the button, which appears under a mouse: it opens the order. @param {PointerEvent} event */
  #onCancel(event) {
    if (event.pointerType === "touch") return;
    event.stopPropagation();
    void cancelOrder(this.#id);
  }

  /** Of the order it shows; empty when it shows none. */
  get id() {
    return this.#id;
  }

  /** @param {string} name */
  #cell(name) {
    return /** @type {HTMLElement} */ (this.#cells[COLUMNS.findIndex((column) => column.name === name)]);
  }

  /**
   * @param {Order | undefined} order @param {number} index from above @param {number} above its distance from the
   * lower end of all rows, in pixels @param {boolean} isActive
   */
  draw(order, index, above, isActive) {
    const { element } = this;
    element.hidden = order === undefined;
    if (!order) {
      element.removeAttribute("id");
      this.#id = "";
      return;
    }
    if (this.#above !== above) {
      this.#above = above;
      element.style.transform = `translateY(${-above}px)`;
    }
    if (this.#index !== index) {
      this.#index = index;
      element.setAttribute("aria-rowindex", String(index + 2));
    }
    element.classList.toggle("active", isActive);
    if (this.#id !== order.id) this.#drawFixed(order);
    this.#drawMoving(order);
  }

  /** What never changes. @param {Order} order */
  #drawFixed(order) {
    this.#id = order.id;
    this.element.id = `row-${order.id}`;
    this.#link.href = addressOf(`/orders/${order.id}`);
    this.#link.title = order.id;
    setText(this.#link, shortId(order.id));
    const at = this.#cell("time");
    setText(at, time(order.createdAt));
    at.title = fullTime(order.createdAt);
    setText(this.#cell("pair"), `${order.tokenIn} → ${order.tokenOut}`);
  }

  /** @param {Order} order */
  #drawMoving(order) {
    const { fill } = order;
    setText(this.#cell("spent"), sized(fill?.amountIn ?? order.amountIn, order.tokenIn));
    setText(this.#cell("received"), sized(fill?.amountOut ?? order.amountOut, order.tokenOut));
    setText(this.#cell("price"), fill ? `${shownPrice(priceIn(order, fill.executedPrice))} ${marketOf(order).quote}` : "–");
    const venue = fill?.venue ?? order.failure?.venue ?? "";
    setText(this.#venue, venue ? words(venue) : "–");
    this.#venue.dataset.venue = venue;
    const tone = toneOf(order);
    if (this.#status.dataset.tone !== tone) this.#status.dataset.tone = tone;
    setText(this.#status, words(tone));
    const { failure } = order;
    setText(this.#reason, failure ? words(failure.code) : "");
    this.#cell("status").title = failure?.message ?? "";
    this.#cancel.hidden = !canCancel(order);
    setText(this.#cell("attempt"), order.attempt ? String(order.attempt) : "–");
    setText(this.#cell("took"), duration(elapsed(order)));
  }
}

/** @param {string | undefined} value @param {string} token */
function sized(value, token) {
  return value === undefined ? "–" : `${brief(value)} ${token}`;
}
