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

/**
 * Usual sizes of an order: what the ticket begins with, and the size at which the chart asks for prices.
 * @type {Record<string, string>}
 */
const LOTS = {
  USDC: "100", USDT: "100", JUP: "200", RAY: "50", BONK: "5000000", JTO: "50", PYTH: "500", WIF: "100", ORCA: "50",
  HNT: "30", W: "1000",
};

/** @param {string} symbol */
export function lotOf(symbol) {
  return LOTS[symbol] ?? "1";
}
