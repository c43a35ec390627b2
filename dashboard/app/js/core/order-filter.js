/** @import { Order } from "./types.js" */

/** @typedef {"createdAt" | "updatedAt" | "attempt" | "duration"} SortKey What the engine sorts by. */
/**
 * Which orders are listed, as in `GET /api/orders`; what is empty selects nothing. Times are RFC 3339.
 *
 * @typedef {{ status: string, q: string, pair: string, side: string, venue: string, failureCode: string, wallet: string, from: string, to: string, sort: SortKey, order: "asc" | "desc" }} Filter
 */

/** @type {Filter} */
export const ALL_ORDERS = Object.freeze({ status: "", q: "", pair: "", side: "", venue: "", failureCode: "", wallet: "", from: "", to: "", sort: "createdAt", order: "desc" });
/** Parked orders have another parameter than those in a status. */
export const PARKED = "parked";
/** The form of an id. */
export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const SORT_KEYS = ["createdAt", "updatedAt", "attempt", "duration"];

/** The filter that an address holds. @param {URLSearchParams} query @returns {Filter} */
export function filterOf(query) {
  const text = (/** @type {string} */ name) => query.get(name) ?? "";
  // the engine reads these in any case
  const code = (/** @type {string} */ name) => text(name).toLowerCase();
  const sort = /** @type {SortKey} */ (SORT_KEYS.includes(text("sort")) ? text("sort") : "createdAt");
  const side = text("pair") ? text("side") : "";
  return {
    status: code("status"), q: text("q"), pair: text("pair"), side, venue: code("venue"), failureCode: code("failureCode"),
    wallet: text("wallet"), from: text("from"), to: text("to"), sort, order: text("order") === "asc" ? "asc" : "desc",
  };
}

/** What an address says that no filter understands. @param {URLSearchParams} query @returns {string[]} such as `sort=price` */
export function leftOut(query) {
  const { sort, order, side } = filterOf(query);
  const read = /** @type {Record<string, string>} */ ({ sort, order, side });
  return [...query].filter(([name, value], index) => !(name in ALL_ORDERS) || (name in read && value !== read[name]) || [...query.keys()].indexOf(name) < index)
    .map(([name, value]) => `${name}=${value}`);
}

/** The parameters of an address, without the usual ones. @param {Filter} filter @returns {Record<string, string>} */
export function parametersOf(filter) {
  const isUsual = (/** @type {string} */ name, /** @type {string} */ value) => value === ALL_ORDERS[/** @type {keyof Filter} */ (name)];
  return Object.fromEntries(Object.entries(filter).filter(([name, value]) => !isUsual(name, value)));
}

/** What narrows the list, without what only sorts it, as parameters of the API. @param {Filter} filter */
export function selection({ sort: _, order: __, ...filter }) {
  const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ""));
  if (filter.status === PARKED) {
    query.delete("status");
    query.set("parked", "true");
  }
  return query;
}

/** Whether anything is left out. @param {Filter} filter */
export function isNarrow(filter) {
  return selection(filter).size > 0;
}

/**
 * Whether the page itself can tell which new orders belong to the list, and where. What a text means, which wallet has a
 * name, and whether an order is parked, only the engine knows.
 * @param {Filter} filter
 */
export function isFollowed({ q, wallet, sort, order, status }) {
  return q === "" && (wallet === "" || UUID.test(wallet)) && sort === "createdAt" && order === "desc" && status !== PARKED;
}

/** Whether an order belongs to a list that is followed. @param {Order} order @param {Filter} filter */
export function matches(order, filter) {
  const { status, pair, side, venue, failureCode, wallet, from, to } = filter;
  return (!status || order.status === status)
    && (!pair || isOfPair(order, pair, side))
    && (!venue || (order.fill?.venue ?? order.failure?.venue) === venue)
    && (!failureCode || order.failure?.code === failureCode)
    && (!wallet || order.walletId === wallet.toLowerCase())
    && (!from || Date.parse(order.createdAt) >= Date.parse(from)) && (!to || Date.parse(order.createdAt) < Date.parse(to));
}

/** Tokens are named by symbol or mint, as the engine takes them. @param {Order} order @param {string} pair @param {string} side */
function isOfPair({ tokenIn, tokenOut, tokenInMint, tokenOutMint }, pair, side) {
  const [base = "", quote = ""] = pair.trim().split(/\s*(?:\/|→|->)\s*/);
  const isToken = (/** @type {string} */ name, /** @type {string} */ symbol, /** @type {string} */ mint) => name === mint || name.toUpperCase() === symbol.toUpperCase();
  const is = (/** @type {string} */ one, /** @type {string} */ other) => isToken(one, tokenIn, tokenInMint) && isToken(other, tokenOut, tokenOutMint);
  return (side !== "buy" && is(base, quote)) || (side !== "sell" && is(quote, base));
}
