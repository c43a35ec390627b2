/** @import { Order } from "./types.js" */
import { addressOf } from "./address.js";
import { book, tell } from "./app.js";
import { amount, isTerminal, sentence, wish } from "./format.js";
import { marketOf } from "./pair.js";

const STORED = "notify";
const TITLE_MS = 8000;

/** Orders whose end is reported. @type {Set<string>} */
const followed = new Set();

book.addEventListener("change", (event) => {
  for (const id of /** @type {CustomEvent<Set<string>>} */ (event).detail) {
    const order = followed.has(id) ? book.get(id) : undefined;
    if (order) report(order);
  }
});

/** Reports an order that was just placed, once, until it has ended. @param {Order} order */
export function follow(order) {
  followed.add(order.id);
  report(order);
}

/** @param {Order} order */
function report(order) {
  const text = outcome(order);
  tell(text, { href: addressOf(`/orders/${order.id}`), label: "View order" }, order.id);
  if (!isTerminal(order.status)) return;
  followed.delete(order.id);
  const title = `${order.status === "confirmed" ? "✓" : "✗"} ${text}`;
  showInTitle(title);
  if (document.hidden && isNotifying()) new Notification("Order engine", { body: text, tag: order.id });
}

/** What became of an order, in a sentence. @param {Order} order */
export function outcome(order) {
  const { status, fill, failure, tokenIn, tokenOut } = order;
  if (fill) {
    const { isSell } = marketOf(order);
    const [spent, received] = [`${amount(fill.amountIn)} ${tokenIn}`, `${amount(fill.amountOut)} ${tokenOut}`];
    return isSell ? `Sold ${spent} for ${received}` : `Bought ${received} for ${spent}`;
  }
  switch (status) {
    case "failed": return `Failed: ${failure ? sentence(failure.message) : wish(order)}`;
    case "canceled": return `Canceled: ${wish(order)}`;
    case "expired": return `Expired: ${wish(order)}`;
    default: return `${wish(order)}…`;
  }
}

let usual = "";

/** Shows a result in the tab's title until somebody looks. @param {string} text */
function showInTitle(text) {
  usual ||= document.title;
  document.title = text;
  const restore = () => {
    if (document.title === text) document.title = usual;
    usual = "";
  };
  if (document.hidden) document.addEventListener("visibilitychange", restore, { once: true });
  else setTimeout(restore, TITLE_MS);
}

/** Whether the end of an order is reported by the system while the page is not seen. */
export function isNotifying() {
  try {
    return localStorage.getItem(STORED) === "on" && Notification.permission === "granted";
  } catch {
    return false; // no storage, or no notifications
  }
}

/** @param {boolean} isOn @returns {Promise<boolean>} whether it is on now: the browser may refuse */
export async function notify(isOn) {
  try {
    const isAllowed = isOn && (await Notification.requestPermission()) === "granted";
    localStorage.setItem(STORED, isAllowed ? "on" : "off");
    return isAllowed;
  } catch {
    return false;
  }
}
