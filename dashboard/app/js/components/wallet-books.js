/** @import { BookEntry } from "../core/types.js" */
/** @import { ApiError } from "../core/api.js" */
import { addressOf } from "../core/address.js";
import { joined } from "../core/books.js";
import { Component, h, redraw, setText, wide } from "../core/dom.js";
import { books, booksPath, exportPath } from "../core/wallet-api.js";
import { booksTable } from "./books-table.js";

const PAGE = 25;

/** A wallet's books, newest first: a page, more of them on request, and all of them as a file. */
export class WalletBooks extends Component {
  /** @type {BookEntry[]} */
  #entries = [];
  /** @type {string | undefined} */
  #next;
  #name = "";
  #table = wide("Postings");
  #csv = h("a", { class: "button", download: "postings.csv", title: "Download all postings as CSV" }, "CSV");
  #json = h("a", { class: "button", download: "postings.jsonl", title: "Download all entries as JSON Lines" }, "JSON Lines");
  #older = h("button", { class: "button", type: "button", hidden: true, onclick: () => void this.#more() }, "Show older postings");
  #problem = h("p", { class: "field-error", role: "alert" });

  /** @override */
  start() {
    this.append(h("section", { class: "panel", "aria-labelledby": "books-title" },
      h("div", { class: "panel-head" }, h("h2", { id: "books-title" }, "Postings"), h("span", { class: "end exports" }, h("span", { class: "faint wide-only" }, "Export"), this.#csv, this.#json)),
      this.#table, h("div", { class: "panel-foot" }, this.#older, this.#problem)));
  }

  /** Reads what is new of a wallet. @param {string} name */
  async read(name) {
    if (name !== this.#name) this.#begin(name);
    await this.#try(async () => {
      const { entries, next } = await books(booksPath(name, PAGE));
      if (name !== this.#name) return;
      const all = joined(entries, this.#entries);
      if (!all || this.#entries.length === 0) this.#next = next;
      this.#entries = all ?? entries;
    });
  }

  /** @param {string} name */
  #begin(name) {
    this.#name = name;
    this.#entries = [];
    this.#next = undefined;
    redraw(this.#table, h("p", { class: "notice" }, "Loading…"));
    this.#csv.href = addressOf(exportPath(name, "csv"));
    this.#json.href = addressOf(exportPath(name, "jsonl"));
  }

  async #more() {
    const [name, path] = [this.#name, this.#next];
    if (!path) return;
    this.#older.disabled = true;
    await this.#try(async () => {
      const { entries, next } = await books(path);
      if (name !== this.#name || path !== this.#next) return;
      this.#entries.push(...entries);
      this.#next = next;
    });
    this.#older.disabled = false;
  }

  /** @param {() => Promise<void>} read */
  async #try(read) {
    try {
      await read();
      setText(this.#problem, "");
    } catch (error) {
      setText(this.#problem, /** @type {ApiError} */ (error).message);
    }
    this.#older.hidden = this.#next === undefined;
    if (this.#entries.length > 0) redraw(this.#table, booksTable(this.#entries));
    else if (!this.#problem.textContent) redraw(this.#table, h("p", { class: "notice" }, "Nothing has moved yet. Orders, deposits and withdrawals appear here."));
    else redraw(this.#table);
  }
}

customElements.define("wallet-books", WalletBooks);
