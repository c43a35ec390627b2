/** @import { BookEntry, Posting, PostingKind } from "./types.js" */

/** @type {Record<PostingKind, string>} */
const WORDS = {
  deposit: "Deposit", withdrawal: "Withdrawal", hold: "Held", release: "Released", swap_in: "Spent", swap_out: "Received",
  venue_fee: "Venue fee", network_fee: "Network fee", tip: "Tip", rent: "Rent", rent_refund: "Rent refund",
};
/** Where an amount is in the wallet. */
const INSIDE = ["free", "held"];

/** Why an amount moved. @param {Posting} posting */
export function reason({ kind }) {
  return WORDS[kind];
}

/** Whether the wallet has more after it, less, or as much as before. @param {Posting} posting @returns {"+" | "−" | ""} */
export function signOf({ from, to }) {
  const [wasInside, isInside] = [INSIDE.includes(from), INSIDE.includes(to)];
  return wasInside === isInside ? "" : isInside ? "+" : "−";
}

/** What an entry was written for, where that is no order. @param {BookEntry} entry */
export function causeOf({ cause, postings }) {
  if (cause === "reset") return "Reset";
  return postings.some(({ kind }) => kind === "withdrawal") ? "Withdrawal" : "Deposit";
}

/**
 * The entries that are known with the newest page before them.
 * @param {BookEntry[]} page newest first, as all of them @param {BookEntry[]} known
 * @returns {BookEntry[] | undefined} `undefined` if there may be others between them
 */
export function joined(page, known) {
  const oldest = page.at(-1)?.position ?? 0;
  const newest = known[0]?.position ?? 0;
  if (known.length > 0 && oldest > newest) return undefined;
  return [...page, ...known.filter(({ position }) => position < oldest)];
}
