/** @import { Risk } from "../core/risk.js" */
import { Component, h } from "../core/dom.js";

/** Asks before something that may cost money. Cancel has the focus, so a held Enter places nothing. */
export class ConfirmDialog extends Component {
  #title = h("h2", { id: "confirm-title" });
  #risks = h("ul", { class: "risks", id: "confirm-risks" });
  #yes = h("button", { class: "button danger", value: "yes" });
  #dialog = h("dialog", { class: "confirm", role: "alertdialog", "aria-labelledby": "confirm-title", "aria-describedby": "confirm-risks" },
    this.#title, this.#risks,
    h("form", { method: "dialog" }, h("button", { class: "button", value: "no", autofocus: true }, "Cancel"), this.#yes));

  /** @override */
  start() {
    this.append(this.#dialog);
  }

  /** @param {string} title @param {Risk[]} risks @param {string} action @returns {Promise<boolean>} */
  ask(title, risks, action) {
    this.#title.textContent = title;
    this.#risks.replaceChildren(...risks.map(({ level, text }) => h("li", { class: "risk", "data-level": level }, text)));
    this.#yes.textContent = action;
    this.#dialog.returnValue = "no";
    this.#dialog.showModal();
    return new Promise((resolve) => this.#dialog.addEventListener("close", () => resolve(this.#dialog.returnValue === "yes"), { once: true }));
  }
}

customElements.define("confirm-dialog", ConfirmDialog);
