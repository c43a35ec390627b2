import { Component, h } from "../core/dom.js";
import "./market-chart.js";
import "./order-blotter.js";
import "./order-ticket.js";

/** The ticket, the pair's prices and all orders: where one starts. */
class TradePage extends Component {
  /** @override */
  start() {
    this.append(
      h("h1", { class: "visually-hidden", tabindex: -1 }, "Trade"),
      h("div", { class: "trade" },
        document.createElement("order-ticket"),
        document.createElement("market-chart"),
        document.createElement("order-blotter")));
  }
}

customElements.define("trade-page", TradePage);
