/** @import { BookEntry, Posting } from "../core/types.js" */
import { addressOf } from "../core/address.js";
import { causeOf, reason, signOf } from "../core/books.js";
import { h } from "../core/dom.js";
import { amount, fullTime, shortId, shortened, time } from "../core/format.js";

/** Steps of a wallet's books, a row each. @param {BookEntry[]} entries @param {boolean} areOfOneOrder whose page it is */
export function booksTable(entries, areOfOneOrder = false) {
  return h("table", { class: "table books" },
    h("thead", {}, h("tr", {}, ["Time", areOfOneOrder ? "Step" : "Cause", "Postings"].map((label) => h("th", { scope: "col" }, label)))),
    h("tbody", {}, entries.map((entry) => h("tr", { "data-id": String(entry.position) },
      h("td", {}, h("time", { datetime: entry.at, title: fullTime(entry.at) }, time(entry.at))),
      h("td", {}, areOfOneOrder ? step(entry) : cause(entry)),
      h("td", {}, h("ul", { class: "postings" }, entry.postings.map(item)))))));
}

/** @param {BookEntry} entry */
function cause(entry) {
  const { orderId } = entry;
  if (orderId === undefined) return causeOf(entry);
  return h("a", { href: addressOf(`/orders/${orderId}`), title: orderId }, `Order ${shortId(orderId)}, ${step(entry).toLowerCase()}`);
}

/** What an order came to with it. @param {BookEntry} entry */
function step({ seq, attempt }) {
  return seq === 1 ? "Acceptance" : attempt ? `Attempt ${attempt}` : "End";
}

/** @param {Posting} posting */
function item(posting) {
  const sign = signOf(posting);
  return h("li", {}, h("span", { class: sign ? "" : "muted" }, reason(posting)),
    h("span", { class: sign === "+" ? "number gain" : sign ? "number" : "number muted" }, `${sign}${amount(posting.amount)} ${shortened(posting.token)}`));
}
