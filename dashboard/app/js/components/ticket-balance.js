/** @import { Token } from "../core/types.js" */
import { addressOf } from "../core/address.js";
import { wallets } from "../core/app.js";
import { freeOf, shareOf } from "../core/balance.js";
import { Component, h, redraw } from "../core/dom.js";
import { brief } from "../core/format.js";
import { MARKET } from "../core/listings.js";
import { walletPath } from "../core/wallets.js";

const SHARES = [25, 50, 75, 100];

/** What the wallet of the ticket has free of the token that is spent, and parts of it to spend. Sends `share` (detail: the amount). */
export class TicketBalance extends Component {
  /** What is free, for a place of the ticket's own. */
  free = h("span", { class: "field-note", id: "free" });
  #buttons = SHARES.map((percent) => h("button", { class: "button", type: "button", onclick: () => this.#choose(percent) }, `${percent} %`));
  /** @type {Token | undefined} */
  #token;
  #wallet = "";

  /** @override */
  start() {
    this.append(h("div", { class: "shares", role: "group", "aria-label": "Part of what is free" }, this.#buttons));
    this.listen(wallets, "change", () => this.#draw());
    this.#draw();
  }

  /** @param {string} wallet @param {Token | undefined} token that is spent */
  show(wallet, token) {
    this.#wallet = wallet;
    this.#token = token;
    this.#draw();
  }

  #draw() {
    const wallet = wallets.find(this.#wallet);
    const symbol = this.#token?.symbol ?? "";
    const isKnown = wallet !== undefined && this.#token !== undefined;
    redraw(this.free, isKnown
      ? ["Free: ", h("a", { href: addressOf(walletPath(wallet.name)), title: `The wallet ${wallet.name}` }, `${brief(freeOf(wallet, symbol))} ${symbol}`)]
      : wallets.error ? "Free: unknown" : "");
    SHARES.forEach((percent, index) => {
      const button = this.#buttons[index];
      if (button) button.disabled = !isKnown || !/[1-9]/.test(this.#share(percent) ?? "");
    });
  }

  /** @param {number} percent */
  #share(percent) {
    const wallet = wallets.find(this.#wallet);
    return wallet && this.#token && shareOf(freeOf(wallet, this.#token.symbol), percent, this.#token, MARKET);
  }

  /** @param {number} percent */
  #choose(percent) {
    this.dispatchEvent(new CustomEvent("share", { detail: this.#share(percent) }));
  }
}

customElements.define("ticket-balance", TicketBalance);
