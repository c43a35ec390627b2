/** @import { Order, Spec } from "./types.js" */

// Numbers are grouped one way for everybody, because the fields that take them read a point as the
// decimal point; times follow the viewer's zone.
const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 20, roundingMode: "trunc" });
const short = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 8, roundingMode: "trunc" });
const price = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 6, minimumSignificantDigits: 6 });
const tinyPrice = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4, minimumSignificantDigits: 4 });
const cents = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2, minimumFractionDigits: 2, roundingMode: "trunc" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

/** @param {string | number} value @returns {any} a decimal text is formatted exactly, which the types do not know yet */
const exact = (value) => value;

/** An amount with every digit it has. @param {string | undefined} text */
export function amount(text) {
  return text === undefined ? "–" : grouped.format(exact(text));
}

/** An amount that fits a column; never more than there is. @param {string | undefined} text */
export function brief(text) {
  if (text === undefined) return "–";
  return Math.abs(Number(text)) >= 1e8 ? grouped.format(exact(text.split(".")[0] ?? text)) : short.format(exact(text));
}

/** A value in a token that counts as money, to the cent; less than one with the digits it has. @param {string} text */
export function money(text) {
  const isTiny = Number(text) !== 0 && Math.abs(Number(text)) < 0.01;
  return (isTiny ? short : cents).format(exact(text)).replace("-", "−");
}

/** A gain or a loss. @param {string} text */
export function signedMoney(text) {
  return `${Number(text) > 0 ? "+" : ""}${money(text)}`;
}

/** @param {string | number | undefined} value */
export function shownPrice(value) {
  if (value === undefined) return "–";
  return (Math.abs(Number(value)) < 1e-4 ? tinyPrice : price).format(exact(value));
}

/** @param {number} bps */
export function percent(bps) {
  return `${(bps / 100).toFixed(2)} %`.replace("-", "−");
}

/** @param {number} bps */
export function signedPercent(bps) {
  return `${bps > 0 ? "+" : bps < 0 ? "" : "±"}${percent(bps)}`;
}

/** @param {number | undefined} ms */
export function duration(ms) {
  if (ms === undefined || Number.isNaN(ms)) return "–";
  if (ms < 1) return "<1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** The time of day; the day and the minute when it was not today. @param {string} iso */
export function time(iso) {
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? clock.format(at) : day.format(at);
}

/** The time of day to the millisecond. @param {string} iso */
export function preciseTime(iso) {
  const at = new Date(iso);
  return `${clock.format(at)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/** @param {string} iso */
export function fullTime(iso) {
  return full.format(new Date(iso));
}

/** The end of an id: its beginning is a time and much the same for all. @param {string} id */
export function shortId(id) {
  return id.slice(-8);
}

/** @param {string} text */
export function shortened(text) {
  return text.length <= 20 ? text : `${text.slice(0, 8)}…${text.slice(-8)}`;
}

/** @param {string} text such as `no_route` */
export function words(text) {
  return sentence(text.replaceAll("_", " "));
}

/** @param {string} text */
export function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What an order wants, in words. @param {Spec} spec */
export function wish(spec) {
  return spec.amountIn === undefined
    ? `Buy ${amount(spec.amountOut)} ${spec.tokenOut} with ${spec.tokenIn}`
    : `Sell ${amount(spec.amountIn)} ${spec.tokenIn} for ${spec.tokenOut}`;
}

/** Milliseconds from the acceptance to the end, or until now. @param {Order} order */
export function elapsed(order) {
  const until = isTerminal(order.status) ? Date.parse(order.updatedAt) : Date.now();
  return Math.max(0, until - Date.parse(order.createdAt));
}

/** How an order stands, in a word that has a colour. @param {Order} order */
export function toneOf({ status, nextAttemptAt, cancelRequestedAt }) {
  if (!isTerminal(status) && cancelRequestedAt !== undefined) return "canceling";
  return nextAttemptAt !== undefined ? "retrying" : status;
}

/** Whether canceling an order changes anything. @param {Order} order */
export function canCancel({ status, cancelRequestedAt }) {
  return !isTerminal(status) && cancelRequestedAt === undefined;
}

/** @param {string} status */
export function isTerminal(status) {
  return status === "confirmed" || status === "failed" || status === "canceled" || status === "expired";
}
