/** @import { Risk } from "../core/risk.js" */
import { Component, h } from "../core/dom.js";

/** A page may have several of them. */
let count = 0;

/** Asks before something that may cost money. The refusal has the focus, so a held Enter does nothing, and neither does the second half of a double click. */
export class ConfirmDialog extends Component {
  #id = `confirm-${(count += 1)}`;
  #title = h("h2", { id: `${this.#id}-title` });
  #risks = h("ul", { class: "risks", id: `${this.#id}-risks` });
  #yes = h("button", { class: "button danger", value: "yes", onclick: (/** @type {MouseEvent} */ event) => { if (event.detail > 1) event.preventDefault(); } });
  #no = h("button", { class: "button", value: "no", autofocus: true });
  #dialog = h("dialog", { class: "confirm", role: "alertdialog", "aria-labelledby": this.#title.id, "aria-describedby": this.#risks.id },
    this.#title, this.#risks,
    h("form", { method: "dialog" }, this.#no, this.#yes));

  /** @override */
  start() {
    this.append(this.#dialog);
  }

  /** @param {string} title @param {Risk[]} risks @param {string} action @param {string} [refusal] @returns {Promise<boolean>} */
  ask(title, risks, action, refusal = "Cancel") {
    this.#title.textContent = title;
    this.#risks.replaceChildren(...risks.map(({ level, text }) => h("li", { class: "risk", "data-level": level }, text)));
    this.#yes.textContent = action;
    this.#no.textContent = refusal;
    this.#dialog.returnValue = "no";
    this.#dialog.showModal();
    return new Promise((resolve) => this.#dialog.addEventListener("close", () => resolve(this.#dialog.returnValue === "yes"), { once: true }));
  }
}

customElements.define("confirm-dialog", ConfirmDialog);
