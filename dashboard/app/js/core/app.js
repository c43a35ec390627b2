/** What all components share: one stream, one book, one market. */
import { Market } from "./market.js";
import { OrderBook } from "./orders.js";
import { OrderList } from "./order-list.js";
import { Statistics } from "./statistics.js";
import { Stream } from "./stream.js";

export const stream = new Stream();
export const book = new OrderBook();
export const list = new OrderList(book);
export const statistics = new Statistics();
export const market = new Market();

stream.addEventListener("event", (event) => {
  const { detail } = /** @type {CustomEvent<import("./types.js").OrderEvent>} */ (event);
  statistics.observe(detail);
  book.apply(detail);
});

/** Says something in passing. @param {string} text @param {{ href: string, label: string }} [link] */
export function tell(text, link) {
  document.dispatchEvent(new CustomEvent("tell", { detail: { text, link } }));
}
