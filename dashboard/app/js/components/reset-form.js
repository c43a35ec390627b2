/** @import { Risk } from "../core/risk.js" */
/** @import { Wallet } from "../core/types.js" */
/** @import { Amounts } from "../core/wallet-api.js" */
import { readAmounts } from "../core/amounts.js";
import * as api from "../core/api.js";
import { tell } from "../core/app.js";
import { Component, h, setText } from "../core/dom.js";
import { amount, money } from "../core/format.js";
import { TOKENS } from "../core/listings.js";
import { Once } from "../core/once.js";
import { change as ask } from "../core/wallet-api.js";
import { change } from "../core/wallet-change.js";
import { complain } from "./ticket-fields.js";
import "./confirm-dialog.js";

/** Resets a wallet, once that is confirmed. */
export class ResetForm extends Component {
  #once = new Once();
  #balances = h("input", { class: "input", id: "reset-balances", autocomplete: "off", spellcheck: "false", placeholder: "SOL=10, USDC=1500", "aria-describedby": "reset-error reset-note" });
  #error = h("p", { class: "field-error", id: "reset-error" });
  #button = h("button", { class: "button" }, "Reset…");
  #problem = h("p", { class: "field-error", role: "alert" });
  #confirm = /** @type {import("./confirm-dialog.js").ConfirmDialog} */ (document.createElement("confirm-dialog"));
  /** @type {Wallet | undefined} */
  #wallet;

  /** @override */
  start() {
    this.append(h("form", { class: "wallet-form", novalidate: true, onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); void this.#reset(); } },
      h("div", { class: "field" }, h("label", { for: "reset-balances" }, "Starting balances"), this.#balances, this.#error,
        h("p", { class: "field-note", id: "reset-note" }, "Leave empty to use PAPER_BALANCES.")),
      this.#button, this.#problem), this.#confirm);
  }

  /** @param {Wallet} wallet */
  show(wallet) {
    this.#wallet = wallet;
  }

  async #reset() {
    const wallet = this.#wallet;
    const { amounts, problem = "" } = readAmounts(this.#balances.value, TOKENS);
    complain(this.#balances, this.#error, problem);
    if (!wallet || !amounts || this.#button.disabled) return;
    const isUsual = Object.keys(amounts).length === 0;
    const replacement = isUsual ? await usualBalances() : list(amounts);
    if (!(await this.#confirm.ask(`Reset the wallet ${wallet.name}?`, consequences(wallet, replacement), "Reset the wallet", "Keep it as it is"))) return;
    const body = isUsual ? {} : { balances: amounts };
    setText(this.#button, "Resetting…");
    const done = await change(this.#button, this.#problem, this.#once, () => ask("reset", wallet.id, body, this.#once.keyFor("reset", wallet.id, body)));
    setText(this.#button, "Reset…");
    if (done) tell(`The wallet ${wallet.name} was reset.`);
  }
}

/** @param {Wallet} wallet @param {string} replacement @returns {Risk[]} */
function consequences({ balances, value, quoteToken }, replacement) {
  const held = balances.filter((balance) => /[1-9]/.test(balance.held)).map((balance) => `${amount(balance.held)} ${balance.token}`);
  return [
    { level: "danger", text: held.length > 0
      ? `Canceled first: its open orders, which hold ${held.join(", ")}. One that was submitted may still land.`
      : "Canceled first: its open orders. None holds anything now." },
    { level: "danger", text: `Replaced: all balances, ${money(value)} ${quoteToken} in all, with ${replacement}.` },
    { level: "warning", text: "Profit and loss and the value chart start over. Orders and postings are kept." },
  ];
}

/** @param {Amounts} amounts */
function list(amounts) {
  return Object.entries(amounts).map(([symbol, size]) => `${amount(size)} ${symbol}`).join(", ");
}

/** What PAPER_BALANCES says, if the engine tells. */
async function usualBalances() {
  const { settings } = (await api.engine().catch(() => undefined)) ?? {};
  const { amounts } = readAmounts(settings?.find(({ name }) => name === "PAPER_BALANCES")?.value ?? "", TOKENS);
  return amounts && Object.keys(amounts).length > 0 ? list(amounts) : "those of PAPER_BALANCES";
}

customElements.define("reset-form", ResetForm);
