import { addressOf } from "../core/address.js";
import { stream } from "../core/app.js";
import { Component, h, icon, redraw, setText } from "../core/dom.js";
import { MARKET, load } from "../core/listings.js";
import { router } from "../core/router.js";
import { shortcut } from "../core/shortcuts.js";
import { switchTheme } from "../core/theme-switch.js";
import "./engine-page.js";
import "./help-dialog.js";
import "./market-page.js";
import "./order-page.js";
import "./portfolio-page.js";
import "./trade-page.js";

const MOST_TOASTS = 3;
const TOAST_MS = 6000;
const VIEWS = /** @type {const} */ ([
  { view: "trade", path: addressOf("/"), label: "Trade", key: "1", icon: "trade" },
  { view: "market", path: addressOf("/market"), label: "Market", key: "2", icon: "market" },
  { view: "portfolio", path: addressOf("/portfolio"), label: "Portfolio", key: "3", icon: "portfolio" },
  { view: "engine", path: addressOf("/engine"), label: "Engine", key: "4", icon: "engine" },
]);

/** The frame: where one is, whether the stream is alive, and the view of the address. */
class AppShell extends Component {
  #main = h("main", { class: "main", id: "main", tabindex: -1 });
  #links = VIEWS.map(({ path, label, icon: name }) => h("a", { href: path }, icon(name), label));
  #state = h("span", { class: "status", id: "connection", role: "status" });
  #banner = h("div", { class: "banner", hidden: true });
  #toasts = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
  #badge = h("span", { class: "market-badge", id: "market", hidden: true });
  #help = /** @type {import("./help-dialog.js").HelpDialog} */ (document.createElement("help-dialog"));

  /** @override */
  start() {
    this.append(
      h("header", { class: "top" },
        h("a", { class: "skip button", href: "#main", onclick: (/** @type {Event} */ event) => { event.preventDefault(); this.#main.focus(); } }, "Skip to content"),
        h("a", { class: "brand", href: addressOf("/"), "aria-label": "Order engine" }, icon("trade"), h("span", { class: "wide-only" }, "Order engine")),
        h("nav", { class: "nav", "aria-label": "Views" }, this.#links),
        h("div", { class: "tools" },
          this.#badge,
          this.#state,
          h("a", { class: "button quiet", href: addressOf("/docs") }, "API"),
          h("button", { class: "button quiet icon", type: "button", "aria-label": "Light or dark", title: "Light or dark (d)", onclick: switchTheme }, icon("theme")),
          h("button", { class: "button quiet icon wide-only", type: "button", "aria-label": "Keyboard shortcuts", title: "Keyboard shortcuts (?)", onclick: () => this.#help.open() }, icon("keys")))),
      this.#banner, this.#main, this.#toasts, this.#help);

    for (const { key, label, path } of VIEWS) shortcut(key, `Go to ${label}`, () => router.go(path));
    shortcut("d", "Light or dark", switchTheme);
    shortcut("?", "These shortcuts", () => this.#help.open());
    this.listen(router, "route", () => this.#show(true));
    this.listen(document, "listings", () => this.#begin());
    this.listen(stream, "state", () => this.#showState());
    this.listen(document, "tell", (/** @type {CustomEvent} */ event) => this.#tell(event.detail));
    this.every(1000, () => stream.state === "offline" && this.#showState());
    router.start();
    this.#showState();
    void load().then(() => this.#begin());
  }

  #begin() {
    this.#showMarket();
    this.#show(false);
  }

  /** Whether money moves is seen on every page. */
  #showMarket() {
    this.#badge.hidden = MARKET === undefined;
    if (!MARKET) return;
    const { mode, preset, seed } = MARKET;
    this.#badge.dataset.mode = mode;
    this.#badge.title = mode === "paper" ? "Simulated venues: no money moves" : "Real venues: orders spend real tokens";
    const details = [preset, seed && `seed ${seed}`].filter(Boolean).map((text) => ` · ${text}`);
    this.#badge.replaceChildren(mode.toUpperCase(), h("span", { class: "wide-only" }, details.join("")));
  }

  /** @param {boolean} isMove whether the focus should follow */
  #show(isMove) {
    const { view, id } = router.route;
    const isTrade = view === "trade" || view === "order";
    VIEWS.forEach(({ view: name }, index) => {
      const isHere = name === view || (name === "trade" && isTrade);
      if (isHere) this.#links[index]?.setAttribute("aria-current", "page");
      else this.#links[index]?.removeAttribute("aria-current");
    });
    const page = view === "nowhere" ? nowhere() : document.createElement(`${view}-page`);
    if (id) page.setAttribute("order", id);
    document.title = `${id ? "Order" : (VIEWS.find((item) => item.view === view)?.label ?? "Nothing here")} – Order engine`;
    this.#main.replaceChildren(page);
    if (isMove) {
      scrollTo(0, 0);
      this.#main.querySelector("h1")?.focus();
    }
  }

  #showState() {
    const { state } = stream;
    const tone = { live: "ok", connecting: "retrying", offline: "failed" }[state];
    this.#state.dataset.tone = tone;
    setText(this.#state, { live: "Live", connecting: "Connecting", offline: "Offline" }[state]);
    this.#banner.hidden = state !== "offline";
    if (state === "offline") {
      const seconds = Math.max(0, Math.ceil((stream.retryAt - Date.now()) / 1000));
      redraw(this.#banner,
        h("span", { role: "status" }, "No connection to the engine. Events since then appear once it is back."),
        h("button", { class: "button", type: "button", onclick: () => stream.retryNow() }, `Retry now (${seconds} s)`));
    }
  }

  /**
   * A message under the key of an earlier one takes its place; of too many the oldest goes.
   * @param {{ text: string, link?: { href: string, label: string }, key?: string }} message
   */
  #tell({ text, link, key }) {
    const known = key && this.#toasts.querySelector(`[data-key="${key}"]`);
    const toast = h("div", { class: "toast", "data-key": key }, h("span", {}, text), link && h("a", { href: link.href }, link.label));
    if (known) known.replaceWith(toast);
    else this.#toasts.append(toast);
    while (this.#toasts.children.length > MOST_TOASTS) this.#toasts.firstElementChild?.remove();
    setTimeout(() => toast.remove(), TOAST_MS);
  }
}

function nowhere() {
  return h("section", { class: "panel notice" }, h("h1", { tabindex: -1 }, "Nothing here"), h("p", {}, "There is no such page."), h("a", { class: "button", href: addressOf("/") }, "Go to the orders"));
}

customElements.define("app-shell", AppShell);
