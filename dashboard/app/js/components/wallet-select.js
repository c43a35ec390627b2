import { wallets } from "../core/app.js";
import { Component, h, redraw } from "../core/dom.js";
import { DEFAULT } from "../core/wallets.js";

/** Which wallet is meant, where there is more than one. Sends `choose`. */
export class WalletSelect extends Component {
  #select = h("select", { class: "select", "aria-label": "Wallet", onchange: () => this.#choose() });
  /** Its name, or what else an address has for it. */
  value = DEFAULT;

  /** @override */
  start() {
    this.append(this.#select);
    this.listen(wallets, "change", () => this.#draw());
    this.#draw();
  }

  /** @param {string} name */
  show(name) {
    this.value = name;
    this.#draw();
  }

  #choose() {
    this.value = this.#select.value;
    this.dispatchEvent(new Event("choose"));
  }

  #draw() {
    const all = wallets.all ?? [];
    this.hidden = all.length < 2;
    redraw(this.#select, all.map(({ name }) => h("option", { value: name, "data-id": name }, name)));
    this.#select.value = wallets.find(this.value)?.name ?? this.value;
  }
}

customElements.define("wallet-select", WalletSelect);
