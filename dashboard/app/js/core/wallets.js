/** @import { OrderEvent, Wallet } from "./types.js" */
/** @import { ApiError } from "./api.js" */
/** @import { Stream } from "./stream.js" */
import { isTerminal } from "./format.js";
import { oncePerFrame } from "./frames.js";
import { wallets } from "./wallet-api.js";

/** The wallet that orders trade from which name none. */
export const DEFAULT = "default";
/** A busy engine changes balances more often than anybody reads them. */
const APART_MS = 1000;
/** Values follow the market, and deposits of other clients are not in the stream. */
const SLOW_MS = 30_000;

/**
 * The wallets with their balances. While somebody watches them they are read when an order changes them, and now and then
 * besides. Sends `change` after each reading, also after one that failed.
 */
export class Wallets extends EventTarget {
  /** The default one first, once they are read. @type {Wallet[] | undefined} */
  all;
  /** Why the last reading failed. @type {ApiError | undefined} */
  error;
  #watchers = 0;
  #isReading = false;
  #isBehind = false;
  /** Reads them soon, while somebody watches them. */
  refresh = oncePerFrame(() => void (this.#watchers > 0 && !document.hidden && this.read()), APART_MS);

  /** @param {Stream} stream */
  constructor(stream) {
    super();
    stream.addEventListener("event", (event) => moves(/** @type {CustomEvent<OrderEvent>} */ (event).detail) && this.refresh());
    stream.addEventListener("state", () => stream.state === "live" && this.refresh());
  }

  /** Keeps them current until `gone`. @param {AbortSignal} gone */
  watch(gone) {
    this.#watchers += 1;
    const timer = setInterval(this.refresh, SLOW_MS);
    document.addEventListener("visibilitychange", this.refresh, { signal: gone });
    gone.addEventListener("abort", () => {
      this.#watchers -= 1;
      clearInterval(timer);
    }, { once: true });
    void this.read();
  }

  /** As the engine finds it: in any case, and one of exactly this name first. @param {string | undefined} name or id */
  find(name) {
    const folded = name?.toLowerCase();
    return this.all?.find((wallet) => wallet.name === name)
      ?? this.all?.find((wallet) => wallet.id === folded || wallet.name.toLowerCase() === folded);
  }

  /** Takes a wallet as it is after a change. @param {Wallet} changed */
  take(changed) {
    const others = this.all ?? [];
    this.all = others.some(({ id }) => id === changed.id) ? others.map((wallet) => (wallet.id === changed.id ? changed : wallet)) : [...others, changed];
    this.dispatchEvent(new Event("change"));
    this.refresh();
  }

  /** Reads them now. */
  async read() {
    if (this.#isReading) {
      this.#isBehind = true;
      return;
    }
    this.#isReading = true;
    do {
      this.#isBehind = false;
      try {
        this.all = await wallets();
        this.error = undefined;
      } catch (error) {
        this.error = /** @type {ApiError} */ (error);
      }
      this.dispatchEvent(new Event("change"));
    } while (this.#isBehind);
    this.#isReading = false;
  }
}

/** The page about a wallet. @param {string} name */
export function walletPath(name) {
  return name === DEFAULT ? "/portfolio" : `/portfolio?${new URLSearchParams({ wallet: name })}`;
}

/** Whether an event may have changed what is held or spent. @param {OrderEvent} event */
function moves({ status, data }) {
  return data.kind === "accepted" || data.kind === "retrying" || isTerminal(status);
}
