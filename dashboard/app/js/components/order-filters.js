/** @import { Filter, SortKey } from "../core/order-filter.js" */
import { addressOf } from "../core/address.js";
import * as api from "../core/api.js";
import { book, list, wallets } from "../core/app.js";
import { FAILURE_CODES, STATUSES } from "../core/codes.js";
import { Component, h, icon, redraw, setText } from "../core/dom.js";
import { amount, words } from "../core/format.js";
import { TOKENS, VENUES } from "../core/listings.js";
import { ALL_ORDERS, PARKED, UUID, filterOf, isNarrow, leftOut, parametersOf, selection } from "../core/order-filter.js";
import { router } from "../core/router.js";
import { shortcut } from "../core/shortcuts.js";
import "./left-out.js";

/** @type {[SortKey, string][]} */
const SORTS = [["createdAt", "Time"], ["updatedAt", "Last change"], ["duration", "Duration"], ["attempt", "Attempts"]];
const TYPING_MS = 300;
const DETAILS = /** @type {const} */ (["pair", "side", "venue", "failureCode", "wallet", "from", "to"]);

/** Which orders are listed, and in which order: kept in the address, found by the engine. */
export class OrderFilters extends Component {
  #status = select("Status", [], () => this.#choose());
  #search = h("input", { class: "input", id: "search", type: "search", placeholder: "Id, signature, token, pair, tag…", "aria-label": "Search orders", spellcheck: "false", autocomplete: "off",
    oninput: () => this.#type(), onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && void this.#openSearched() });
  #sort = select("Sort by", SORTS.flatMap(([key, label]) => [[`${key}.desc`, `${label} ↓`], [`${key}.asc`, `${label} ↑`]]), () => this.#choose());
  #pair = h("input", { class: "input", "aria-label": "Pair", placeholder: "SOL/USDC", list: "pairs", autocomplete: "off", spellcheck: "false", onchange: () => this.#choose() });
  #side = select("Side", [["", "Both sides"], ["buy", "Buy"], ["sell", "Sell"]], () => this.#choose());
  #venue = select("Venue", [["", "Any venue"], ...VENUES.map(({ id, name }) => /** @type {[string, string]} */ ([id, name]))], () => this.#choose());
  #failure = select("Failure", [["", "Any failure"], ...FAILURE_CODES.map((code) => /** @type {[string, string]} */ ([code, words(code)]))], () => this.#choose());
  #wallet = select("Traded from", [["", "Any wallet"]], () => this.#choose());
  #from = h("input", { class: "input", type: "datetime-local", step: 1, "aria-label": "From", onchange: () => this.#choose() });
  #to = h("input", { class: "input", type: "datetime-local", step: 1, "aria-label": "Until", onchange: () => this.#choose() });
  #more = h("button", { class: "button", type: "button", "aria-expanded": "false", "aria-controls": "order-details", onclick: () => this.#toggle() }, "Filters");
  #details = h("div", { class: "filter-details", id: "order-details", hidden: true });
  #csv = h("a", { class: "button", download: "orders.csv" }, "CSV");
  #json = h("a", { class: "button", download: "orders.jsonl" }, "JSON");
  #traded = h("p", { class: "filter-traded muted", hidden: true });
  #leftOut = /** @type {import("./left-out.js").LeftOut} */ (document.createElement("left-out"));
  #typing = 0;

