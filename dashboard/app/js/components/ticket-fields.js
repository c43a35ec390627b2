import { h, setText } from "../core/dom.js";
import { TOKENS } from "../core/listings.js";

/** @param {string} label @param {(symbol: string) => void} chosen */
export function tokenSelect(label, chosen) {
  const select = h("select", { class: "select", "aria-label": label, onchange: () => chosen(select.value) },
    TOKENS.map(({ symbol }) => h("option", { value: symbol }, symbol)));
  return h("div", {}, select);
}

/** @param {Element} element */
export function selectIn(element) {
  return /** @type {HTMLSelectElement} */ (element.querySelector("select"));
}

/**
 * A row of radio buttons.
 * @param {string} name @param {string} label @param {[string, string][]} options @param {string} chosen @param {() => void} changed
 */
export function segments(name, label, options, chosen, changed) {
  return h("fieldset", { class: "segments", "aria-label": label }, options.map(([value, text]) =>
    h("label", {}, h("input", { type: "radio", name, value, checked: value === chosen, onchange: changed }), h("span", {}, text))));
}

/** The value of the chosen one. @param {Element} group @returns {any} */
export function picked(group) {
  return /** @type {HTMLInputElement} */ (group.querySelector("input:checked")).value;
}

/** @param {Element} group @param {string} value */
export function check(group, value) {
  /** @type {HTMLInputElement} */ (group.querySelector(`input[value="${value}"]`)).checked = true;
}

/** Marks a field as wrong, or as right again with an empty message. @param {HTMLInputElement} input @param {Element} place @param {string} message */
export function complain(input, place, message) {
  input.setAttribute("aria-invalid", String(message !== ""));
  setText(place, message);
}
