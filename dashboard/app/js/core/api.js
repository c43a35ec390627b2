/** @import { Order, OrderEvent, OrderRequest, Explanation, QuoteAnswer, Health, FieldError, OrderSummary, Statistics, StatisticsWindow, Engine, Candles, CandleInterval, Token, VenueInfo } from "./types.js" */
import { addressOf } from "./address.js";

/** An answer that is a problem, or no answer at all. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {{ code?: string, retryable?: boolean, errors?: FieldError[] }} [problem]
   */
  constructor(message, { code = "unreachable", retryable = true, errors = [] } = {}) {
    super(message);
    this.code = code;
    this.retryable = retryable;
    this.errors = errors;
  }
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<{ body: any, response: Response }>}
 */
export async function request(path, options) {
  let response;
  try {
    response = await fetch(addressOf(path), options);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError("The engine does not answer. Is it running?");
  }
  const body = await response.json().catch(() => undefined);
  if (!response.ok && !(path === "/health" && body?.store)) {
    throw new ApiError(body?.detail ?? body?.title ?? `The engine answered ${response.status}.`, body);
  }
  return { body, response };
}

/** @param {object} body @param {Record<string, string>} [headers] */
export const json = (body, headers = {}) => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});

/**
 * The key makes a repeated request harmless: keep it until an answer came.
 * @param {OrderRequest} order
 * @param {string} key
 * @returns {Promise<Order>}
 */
export async function placeOrder(order, key) {
  return (await request("/api/orders/execute", json(order, { "idempotency-key": key }))).body;
}

/** A new idempotency key. `crypto.randomUUID` is missing where a page is not served over TLS. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {OrderRequest} order @param {AbortSignal} [signal] @returns {Promise<QuoteAnswer>} */
export async function quotes(order, signal) {
  return (await request("/api/quotes", { ...json(order), signal: signal ?? null })).body;
}

/** @param {string} id @returns {Promise<Order>} */
export async function order(id) {
  return (await request(`/api/orders/${encodeURIComponent(id)}`)).body;
}

/** @param {string} id @returns {Promise<Explanation>} */
export async function explanation(id) {
  return (await request(`/api/orders/${encodeURIComponent(id)}/explain`)).body;
}

/** Cancels an order. Gives it as it stands: canceled, or with the request on record. @param {string} id @returns {Promise<Order>} */
export async function cancel(id) {
  return (await request(`/api/orders/${encodeURIComponent(id)}/cancel`, { method: "POST" })).body.order;
}

/**
 * Cancels every order that has not ended.
 * @returns {Promise<{ results: { orderId: string, result: string }[], hasMore: boolean }>}
 */
export async function cancelAll() {
  return (await request("/api/orders/cancel", json({ all: true }))).body;
}

/** The tokens that can be traded. @returns {Promise<Token[]>} */
export async function tokens() {
  return (await request("/api/tokens")).body;
}

/** The venues that quote. @returns {Promise<VenueInfo[]>} */
export async function venues() {
  return (await request("/api/venues")).body;
}

/** Lets a parked order go on at once. @param {string} id @returns {Promise<Order>} */
export async function resume(id) {
  return (await request(`/api/orders/${encodeURIComponent(id)}/resume`, { method: "POST" })).body;
}

/** All events after `after`. @param {string} id @param {number} after @returns {Promise<OrderEvent[]>} */
export async function events(id, after) {
  /** @type {OrderEvent[]} */
  const all = [];
  /** @type {string | undefined} */
  let path = `/api/orders/${encodeURIComponent(id)}/events?after=${after}`;
  while (path) {
    const { body, response } = await request(path);
    all.push(...body);
    path = nextPage(response);
  }
  return all;
}

/** A page of orders, newest first. @param {string} path @returns {Promise<{ orders: Order[], next: string | undefined }>} */
export async function orders(path) {
  const { body, response } = await request(path);
  return { orders: body, next: nextPage(response) };
}

/** Counts and sums of a filter. @param {URLSearchParams} query @returns {Promise<OrderSummary>} */
export async function summary(query) {
  return (await request(`/api/orders/summary?${query}`)).body;
}

/** @param {StatisticsWindow} window @returns {Promise<Statistics>} */
export async function statistics(window) {
  return (await request(`/api/statistics?window=${window}`)).body;
}

/** Version, settings, workers. @returns {Promise<Engine>} */
export async function engine() {
  return (await request("/api/engine")).body;
}

/** @param {string} pair @param {CandleInterval} interval @param {string} from RFC 3339 @returns {Promise<Candles>} */
export async function candles(pair, interval, from) {
  return (await request(`/api/market/candles?${new URLSearchParams({ pair, interval, from })}`)).body;
}

/** @returns {Promise<Health>} */
export async function health() {
  return (await request("/health")).body;
}

/** The path of the next page: the API may know itself by another host and another path. @param {Response} response */
export function nextPage(response) {
  const url = /<([^>]*)>;\s*rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
  if (url === undefined) return undefined;
  const { pathname, search } = new URL(url, location.href);
  return pathname.slice(pathname.lastIndexOf("/api/")) + search;
}
