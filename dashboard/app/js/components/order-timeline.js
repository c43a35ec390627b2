/** @import { OrderEvent } from "../core/types.js" */
import { h } from "../core/dom.js";
import { amount, duration, preciseTime, sentence, shortened, words } from "../core/format.js";

/** Every step with the time since the one before. @param {OrderEvent[]} events @param {boolean} isOver */
export function timeline(events, isOver) {
  const items = events.map((event, index) => {
    const previous = events[index - 1];
    const since = previous ? Date.parse(event.at) - Date.parse(previous.at) : undefined;
    const isFollowed = events.slice(index + 1).some(({ data }) => data.kind === "routing_started");
    return step(event, since, isFollowed ? "tried again" : isOver ? "not tried again" : undefined);
  });
  const last = events.at(-1);
  if (last && !isOver) {
    items.push(h("li", { class: "step waiting" }, h("span", { class: "step-since" }, `+${duration(Math.max(0, Date.now() - Date.parse(last.at)))}`), h("span", { class: "step-what muted" }, next(last))));
  }
  return h("ol", { class: "timeline" }, items);
}

/** @param {OrderEvent} event @param {number | undefined} since @param {string | undefined} again what came after a try, if that is known */
function step({ seq, at, attempt, status, data }, since, again) {
  const tone = data.kind === "retrying" || data.kind === "waiting" ? "retrying" : status;
  const name = data.kind === "retrying" ? `Attempt ${attempt} failed` : words(data.kind);
  const client = data.kind === "accepted" ? data.origin?.client : undefined;
  return h("li", { class: "step", "data-tone": tone, title: client ?? `Event ${seq}, attempt ${attempt}` },
    h("span", { class: "step-since" }, since === undefined ? "" : since < 1 ? duration(since) : `+${duration(since)}`),
    h("span", { class: "step-what" }, h("strong", {}, name), h("span", { class: "muted" }, sentence(detail(data, again)))),
    h("time", { class: "step-at faint", datetime: at }, preciseTime(at)));
}

/** In short: reasons are told in full with the attempts and the result. @param {OrderEvent["data"]} data @param {string | undefined} again */
function detail(data, again) {
  switch (data.kind) {
    case "accepted": return data.origin?.client ? `stored; placed by ${whoIs(data.origin.client)}` : "stored; will complete even after a crash";
    case "routing_started": return "requesting quotes";
    case "routed": return `to ${words(data.venue)}`;
    case "building": return "minAmountOut" in data ? `at least ${amount(data.minAmountOut)} out` : `at most ${amount(data.maxAmountIn)} in`;
    case "submitted": return `on record as ${shortened(data.signature)}, then sent`;
    case "confirmed": return `landed in slot ${amount(String(data.slot))}${data.afterExpiry ? ", found after the order had expired: it was submitted before" : ""}`;
    case "retrying":
    case "waiting": return again ? `${words(data.failure.code)}; ${again}` : words(data.failure.code);
    case "failed": return words(data.failure.code);
    case "canceled": return data.failure ? "nothing landed" : "nothing had been submitted";
    case "expired": return `its time ran out at ${preciseTime(data.expiresAt)}${data.failure ? "; nothing landed" : ""}`;
    default: return "";
  }
}

/** Browsers call themselves by a line that nobody reads. @param {string} client */
function whoIs(client) {
  return client.startsWith("Mozilla/") ? "a browser" : client;
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
