/** What all components share: one stream, one book, one market, one set of wallets. */
import { Fills } from "./fills.js";
import { Market } from "./market.js";
import { OrderBook } from "./orders.js";
import { OrderList } from "./order-list.js";
import { Stream } from "./stream.js";
import { Wallets } from "./wallets.js";

export const stream = new Stream();
export const book = new OrderBook();
export const list = new OrderList(book);
export const fills = new Fills(book);
export const market = new Market(stream);
export const wallets = new Wallets(stream);

stream.addEventListener("event", (event) => {
  const { detail } = /** @type {CustomEvent<import("./types.js").OrderEvent>} */ (event);
  book.apply(detail);
});

/**
 * Says something in passing.
 * @param {string} text @param {{ href: string, label: string }} [link] @param {string} [key] a later text under the same
 * key takes its place
 */
export function tell(text, link, key) {
  document.dispatchEvent(new CustomEvent("tell", { detail: { text, link, key } }));
}
