import { tell } from "../core/app.js";
import { h, icon } from "../core/dom.js";

/** @param {string} label @param {() => string} text @param {string} [shown] beside the icon */
export function copyButton(label, text, shown) {
  return h("button", { class: shown ? "button" : "button quiet icon", type: "button", "aria-label": shown ? undefined : label, title: label, onclick: () => void copy(text()) }, icon("copy"), shown);
}

/** @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    tell("Copied");
  } catch {
    // a page that is not served over TLS, or a browser that asks and is refused
    prompt("Copy this:", text);
  }
}
