/** @import { Market, Token, VenueInfo } from "./types.js" */
import * as api from "./api.js";

const RETRY_MS = 1000;

/** The tokens that can be traded, once loaded. @type {Token[]} */
export let TOKENS = [];
/** The venues that quote, once loaded. @type {VenueInfo[]} */
export let VENUES = [];

/** What orders trade on, once loaded. @type {Market | undefined} */
export let MARKET;

/** Reads all of it. If the engine does not answer it stays empty until it does; then the document is sent `listings`. */
export async function load() {
  if (!(await read())) void keepReading();
}

async function keepReading() {
  do await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  while (!(await read()));
  document.dispatchEvent(new Event("listings"));
}

/** @returns {Promise<boolean>} whether it answered */
async function read() {
  try {
    const [tokens, venues, { market }] = await Promise.all([api.tokens(), api.venues(), api.health()]);
    [TOKENS, VENUES, MARKET] = [tokens, venues, market];
    return true;
  } catch {
    return false;
  }
}

/** A usual size of an order: what the ticket begins with, and what prices are quoted with. @param {string} symbol */
export function lotOf(symbol) {
  return TOKENS.find((token) => token.symbol === symbol)?.lot ?? "1";
}
