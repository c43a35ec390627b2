/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, string | number | boolean | null | undefined | EventListener | ((event: any) => void)>} Properties */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Makes an element. `onclick` and the like add listeners; `true` sets an empty attribute; `false`,
 * `null` and `undefined` leave it out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Properties} [properties]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  assign(element, properties, children);
  return element;
}

/**
 * As {@link h}, for SVG.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Properties} [properties]
 * @param {...(Child | Child[])} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function s(tag, properties = {}, ...children) {
  const element = /** @type {SVGElementTagNameMap[K]} */ (document.createElementNS(SVG, tag));
  assign(element, properties, children);
  return element;
}

/**
 * @param {Element} element
 * @param {Properties} properties
 * @param {(Child | Child[])[]} children
 */
function assign(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) {
      element.append(child instanceof Node ? child : String(child));
    }
  }
}

/**
 * Sets a text only when it differs: an unchanged node costs the browser nothing.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Gives an element this content, and keeps every node that is there already: what has the focus, lies under the pointer
 * or has its title shown stays. Elements with a `data-id` are told apart by it, others by their place. A node that stays
 * keeps its listeners, so under one `data-id` they have to do the same.
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function redraw(element, ...children) {
  const isShown = (/** @type {Child} */ child) => child !== null && child !== undefined && child !== false && child !== "";
  fill(element, children.flat().filter(isShown).map((child) => (child instanceof Node ? child : document.createTextNode(String(child)))));
}

/** @param {Element} parent @param {Node[]} wanted */
function fill(parent, wanted) {
  const ids = new Set(wanted.map(idOf));
  const kept = new Map();
  for (const child of [...parent.children]) {
    const id = idOf(child);
    if (id === undefined) continue;
    if (ids.has(id)) kept.set(id, child);
    else child.remove(); // or those after it would have to move, and lose the focus
  }
  let place = parent.firstChild;
  for (const node of wanted) {
    const id = idOf(node);
    /** @type {ChildNode | null | undefined} */
    const same = id === undefined ? (idOf(place) === undefined ? place : null) : kept.get(id);
    if (!same || same.nodeName !== node.nodeName) {
      parent.insertBefore(node, place);
      continue;
    }
    if (same === place) place = same.nextSibling;
    else parent.insertBefore(same, place);
    become(same, node);
  }
  while (place) {
    const next = place.nextSibling;
    parent.removeChild(place);
    place = next;
  }
}

/** @param {Node} node @param {Node} wanted of the same name */
function become(node, wanted) {
  if (!(node instanceof Element && wanted instanceof Element)) {
    if (node.nodeValue !== wanted.nodeValue) node.nodeValue = wanted.nodeValue;
    return;
  }
  for (const { name } of [...node.attributes]) if (!wanted.hasAttribute(name)) node.removeAttribute(name);
  for (const { name, value } of wanted.attributes) {
    if (node.getAttribute(name) === value) continue;
    // the page's policy forbids the attribute, not the property
    if (name === "style") /** @type {HTMLElement} */ (node).style.cssText = value;
    else node.setAttribute(name, value);
  }
  fill(node, [...wanted.childNodes]);
}

/** @param {Node | null} node */
function idOf(node) {
  return node instanceof HTMLElement || node instanceof SVGElement ? node.dataset.id : undefined;
}

/** A box for what may be wider than the page: it scrolls, by keyboard too. @param {string} label @param {...Child} children */
export function wide(label, ...children) {
  return h("div", { class: "scroll-x", role: "region", "aria-label": label, tabindex: 0 }, ...children);
}

/** A custom element whose listeners and timers end with `this.gone`. */
export class Component extends HTMLElement {
  #leaving = new AbortController();

  /** Aborted when the element leaves the page. */
  get gone() {
    return this.#leaving.signal;
  }

  connectedCallback() {
    this.#leaving = new AbortController();
    this.replaceChildren();
    this.start();
  }

  disconnectedCallback() {
    this.#leaving.abort();
  }

  /** Builds the content. */
  start() {}

  /**
   * Runs `work` every `ms` milliseconds while the element is on the page and the page is seen.
   * @param {number} ms
   * @param {() => void} work
   */
  every(ms, work) {
    const timer = setInterval(() => document.hidden || work(), ms);
    this.gone.addEventListener("abort", () => clearInterval(timer));
  }

  /**
   * Listens while the element is on the page.
   * @param {EventTarget} target
   * @param {string} type
   * @param {(event: any) => void} listener
   */
  listen(target, type, listener) {
    target.addEventListener(type, listener, { signal: this.gone });
  }
}

/** Strokes on a grid of 16. */
const ICONS = {
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
  check: "M3 8.5l3.2 3L13 4.5",
  swap: "M2.5 5.5h10l-3-3M13.5 10.5h-10l3 3",
  back: "M9.5 3.5 5 8l4.5 4.5",
  play: "M5 3.2 12.5 8 5 12.8z",
  theme: "M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12",
  keys: "M1.5 4h13v8h-13zM4 6.6h.2M6.6 6.6h.2M9.2 6.6h.2M11.8 6.6h.2M5 9.6h6",
  trade: "M2 11.5 6 7.5l3 3L14 5M10.5 4.5H14V8",
  market: "M3.5 14V8M3.5 5V2M8 14v-3M8 8V4M12.5 14V9M12.5 6V2.5M2 5h3v3H2zM6.5 8h3v3h-3zM11 6h3v3h-3z",
  portfolio: "M2 5.5V4a1.5 1.5 0 0 1 1.5-1.5H12v3M2 5.5h12v8H3.5A1.5 1.5 0 0 1 2 12zM11 9.5h.2",
  engine: "M2 12.5a6.5 6.5 0 1 1 12 0M8 11l3-4",
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.3l3.4 3.4",
};

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  return s("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" },
    s("path", { d: ICONS[name], fill: "none", stroke: "currentColor", "stroke-width": 1.4, "stroke-linecap": "round", "stroke-linejoin": "round" }));
}
