import { readAmounts } from "../core/amounts.js";
import { tell } from "../core/app.js";
import { Component, h } from "../core/dom.js";
import { TOKENS } from "../core/listings.js";
import { Once } from "../core/once.js";
import { open } from "../core/wallet-api.js";
import { change } from "../core/wallet-change.js";
import { complain } from "./ticket-fields.js";

/** Opens another paper wallet. Sends `open` (detail: its name). */
export class OpenForm extends Component {
  #once = new Once();
  #name = h("input", { class: "input", id: "open-name", maxlength: 64, autocomplete: "off", spellcheck: "false", "aria-describedby": "open-name-error" });
  #nameError = h("p", { class: "field-error", id: "open-name-error" });
  #balances = h("input", { class: "input", id: "open-balances", autocomplete: "off", spellcheck: "false", placeholder: "SOL=10, USDC=1500", "aria-describedby": "open-error" });
  #error = h("p", { class: "field-error", id: "open-error" });
  #button = h("button", { class: "button" }, "Open the wallet");
  #problem = h("p", { class: "field-error", role: "alert" });

  /** @override */
  start() {
    this.append(h("form", { class: "wallet-form", novalidate: true, onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); void this.#open(); } },
      h("div", { class: "field" }, h("label", { for: "open-name" }, "Name"), this.#name, this.#nameError),
      h("div", { class: "field" }, h("label", { for: "open-balances" }, "Opening balances"), this.#balances, this.#error),
      this.#button, this.#problem));
  }

  async #open() {
    const name = this.#name.value.trim();
    const { amounts, problem = "" } = readAmounts(this.#balances.value, TOKENS);
    complain(this.#name, this.#nameError, name === "" ? "Enter a name" : "");
    complain(this.#balances, this.#error, problem);
    if (!name || !amounts || this.#button.disabled) return;
    const body = { name, balances: amounts };
    const opened = await change(this.#button, this.#problem, this.#once, () => open(body, this.#once.keyFor(body)));
    if (!opened) return;
    this.#name.value = this.#balances.value = "";
    tell(`The wallet ${name} is open.`);
    this.dispatchEvent(new CustomEvent("open", { detail: name }));
  }
}

customElements.define("open-form", OpenForm);
