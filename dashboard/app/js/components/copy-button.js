import { tell } from "../core/app.js";
import { h, icon } from "../core/dom.js";

/** @param {string} label @param {() => string} text @param {string} [shown] beside the icon @param {() => string} [note] said afterwards */
export function copyButton(label, text, shown, note = () => "Copied") {
  return h("button", { class: shown ? "button" : "button quiet icon", type: "button", "aria-label": shown ? undefined : label, title: label, onclick: () => void copy(text(), note()) }, icon("copy"), shown);
}

/** @param {string} text @param {string} note */
async function copy(text, note) {
  try {
    await navigator.clipboard.writeText(text);
    tell(note);
  } catch {
    // a page that is not served over TLS, or a browser that asks and is refused
    prompt("Copy this:", text);
  }
}
