/** @import { Risk } from "../core/risk.js" */
import { Component, h } from "../core/dom.js";

/** Longer than the pause in any double click. */
const DEAD_MS = 1000;

/** A page may have several of them. */
let count = 0;

/** Asks before something that may cost money. The refusal has the focus, so a held Enter does nothing; nor does the second half of a double click, however slow. */
export class ConfirmDialog extends Component {
  #id = `confirm-${(count += 1)}`;
  #title = h("h2", { id: `${this.#id}-title` });
  #risks = h("ul", { class: "risks", id: `${this.#id}-risks` });
  #yes = h("button", { class: "button danger", value: "yes" });
  #no = h("button", { class: "button", value: "no", autofocus: true });
  #dialog = h("dialog", { class: "confirm", role: "alertdialog", "aria-labelledby": this.#title.id, "aria-describedby": this.#risks.id },
    this.#title, this.#risks,
    h("form", { method: "dialog" }, this.#no, this.#yes));

  /** @type {((isYes: boolean) => void) | undefined} */
  #resolve;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #alive;

  /** @override */
  start() {
    this.append(this.#dialog);
    this.#dialog.addEventListener("close", () => this.#dialog.open || this.#settle());
  }

  /** @param {string} title @param {Risk[]} risks @param {string} action @param {string} [refusal] @returns {Promise<boolean>} */
  ask(title, risks, action, refusal = "Cancel") {
    this.#settle(); // the close of an earlier question may not have been reported yet
    this.#title.textContent = title;
    this.#risks.replaceChildren(...risks.map(({ level, text }) => h("li", { class: "risk", "data-level": level }, text)));
    this.#yes.textContent = action;
    this.#no.textContent = refusal;
    this.#dialog.returnValue = "no";
    this.#yes.disabled = true;
    this.#alive = setTimeout(() => (this.#yes.disabled = false), DEAD_MS);
    this.#dialog.showModal();
    return new Promise((resolve) => (this.#resolve = resolve));
  }

  #settle() {
    clearTimeout(this.#alive);
    this.#resolve?.(this.#dialog.returnValue === "yes");
    this.#resolve = undefined;
  }
}

customElements.define("confirm-dialog", ConfirmDialog);
