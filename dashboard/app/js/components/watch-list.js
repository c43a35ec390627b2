import { market, stream } from "../core/app.js";
import { Component, h, redraw, setText, wide } from "../core/dom.js";
import { oncePerFrame } from "../core/frames.js";
import { percent, shownPrice } from "../core/format.js";
import { MARKET, TOKENS, VENUES } from "../core/listings.js";

const STORED = "watchlist";
const USUAL = ["SOL/USDC", "JUP/USDC", "BONK/USDC", "RAY/USDC", "JTO/USDC"];
/** The engine sends the prices of twenty pairs to a page, the chosen one included. */
const MOST = 18;
/** Prices come more often than anybody reads them. */
const DRAWN_MS = 250;

/** Several pairs with their best bid and ask; one of them is the pair that is looked at. */
export class WatchList extends Component {
  #table = wide("Prices of the watchlist");
  #crossed = h("p", { class: "field-note crossed", hidden: true }, `A negative spread: one venue pays more than another one charges. ${MARKET?.mode === "paper" ? "The venues of the paper market differ on purpose." : ""}`);
  #pair = h("input", { class: "input", "aria-label": "Pair to add", placeholder: "WIF/USDC", list: "watch-pairs", autocomplete: "off", spellcheck: "false" });
  #problem = h("span", { class: "field-error", role: "alert" });
  /** @type {string[]} */
  #pairs = stored();
  /** Ends the prices of a pair that is taken off the list. @type {Map<string, AbortController>} */
  #watched = new Map();
  #draw = oncePerFrame(() => this.isConnected && this.#drawNow(), DRAWN_MS);

  /** @override */
  start() {
    const bases = TOKENS.map(({ symbol }) => symbol).filter((symbol) => symbol !== "USDC");
    this.append(h("section", { class: "panel watchlist", "aria-labelledby": "watch-title" },
      h("div", { class: "panel-head" }, h("h2", { id: "watch-title" }, "Watchlist"), h("span", { class: "end faint" }, "best bid and ask, live")), this.#table, this.#crossed,
      h("form", { class: "add", onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); this.#add(); } },
        this.#pair, h("datalist", { id: "watch-pairs" }, bases.map((base) => h("option", { value: `${base}/USDC` }))),
        h("button", { class: "button" }, "Add"), this.#problem)));
    this.gone.addEventListener("abort", () => this.#watched.forEach((watch) => watch.abort()));
    this.listen(market, "prices", () => this.#draw());
    this.listen(market, "pair", () => this.#drawNow());
    this.#watched.clear();
    for (const pair of this.#pairs) this.#watch(pair);
    this.#drawNow();
  }

  /** @param {string} pair */
  #watch(pair) {
    const watch = new AbortController();
    this.#watched.set(pair, watch);
    stream.watchPrices(pair, watch.signal);
  }

  #add() {
    const symbols = this.#pair.value.trim().split("/").map((name) => TOKENS.find(({ symbol }) => symbol.toUpperCase() === name.trim().toUpperCase())?.symbol);
    const [base, quote] = symbols;
    const pair = `${base}/${quote}`;
    if (symbols.length !== 2 || !base || !quote || base === quote) return setText(this.#problem, "Two listed tokens, such as WIF/USDC");
    if (this.#pairs.length >= MOST) return setText(this.#problem, `At most ${MOST} pairs`);
    setText(this.#problem, "");
    this.#pair.value = "";
    if (this.#pairs.includes(pair)) return;
    this.#pairs.push(pair);
    this.#watch(pair);
    this.#changed();
  }

  /** @param {string} pair */
  #remove(pair) {
    this.#pairs = this.#pairs.filter((known) => known !== pair);
    this.#watched.get(pair)?.abort();
    this.#watched.delete(pair);
    this.#changed();
  }

  #changed() {
    try {
      localStorage.setItem(STORED, JSON.stringify(this.#pairs));
    } catch {
      // without storage it lasts as long as the page
    }
    this.#drawNow();
  }

  #drawNow() {
    redraw(this.#table, h("table", { class: "table" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Pair"), ["Bid", "Ask", "Spread"].map((label) => h("th", { scope: "col", class: "number" }, label)), h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, "Remove")))),
      h("tbody", {}, this.#pairs.map((pair) => this.#row(pair)))));
    this.#crossed.hidden = !this.#pairs.some(isCrossed);
  }

  /** @param {string} pair */
  #row(pair) {
    const { bid, ask, bidVenue, askVenue } = best(pair);
    return h("tr", { "data-id": pair, "aria-current": String(pair === market.key) },
      h("td", {}, h("button", { type: "button", onclick: () => this.#choose(pair) }, pair)),
      h("td", { class: "number bid", title: bidVenue }, shownPrice(bid)), h("td", { class: "number ask", title: askVenue }, shownPrice(ask)),
      h("td", { class: "number muted spread" }, bid && ask ? percent(((ask - bid) / ask) * 10_000) : "–"),
      h("td", { class: "number" }, h("button", { class: "button quiet icon", type: "button", "aria-label": `Remove ${pair}`, title: "Remove", onclick: () => this.#remove(pair) }, "×")));
  }

  /** @param {string} pair */
  #choose(pair) {
    const [base = "", quote = ""] = pair.split("/");
    market.choose({ base, quote });
  }
}

/** The best prices of a pair, and the venues that quote them. @param {string} pair */
function best(pair) {
  const venues = market.lastOf(pair)?.venues ?? [];
  const named = (/** @type {string | undefined} */ id) => VENUES.find((venue) => venue.id === id)?.name ?? "";
  const bids = venues.filter(({ bid }) => bid).sort((one, other) => Number(other.bid) - Number(one.bid));
  const asks = venues.filter(({ ask }) => ask).sort((one, other) => Number(one.ask) - Number(other.ask));
  const [bid, ask] = [bids[0], asks[0]];
  return { bid: bid && Number(bid.bid), ask: ask && Number(ask.ask), bidVenue: named(bid?.venue), askVenue: named(ask?.venue) };
}

/** Whether one venue pays more for a pair than another one charges. @param {string} pair */
function isCrossed(pair) {
  const { bid, ask } = best(pair);
  return bid !== undefined && ask !== undefined && bid > ask;
}

/** Whether the engine has prices of it: it may trade other tokens than when the pair was stored. @param {unknown} pair */
function isListed(pair) {
  const [base, quote, ...more] = typeof pair === "string" ? pair.split("/") : [];
  const isToken = (/** @type {string | undefined} */ name) => TOKENS.some(({ symbol }) => symbol === name);
  return isToken(base) && isToken(quote) && base !== quote && more.length === 0;
}

/** @returns {string[]} */
function stored() {
  try {
    const pairs = JSON.parse(localStorage.getItem(STORED) ?? "null");
    if (Array.isArray(pairs)) return pairs.filter(isListed).slice(0, MOST);
  } catch {
    // as if nothing had been stored
  }
  return USUAL.filter(isListed);
}

customElements.define("watch-list", WatchList);
