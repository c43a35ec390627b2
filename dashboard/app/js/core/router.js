import { addressOf, pathOf } from "./address.js";

/** @typedef {{ view: "trade" | "order" | "market" | "portfolio" | "engine" | "nowhere", id?: string }} Route */

/** Addresses without reloads. Sends `route`; changes of the query alone do not. */
class Router extends EventTarget {
  /** The address of the orders as they were last filtered: the way back. */
  orders = addressOf("/");

  start() {
    addEventListener("popstate", () => this.dispatchEvent(new Event("route")));
    document.addEventListener("click", (event) => {
      const link = event.target instanceof Element ? event.target.closest("a") : null;
      const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
      if (!link || !isPlain || link.origin !== location.origin || link.target || this.#read(link.pathname).view === "nowhere") return;
      event.preventDefault();
      this.go(link.pathname + link.search);
    });
  }

  /** @returns {Route} */
  get route() {
    return this.#read(location.pathname);
  }

  /** @param {string} address */
  go(address) {
    this.#remember();
    history.pushState(null, "", address);
    this.dispatchEvent(new Event("route"));
  }

  get query() {
    return new URLSearchParams(location.search);
  }

  /**
   * Keeps what is chosen in the address, so that it can be reloaded, shared and gone back to.
   * @param {Record<string, string>} values empty ones are left out @param {boolean} isStep whether Back leads to what was chosen before
   */
  keep(values, isStep = false) {
    const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
    const address = query.size ? `${location.pathname}?${query}` : location.pathname;
    if (address === location.pathname + location.search) return;
    if (isStep) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
    this.#remember();
  }

  #remember() {
    if (this.route.view === "trade") this.orders = location.pathname + location.search;
  }

  /** @param {string} address @returns {Route} */
  #read(address) {
    const path = pathOf(address);
    const id = /^\/orders\/([^/]+)$/.exec(path)?.[1];
    if (id) return orderOf(id);
    if (path === "/" || path === "/orders") return { view: "trade" };
    if (path === "/market") return { view: "market" };
    if (path === "/portfolio") return { view: "portfolio" };
    if (path === "/engine") return { view: "engine" };
    return { view: "nowhere" };
  }
}

/** @param {string} encoded @returns {Route} */
function orderOf(encoded) {
  try {
    return { view: "order", id: decodeURIComponent(encoded) };
  } catch {
    return { view: "nowhere" }; // %E0%A4%A is no text
  }
}

export const router = new Router();
