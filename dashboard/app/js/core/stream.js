import { addressOf } from "./address.js";
/** @import { OrderEvent, Prices } from "./types.js" */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** Marks the answers to requests for prices. */
const PRICES = "prices";

/**
 * The one connection: every event of every order, each once and in order per order. What was missed
 * while it was broken comes first when it is back, by the cursor of the last message.
 *
 * Sends `event` (detail: the event), `prices` (detail: the prices of a pair that is watched), `state`, and `fresh` when it tells what happens from now on, so
 * that whoever keeps orders has to read what happened before: at first, and when the engine does not
 * know the cursor, as after it was started with another database.
 */
export class Stream extends EventTarget {
  /** @type {"connecting" | "live" | "offline"} */
  state = "connecting";
  /** When it is tried again, while offline; milliseconds. */
  retryAt = 0;
  /** @type {string | undefined} */
  #cursor;
  #isFresh = true;
  /** @type {WebSocket | undefined} */
  #socket;
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retryTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #silenceTimer;
  /** How many watch the prices of each pair. @type {Map<string, number>} */
  #pairs = new Map();

  start() {
    addEventListener("online", () => this.retryNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.retryNow());
    this.#connect();
  }

  /** Ends the wait for the next try. */
  retryNow() {
    if (this.state !== "offline") return;
    clearTimeout(this.#retryTimer);
    this.#connect();
  }

  /** Asks for the prices of a pair until `gone`. @param {string} pair such as `SOL/USDC` @param {AbortSignal} gone */
  watchPrices(pair, gone) {
    const watchers = this.#pairs.get(pair) ?? 0;
    this.#pairs.set(pair, watchers + 1);
    if (watchers === 0) this.#ask("subscribe", pair);
    gone.addEventListener("abort", () => {
      const left = (this.#pairs.get(pair) ?? 1) - 1;
      if (left > 0) this.#pairs.set(pair, left);
      else if (this.#pairs.delete(pair)) this.#ask("unsubscribe", pair);
    }, { once: true });
  }

  /** @param {"subscribe" | "unsubscribe"} op @param {string} pair */
  #ask(op, pair) {
    if (this.state === "live") this.#socket?.send(JSON.stringify({ op, prices: [pair], id: PRICES }));
  }

  #connect() {
    this.#set("connecting");
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}${addressOf("/api/stream")}`);
    this.#socket = socket;
    this.#expectWithin(socket, LONGEST_WAIT_MS);
    let heartbeatMs = LONGEST_WAIT_MS;
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === "connected") heartbeatMs = message.heartbeatMs;
      this.#expectWithin(socket, 2 * heartbeatMs + 1000);
      this.#receive(socket, message);
    });
    socket.addEventListener("close", () => this.#retryLater(socket));
  }

  /** @param {WebSocket} socket @param {any} message */
  #receive(socket, message) {
    switch (message.type) {
      case "connected":
        this.#cursor ??= message.cursor;
        socket.send(JSON.stringify({ op: "subscribe", orders: "*", cursor: this.#cursor }));
        break;
      case "subscribed":
        if (message.prices) break;
        this.#failures = 0;
        this.#set("live");
        // each on its own: a pair that the engine refuses takes no other one with it
        for (const pair of this.#pairs.keys()) this.#ask("subscribe", pair);
        if (this.#isFresh) this.dispatchEvent(new Event("fresh"));
        this.#isFresh = false;
        break;
      case "event":
        this.#cursor = message.cursor;
        this.dispatchEvent(new CustomEvent("event", { detail: /** @type {OrderEvent} */ (message) }));
        break;
      case "prices":
        this.dispatchEvent(new CustomEvent("prices", { detail: /** @type {Prices} */ (message) }));
        break;
      case "heartbeat":
        this.#cursor = message.cursor;
        break;
      case "error":
        if (message.id === PRICES) break; // a pair that no venue knows has no prices
        if (message.status < 500) {
          this.#cursor = undefined;
          this.#isFresh = true;
        }
        socket.close();
        break;
      default:
    }
  }

  /** A connection can die without a word: one that misses two heartbeats is given up. @param {WebSocket} socket @param {number} ms */
  #expectWithin(socket, ms) {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => {
      socket.close();
      this.#retryLater(socket);
    }, ms);
  }

  /** @param {WebSocket} socket */
  #retryLater(socket) {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    clearTimeout(this.#silenceTimer);
    const wait = Math.min(FIRST_WAIT_MS * 2 ** this.#failures, LONGEST_WAIT_MS) * (0.5 + Math.random() / 2);
    this.#failures += 1;
    this.retryAt = Date.now() + wait;
    this.#retryTimer = setTimeout(() => this.#connect(), wait);
    this.#set("offline");
  }

  /** @param {Stream["state"]} state */
  #set(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
