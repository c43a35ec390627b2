/** @import { Wallet } from "../core/types.js" */
import { tell } from "../core/app.js";
import { freeOf } from "../core/balance.js";
import { readAmount } from "../core/decimal.js";
import { Component, h, setText } from "../core/dom.js";
import { amount } from "../core/format.js";
import { TOKENS } from "../core/listings.js";
import { Once } from "../core/once.js";
import { change as ask } from "../core/wallet-api.js";
import { change } from "../core/wallet-change.js";
import { complain, picked, segments, selectIn, tokenSelect } from "./ticket-fields.js";

/** Pays paper money into a wallet, or out of it. */
export class TransferForm extends Component {
  #once = new Once();
  #action = segments("transfer", "Direction", [["deposit", "Deposit"], ["withdraw", "Withdraw"]], "deposit", () => this.#check());
  #amount = h("input", { class: "input", id: "transfer-amount", inputmode: "decimal", autocomplete: "off", spellcheck: "false", "aria-describedby": "transfer-error transfer-free", oninput: () => this.#check() });
  #token = tokenSelect("Token to move", () => this.#check());
  #error = h("p", { class: "field-error", id: "transfer-error" });
  #free = h("p", { class: "field-note", id: "transfer-free" });
  #button = h("button", { class: "button primary" });
  #problem = h("p", { class: "field-error", role: "alert" });
  /** @type {Wallet | undefined} */
  #wallet;

  /** @override */
  start() {
    this.append(h("form", { class: "wallet-form", novalidate: true, onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); void this.#send(); } },
      this.#action,
      h("div", { class: "field" }, h("label", { for: "transfer-amount" }, "Amount"), h("div", { class: "ticket-amount" }, this.#amount, this.#token), this.#error, this.#free),
      this.#button, this.#problem));
    this.#check();
  }

  /** @param {Wallet} wallet */
  show(wallet) {
    this.#wallet = wallet;
    this.#check();
  }

  /** What is to be moved, if that is clear; the button says what it does, or why it does nothing. */
  #check() {
    const symbol = selectIn(this.#token).value;
    const token = TOKENS.find((each) => each.symbol === symbol);
    const isEmpty = this.#amount.value.trim() === "";
    const read = token && !isEmpty ? readAmount(this.#amount.value, token) : undefined;
    complain(this.#amount, this.#error, read?.problem ?? "");
    setText(this.#free, this.#wallet ? `Free: ${amount(freeOf(this.#wallet, symbol))} ${symbol}` : "");
    const action = picked(this.#action) === "deposit" ? "Deposit" : "Withdraw";
    this.#button.disabled = read?.value === undefined;
    setText(this.#button, isEmpty ? "Enter an amount" : read?.value === undefined ? "Correct the amount" : `${action} ${amount(read.value)} ${symbol}`);
    return read?.value === undefined ? undefined : { symbol, size: read.value };
  }

  async #send() {
    const [meant, wallet] = [this.#check(), this.#wallet];
    if (!meant || !wallet || this.#button.disabled) return;
    const action = /** @type {"deposit" | "withdraw"} */ (picked(this.#action));
    const body = { amounts: { [meant.symbol]: meant.size } };
    const done = await change(this.#button, this.#problem, this.#once, () => ask(action, wallet.id, body, this.#once.keyFor(action, wallet.id, body)));
    if (!done) return;
    tell(`${amount(meant.size)} ${meant.symbol} ${action === "deposit" ? "deposited" : "withdrawn"}.`);
    this.#amount.value = ""; // the second half of a double click moves nothing
    this.#check();
  }
}

customElements.define("transfer-form", TransferForm);
