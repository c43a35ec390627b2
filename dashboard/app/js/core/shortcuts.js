/** @typedef {{ keys: string, label: string, run: () => void }} Shortcut */

/** @type {Map<string, Shortcut>} */
const shortcuts = new Map();
const STORED = "shortcuts";

/** Single keys can be in the way of speech input, so they can be turned off. */
export function areOn() {
  return read() !== "off";
}

/** @param {boolean} isOn */
export function turn(isOn) {
  try {
    localStorage.setItem(STORED, isOn ? "on" : "off");
  } catch {
    // without storage the choice cannot be kept
  }
}

function read() {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

/** @param {string} keys @param {string} label @param {() => void} run @param {AbortSignal} [gone] */
export function shortcut(keys, label, run, gone) {
  const entry = { keys, label, run };
  shortcuts.set(keys, entry);
  gone?.addEventListener("abort", () => shortcuts.get(keys) === entry && shortcuts.delete(keys));
}

export function all() {
  return [...shortcuts.values()];
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !areOn()) return;
  if (document.querySelector("dialog[open]")) return;
  const target = /** @type {Element} */ (event.target);
  if (event.key === "Escape") {
    if (target instanceof HTMLElement) target.blur();
    return;
  }
  if (target.matches("input:not([type=radio]):not([type=checkbox]), select, textarea")) return;
  const found = shortcuts.get(event.key);
  if (!found) return;
  event.preventDefault();
  found.run();
});
