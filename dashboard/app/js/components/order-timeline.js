/** @import { OrderEvent } from "../core/types.js" */
import { h } from "../core/dom.js";
import { amount, duration, preciseTime, sentence, shortened, words } from "../core/format.js";

/** Every step with the time since the one before. @param {OrderEvent[]} events @param {boolean} isOver */
export function timeline(events, isOver) {
  const items = events.map((event, index) => {
    const previous = events[index - 1];
    const since = previous ? Date.parse(event.at) - Date.parse(previous.at) : undefined;
    return step(event, since);
  });
  const last = events.at(-1);
  if (last && !isOver) {
    items.push(h("li", { class: "step waiting" }, h("span", { class: "step-since" }, `+${duration(Math.max(0, Date.now() - Date.parse(last.at)))}`), h("span", { class: "step-what muted" }, next(last))));
  }
  return h("ol", { class: "timeline" }, items);
}

/** @param {OrderEvent} event @param {number | undefined} since */
function step({ seq, at, attempt, status, data }, since) {
  const tone = data.kind === "retrying" || data.kind === "waiting" ? "retrying" : status;
  return h("li", { class: "step", "data-tone": tone, title: `Event ${seq}, attempt ${attempt}` },
    h("span", { class: "step-since" }, since === undefined ? "" : since < 1 ? duration(since) : `+${duration(since)}`),
    h("span", { class: "step-what" }, h("strong", {}, words(data.kind)), h("span", { class: "muted" }, sentence(detail(data)))),
    h("time", { class: "step-at faint", datetime: at }, preciseTime(at)));
}

/** @param {OrderEvent["data"]} data */
function detail(data) {
  switch (data.kind) {
    case "accepted": return data.origin?.client ? `stored; placed by ${data.origin.client}` : "stored; will complete even after a crash";
    case "routing_started": return "requesting quotes";
    case "routed": return data.reason;
    case "building": return "minAmountOut" in data ? `at least ${amount(data.minAmountOut)} out` : `at most ${amount(data.maxAmountIn)} in`;
    case "submitted": return `on record as ${shortened(data.signature)}, then sent`;
    case "confirmed": return `landed in slot ${amount(String(data.slot))}${data.afterExpiry ? ", found after the order had expired: it was submitted before" : ""}`;
    case "retrying": return `${data.failure.message}; again at ${preciseTime(data.nextAttemptAt)}`;
    case "waiting": return `${data.failure.message}; again at ${preciseTime(data.until)}`;
    case "failed": return data.failure.message;
    case "canceled": return data.failure ? `the last attempt did not land: ${data.failure.message}` : "nothing had been submitted";
    case "expired": return data.failure ? `the last attempt did not land: ${data.failure.message}` : `its time ran out at ${preciseTime(data.expiresAt)}`;
    default: return "";
  }
}

/** What is waited for. @param {OrderEvent} event */
function next({ data }) {
  switch (data.kind) {
    case "accepted": return "waiting for a worker";
    case "routing_started": return "waiting for quotes";
    case "submitted": return "waiting for the chain";
    case "waiting": return `next try at ${preciseTime(data.until)}`;
    case "retrying": return `next try at ${preciseTime(data.nextAttemptAt)}`;
    default: return "in progress";
  }
}