  /** @override */
  start() {
    const bases = TOKENS.map(({ symbol }) => symbol).filter((symbol) => symbol !== "USDC");
    this.#details.replaceChildren(
      this.#pair, h("datalist", { id: "pairs" }, bases.map((base) => h("option", { value: `${base}/USDC` }))), this.#side, this.#venue, this.#failure, this.#wallet,
      h("label", { class: "filter-time" }, "From", this.#from), h("label", { class: "filter-time" }, "until", this.#to),
      h("button", { class: "button quiet", type: "button", onclick: () => this.clear() }, "Clear"));
    this.append(
      h("div", { class: "filter-row" }, this.#status, h("div", { class: "search" }, icon("search"), this.#search), this.#more, this.#sort,
        h("span", { class: "exports" }, h("span", { class: "faint wide-only" }, "Export"), this.#csv, this.#json)),
      this.#details, this.#leftOut, this.#traded);
    this.gone.addEventListener("abort", () => clearTimeout(this.#typing));
    this.listen(list, "change", () => this.#drawCounts());
    this.listen(wallets, "change", () => this.#drawWallets(this.#wallet.value));
    shortcut("/", "Search orders", () => this.#search.focus(), this.gone);
    const filter = filterOf(router.query);
    this.#show(filter);
    this.#leftOut.show(leftOut(router.query));
    list.choose(filter);
    this.#drawCounts();
  }

  /** Lists all orders again. */
  clear() {
    this.#show({ ...ALL_ORDERS, sort: list.filter.sort, order: list.filter.order });
    this.#choose();
  }

  /** @param {Filter} filter */
  #show(filter) {
    this.#drawStatuses(filter.status);
    this.#search.value = filter.q;
    this.#sort.value = `${filter.sort}.${filter.order}`;
    this.#pair.value = filter.pair;
    this.#side.value = filter.side;
    this.#side.disabled = filter.pair === "";
    choose(this.#venue, filter.venue);
    choose(this.#failure, filter.failureCode);
    this.#drawWallets(filter.wallet);
    this.#from.value = localTime(filter.from);
    this.#to.value = localTime(filter.to);
    const count = DETAILS.filter((name) => filter[name] !== "").length;
    setText(this.#more, count > 0 ? `Filters (${count})` : "Filters");
    if (count > 0) this.#toggle(true);
    for (const [link, format] of /** @type {const} */ ([[this.#csv, "csv"], [this.#json, "jsonl"]])) {
      link.href = addressOf(`/api/orders/export?${new URLSearchParams([["format", format], ...selection(filter)])}`);
      link.title = `Download the orders of this filter as ${format === "csv" ? "CSV" : "JSON Lines"}`;
    }
  }

  #toggle(isOpen = this.#details.hidden) {
    this.#details.hidden = !isOpen;
    this.#more.setAttribute("aria-expanded", String(isOpen));
  }

  /** What is chosen now. @returns {Filter} */
  get #filter() {
    const [sort, order] = /** @type {[SortKey, "asc" | "desc"]} */ (this.#sort.value.split("."));
    const pair = this.#pair.value.trim();
    return {
      status: this.#status.value, q: this.#search.value.trim(), pair, side: pair ? this.#side.value : "", venue: this.#venue.value,
      failureCode: this.#failure.value, wallet: this.#wallet.value, from: utc(this.#from.value), to: utc(this.#to.value), sort, order,
    };
  }

  #choose(isStep = true) {
    clearTimeout(this.#typing);
    const filter = this.#filter;
    this.#show(filter);
    this.#leftOut.show([]);
    router.keep(parametersOf(filter), isStep);
    list.choose(filter);
  }

  /** A search is one step in the history, however many letters it has. */
  #find() {
    this.#choose((list.filter.q === "") !== (this.#search.value.trim() === ""));
  }

  /** The engine is not asked for every letter. */
  #type() {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.#find(), TYPING_MS);
  }

  /** An order's id leads to the order. The id may as well be a client's own, which is searched for. */
  async #openSearched() {
    clearTimeout(this.#typing);
    const wanted = this.#search.value.trim();
    const found = UUID.test(wanted) ? await api.order(wanted.toLowerCase()).catch(() => undefined) : undefined;
    if (!this.isConnected || this.#search.value.trim() !== wanted) return;
    if (!found) return this.#find();
    book.take(found);
    router.go(addressOf(`/orders/${found.id}`));
  }

  #drawCounts() {
    const { summary } = list;
    this.#drawStatuses(this.#status.value || list.filter.status);
    const isShown = summary !== undefined && isNarrow(list.filter) && summary.traded.length > 0;
    this.#traded.hidden = !isShown;
    if (!isShown) return;
    const sums = summary.traded.slice(0, 3).map(({ tokenIn, tokenOut, amountIn, amountOut }) => `${amount(amountIn)} ${tokenIn} → ${amount(amountOut)} ${tokenOut}`);
    const others = summary.traded.length - sums.length;
    setText(this.#traded, `Traded${summary.isComplete ? "" : " in the newest 10,000"}: ${sums.join(" · ")}${others > 0 ? ` · ${others} more` : ""}`);
  }

  /** Offers the wallets where there is more than one. @param {string} chosen name or id */
  #drawWallets(chosen) {
    const all = wallets.all ?? [];
    this.#wallet.hidden = all.length < 2 && chosen === "";
    const options = [["", "Any wallet"], ...all.map(({ id, name }) => [id, name])];
    const value = wallets.find(chosen)?.id ?? chosen;
    if (!options.some(([id]) => id === value)) options.push([value, value]);
    redraw(this.#wallet, options.map(([id, name]) => h("option", { value: id, "data-id": id }, name)));
    this.#wallet.value = value;
  }

  /** With the number of orders in each status, where they are known. @param {string} chosen */
  #drawStatuses(chosen) {
    const counts = chosen ? undefined : list.summary;
    const more = counts && !counts.isComplete ? "+" : "";
    const count = (/** @type {number | undefined} */ value) => (counts ? ` (${amount(String(value ?? 0))}${more})` : "");
    /** @type {[string, string][]} */
    const options = [["", `Any status${count(counts?.total)}`], ...STATUSES.map((status) => /** @type {[string, string]} */ ([status, words(status) + count(counts?.byStatus[status])])), [PARKED, "Parked"]];
    if (!options.some(([value]) => value === chosen)) options.push([chosen, words(chosen)]);
    const key = JSON.stringify([options, chosen]);
    if (this.#status.dataset.key === key) return;
    this.#status.dataset.key = key;
    redraw(this.#status, options.map(([value, label]) => h("option", { value, selected: value === chosen }, label)));
    this.#status.value = chosen;
  }
}

/** Chooses a value, also one that is not offered, as of a later engine. @param {HTMLSelectElement} select @param {string} value */
function choose(select, value) {
  if (![...select.options].some((option) => option.value === value)) select.append(h("option", { value }, words(value)));
  select.value = value;
}

/** @param {string} label @param {[string, string][] | string[][]} options @param {() => void} changed */
function select(label, options, changed) {
  return h("select", { class: "select", "aria-label": label, onchange: changed }, options.map(([value, text]) => h("option", { value }, text)));
}

/** What a field for local times shows. @param {string} iso */
function localTime(iso) {
  if (!iso) return "";
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? "" : new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** @param {string} local */
function utc(local) {
  return local ? new Date(local).toISOString() : "";
}

customElements.define("order-filters", OrderFilters);
