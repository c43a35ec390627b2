import { Component, h, redraw } from "../core/dom.js";

/** Says which parts of the address the page does not understand: a link that lost a filter looks like one without. */
export class LeftOut extends Component {
  /** @param {string[]} parts such as `sort=price` */
  show(parts) {
    redraw(this, parts.length > 0 && h("p", { class: "field-error", role: "alert" }, `Not understood in the address, so left out: ${parts.join(", ")}`));
  }
}

customElements.define("left-out", LeftOut);
