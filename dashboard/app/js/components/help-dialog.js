import { Component, h } from "../core/dom.js";
import { isNotifying, notify } from "../core/outcome.js";
import { all, areOn, turn } from "../core/shortcuts.js";

/** The shortcuts of the view, and the switch that turns them off. */
export class HelpDialog extends Component {
  #list = h("dl", { class: "pairs" });
  #isOn = h("input", { type: "checkbox", onchange: () => turn(this.#isOn.checked) });
  #isNotifying = h("input", { type: "checkbox", onchange: async () => { this.#isNotifying.checked = await notify(this.#isNotifying.checked); } });
  #dialog = h("dialog", { class: "help", "aria-labelledby": "help-title" },
    h("h2", { id: "help-title" }, "Keyboard shortcuts"),
    this.#list,
    h("form", { method: "dialog" },
      h("div", {}, h("label", { class: "check" }, this.#isOn, "Single-key shortcuts"),
        h("label", { class: "check" }, this.#isNotifying, "Notify me when my orders end")),
      h("button", { class: "button" }, "Close")));

  /** @override */
  start() {
    this.append(this.#dialog);
  }

  open() {
    this.#isOn.checked = areOn();
    this.#isNotifying.checked = isNotifying();
    this.#list.replaceChildren(...all().flatMap(({ keys, label }) => [h("dt", {}, label), h("dd", {}, h("kbd", {}, keys))]),
      h("dt", {}, "Move in the orders, open one"), h("dd", {}, h("kbd", {}, "↑"), " ", h("kbd", {}, "↓"), " ", h("kbd", {}, "Enter")),
      h("dt", {}, "Cancel the order one is on, after a question"), h("dd", {}, h("kbd", {}, "Delete")));
    this.#dialog.showModal();
  }
}

customElements.define("help-dialog", HelpDialog);
