/** @import { ApiError } from "../core/api.js" */
/** @import { Wallet } from "../core/types.js" */
import { addressOf } from "../core/address.js";
import { wallets } from "../core/app.js";
import { Component, h, redraw, setText, wide } from "../core/dom.js";
import { MARKET } from "../core/listings.js";
import { router } from "../core/router.js";
import { equity, pnl } from "../core/wallet-api.js";
import { DEFAULT, walletPath } from "../core/wallets.js";
import { balancesTable, epochOf, pnlTable, sums } from "./wallet-tables.js";
import "./equity-chart.js";
import "./left-out.js";
import "./open-form.js";
import "./reset-form.js";
import "./transfer-form.js";
import "./wallet-books.js";
import "./wallet-select.js";

const EQUITY_MS = 15_000;

/** What a wallet has, what it is worth, what it has earned, and why. */
class PortfolioPage extends Component {
  #name = DEFAULT;
  #select = /** @type {import("./wallet-select.js").WalletSelect} */ (document.createElement("wallet-select"));
  #leftOut = /** @type {import("./left-out.js").LeftOut} */ (document.createElement("left-out"));
  #epoch = h("span", { class: "faint" });
  #notice = h("div", { class: "panel notice" }, "Loading…");
  #problem = h("p", { class: "field-error", role: "alert" });
  #sums = h("dl", { class: "tiles" });
  #curve = /** @type {import("./equity-chart.js").EquityChart} */ (document.createElement("equity-chart"));
  #balances = wide("Balances");
  #pnl = wide("Profit and loss");
  #transfer = /** @type {import("./transfer-form.js").TransferForm} */ (document.createElement("transfer-form"));
  #reset = /** @type {import("./reset-form.js").ResetForm} */ (document.createElement("reset-form"));
  #open = /** @type {import("./open-form.js").OpenForm} */ (document.createElement("open-form"));
  #books = /** @type {import("./wallet-books.js").WalletBooks} */ (document.createElement("wallet-books"));
  #body = h("div", { class: "portfolio", hidden: true });
  /** What cannot be read now, and why. @type {Map<string, string>} */
  #problems = new Map();
  /** The wallet and the epoch of the curve that is shown. */
  #curveOf = "";

  /** @override */
  start() {
    const { query } = router;
    this.#name = query.get("wallet") || DEFAULT;
    this.#select.show(this.#name);
    const panel = (/** @type {string} */ title, /** @type {string} */ name, /** @type {string} */ unit, /** @type {Node[]} */ ...content) =>
      h("section", { class: `panel ${name}`, "aria-label": title }, h("div", { class: "panel-head" }, h("h2", {}, title), unit && h("span", { class: "end faint" }, unit)), ...content);
    const folded = (/** @type {string} */ title, /** @type {Node} */ content) => h("details", {}, h("summary", { class: "panel-head" }, h("h3", {}, title)), content);
    this.#body.replaceChildren(this.#problem, h("section", { class: "panel sums", "aria-label": "Sums" }, this.#sums),
      panel("Value over time", "curve", "in USDC", this.#curve),
      panel("Paper money", "money", "", this.#transfer, folded("Reset the wallet", this.#reset), folded("Open another wallet", this.#open)),
      panel("Balances", "balances", "", this.#balances), panel("Profit and loss", "pnl", "in USDC, by average cost", this.#pnl), this.#books);
    this.append(this.#leftOut, h("div", { class: "portfolio-head" }, h("h1", { tabindex: -1 }, "Portfolio"), this.#select, this.#epoch),
      h("p", { class: "muted" }, marketNote()), this.#notice, this.#body);
    this.#leftOut.show([...query].filter(([name]) => name !== "wallet").map(([name, value]) => `${name}=${value}`));
    this.listen(this.#select, "choose", () => this.#choose(this.#select.value));
    this.listen(this.#open, "open", (/** @type {CustomEvent<string>} */ event) => this.#choose(event.detail));
    this.listen(wallets, "change", () => this.#show());
    this.every(EQUITY_MS, () => void this.#readCurve());
    wallets.watch(this.gone);
    this.#show();
  }

  /** @param {string} name */
  #choose(name) {
    this.#name = name;
    this.#select.show(name);
    this.#leftOut.show([]);
    router.keep({ wallet: name === DEFAULT ? "" : name }, true);
    this.#show();
  }

  #show() {
    const wallet = wallets.find(this.#name);
    this.#body.hidden = wallet === undefined;
    setText(this.#epoch, wallet ? epochOf(wallet) : "");
    if (!wallet) return this.#excuse();
    this.#notice.remove();
    redraw(this.#balances, balancesTable(wallet));
    this.#transfer.show(wallet);
    this.#reset.show(wallet);
    void this.#read(wallet);
    const curve = `${wallet.id} ${wallet.epoch}`;
    if (curve === this.#curveOf) return;
    this.#curveOf = curve;
    void this.#readCurve();
  }

  /** Says why there is nothing to show. */
  #excuse() {
    this.#body.before(this.#notice);
    if (wallets.all) redraw(this.#notice, h("strong", {}, "There is no such wallet"), h("a", { class: "button", href: addressOf(walletPath(DEFAULT)) }, "Show the default wallet"));
    else if (wallets.error) redraw(this.#notice, h("strong", {}, "The wallets cannot be read"), h("p", {}, wallets.error.message), h("button", { class: "button", type: "button", onclick: () => wallets.refresh() }, "Try again"));
  }

  /** @param {Wallet} wallet */
  async #read({ id }) {
    void this.#books.read(id);
    await this.#try("pnl", id, async () => {
      const profit = await pnl(id);
      if (!this.#isShown(id)) return;
      redraw(this.#sums, ...sums(profit));
      redraw(this.#pnl, pnlTable(profit));
    });
  }

  async #readCurve() {
    const id = wallets.find(this.#name)?.id;
    if (id === undefined) return;
    await this.#try("curve", id, async () => {
      const { points, quoteToken } = await equity(id);
      if (this.#isShown(id)) this.#curve.show(points, quoteToken);
    });
  }

  /** @param {string} id */
  #isShown(id) {
    return this.isConnected && wallets.find(this.#name)?.id === id;
  }

  /** @param {string} part @param {string} id @param {() => Promise<void>} read */
  async #try(part, id, read) {
    const problem = await read().then(() => "", (/** @type {ApiError} */ error) => error.message);
    if (!this.#isShown(id)) return;
    this.#problems.set(part, problem);
    setText(this.#problem, [...new Set(this.#problems.values())].filter(Boolean).join(" "));
  }
}

/** Which market one is in, and what can be earned there. */
function marketNote() {
  if (MARKET?.mode !== "paper") return "";
  const { preset, seed } = MARKET;
  const venues = preset === "efficient"
    ? "Its venues differ by less than their fees, so that no round trip pays."
    : "Its venues differ by 2–5 % on purpose, so that buying on one and selling on the other can pay.";
  return `Paper market${preset ? `, preset ${preset}` : ""}${seed ? `, seed ${seed}` : ""}: no real money moves. ${venues}`;
}

customElements.define("portfolio-page", PortfolioPage);
