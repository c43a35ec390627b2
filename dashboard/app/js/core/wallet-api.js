/** @import { BookEntry, Equity, Pnl, Wallet } from "./types.js" */
import { json, nextPage, request } from "./api.js";

/** Amounts of whole tokens by symbol. @typedef {Record<string, string>} Amounts */

/** Every wallet with its balances, the default one first. @returns {Promise<Wallet[]>} */
export async function wallets() {
  return (await request("/api/wallets")).body;
}

/** What a wallet was worth over time. @param {string} name @returns {Promise<Equity>} */
export async function equity(name) {
  return (await request(`${pathOf(name)}/equity`)).body;
}

/** @param {string} name @returns {Promise<Pnl>} */
export async function pnl(name) {
  return (await request(`${pathOf(name)}/pnl`)).body;
}

/** A page of a wallet's books, newest first. @param {string} path @returns {Promise<{ entries: BookEntry[], next: string | undefined }>} */
export async function books(path) {
  const { body, response } = await request(path);
  return { entries: body, next: nextPage(response) };
}

/** Where a wallet's books begin. @param {string} name @param {number} size of a page */
export function booksPath(name, size) {
  return `${pathOf(name)}/postings?limit=${size}`;
}

/** @param {string} name @param {"csv" | "jsonl"} format */
export function exportPath(name, format) {
  return `${pathOf(name)}/postings/export?format=${format}`;
}

/** What an order did to its wallet, oldest first. @param {string} order @returns {Promise<BookEntry[]>} */
export async function booksOf(order) {
  return (await request(`/api/orders/${encodeURIComponent(order)}/postings`)).body;
}

/**
 * Changes a wallet. The key makes a repeated request harmless: keep it until an answer came.
 * @param {"deposit" | "withdraw" | "reset"} action @param {string} name @param {object} body @param {string} key
 * @returns {Promise<Wallet>} the wallet after it
 */
export async function change(action, name, body, key) {
  return (await request(`${pathOf(name)}/${action}`, json(body, { "idempotency-key": key }))).body;
}

/** Opens a paper wallet. @param {{ name: string, balances: Amounts }} wallet @param {string} key as above @returns {Promise<Wallet>} */
export async function open(wallet, key) {
  return (await request("/api/wallets", json(wallet, { "idempotency-key": key }))).body;
}

/** @param {string} name */
function pathOf(name) {
  return `/api/wallets/${encodeURIComponent(name)}`;
}
