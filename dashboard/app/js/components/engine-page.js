/** @import { Health } from "../core/types.js" */
import * as api from "../core/api.js";
import { statistics } from "../core/app.js";
import { runDemo } from "../core/demo.js";
import { Component, h, s, wide } from "../core/dom.js";
import { amount, duration, time, words } from "../core/format.js";
import { MARKET } from "../core/listings.js";
import { STAGES, WINDOW_S } from "../core/statistics.js";

const HEALTH_MS = 3000;
const RATE_S = 10;
const STAGE_WORDS = { queued: "Waiting for a worker", routing: "Routing", building: "Building and recording", landing: "Landing", total: "Accepted to confirmed" };

/** Where the engine's time goes, from the events this page has seen, and how its parts are. */
class EnginePage extends Component {
  #health = h("div");
  #tiles = h("dl", { class: "tiles" });
  #rate = h("div", { class: "rate" });
  #latencies = wide("Time per stage");
  #venues = h("div");
  #causes = h("div");
  /** @type {Health | undefined} */
  #report;

  /** @override */
  start() {
    const panel = (/** @type {string} */ title, /** @type {HTMLElement} */ content, note = "") => h("section", { class: "panel", "aria-label": title },
      h("div", { class: "panel-head" }, h("h2", {}, title), note && h("span", { class: "end faint" }, note)), content);
    const demo = h("button", { class: "button", type: "button", hidden: MARKET?.mode !== "paper", onclick: () => void runDemo(demo) }, "Run demo: five paper orders");
    this.append(h("div", { class: "engine-head" }, h("h1", { tabindex: -1 }, "Engine"), demo),
      h("div", { class: "engine" },
        panel("Now", this.#tiles, `seen since ${time(new Date(statistics.since).toISOString())}`),
        panel("Orders per second", this.#rate, `last ${WINDOW_S / 60} minutes`),
        panel("Time per stage", this.#latencies, `last ${WINDOW_S / 60} minutes`),
        panel("Venues", this.#venues), panel("Retries and failures", this.#causes), panel("Health", this.#health)));
    this.every(1000, () => this.#draw());
    this.every(HEALTH_MS, () => void this.#ask());
    this.#draw();
    void this.#ask();
  }

  async #ask() {
    this.#report = await api.health().catch(() => undefined);
    if (this.isConnected) this.#drawHealth();
  }

  #draw() {
    const now = Date.now();
    const seconds = statistics.perSecond(now);
    const { confirmed, failed, accepted, retried, underWay } = statistics;
    const over = confirmed + failed;
    const perSecond = (/** @type {"accepted" | "confirmed"} */ name) => (seconds.slice(-RATE_S).reduce((sum, second) => sum + second[name], 0) / RATE_S).toFixed(1);
    const total = statistics.latencies("total", now);
    const tile = (/** @type {string} */ label, /** @type {string} */ value, /** @type {string} */ note) => h("div", { class: "tile" }, h("dt", {}, label), h("dd", {}, value), h("dd", { class: "tile-note" }, note));
    this.#tiles.replaceChildren(
      tile("Accepted", `${perSecond("accepted")}/s`, `${amount(String(accepted))} in all`),
      tile("Confirmed", `${perSecond("confirmed")}/s`, `${amount(String(confirmed))} in all`),
      tile("Success", over ? `${((100 * confirmed) / over).toFixed(1)} %` : "–", `${amount(String(failed))} failed, ${amount(String(retried))} retries`),
      tile("Under way", amount(String(underWay)), "accepted, not over"),
      tile("Median time", duration(total.p50), `99 % within ${duration(total.p99)}`));
    this.#drawRate(seconds);
    this.#drawLatencies(now);
    this.#drawVenues();
    this.#drawCauses();
  }

  /** @param {{ accepted: number, confirmed: number, failed: number }[]} seconds */
  #drawRate(seconds) {
    const width = this.#rate.clientWidth || 600;
    const height = 120;
    const most = Math.max(1, ...seconds.map((second) => Math.max(second.accepted, second.confirmed + second.failed)));
    const step = width / seconds.length;
    const y = (/** @type {number} */ count) => height - (count / most) * (height - 16);
    const line = (/** @type {number[]} */ counts) => counts.map((count, index) => `${index ? "L" : "M"}${((index + 0.5) * step).toFixed(1)} ${y(count).toFixed(1)}`).join("");
    const bars = (/** @type {(second: { confirmed: number, failed: number }) => [number, number]} */ part, /** @type {string} */ name) => s("path", { class: `bar ${name}`, d: seconds.map((second, index) => {
      const [low, high] = part(second);
      return high > low ? `M${(index * step).toFixed(1)} ${y(low).toFixed(1)}h${Math.max(step - 0.5, 0.5).toFixed(1)}V${y(high).toFixed(1)}h-${Math.max(step - 0.5, 0.5).toFixed(1)}z` : "";
    }).join("") });
    this.#rate.replaceChildren(
      s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `At most ${most} orders in a second` },
        bars(({ confirmed }) => [0, confirmed], "confirmed"), bars(({ confirmed, failed }) => [confirmed, confirmed + failed], "failed"),
        s("path", { class: "accepted", d: line(seconds.map((second) => second.accepted)) }),
        s("text", { x: 4, y: 11 }, `${most}/s`)),
      h("ul", { class: "legend" }, h("li", { "data-part": "accepted" }, "Accepted"), h("li", { "data-part": "confirmed" }, "Confirmed"), h("li", { "data-part": "failed" }, "Failed")));
  }

  /** @param {number} now */
  #drawLatencies(now) {
    const rows = STAGES.map((stage) => ({ stage, ...statistics.latencies(stage, now) }));
    const longest = Math.max(1, ...rows.map(({ p99 }) => p99 ?? 0));
    this.#latencies.replaceChildren(h("table", { class: "table" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Stage"), h("th", { scope: "col", class: "wide-only" }, h("span", { class: "visually-hidden" }, "Share")), ["50 %", "90 %", "99 %", "Longest", "Orders"].map((label) => h("th", { scope: "col", class: "number" }, label)))),
      h("tbody", {}, rows.map(({ stage, p50, p90, p99, max, count }) => {
        const bar = h("div", { class: "latency-bar" });
        const mark = h("span");
        mark.style.left = `${(100 * (p50 ?? 0)) / longest}%`;
        bar.style.width = `${(100 * (p99 ?? 0)) / longest}%`;
        return h("tr", {}, h("th", { scope: "row" }, STAGE_WORDS[stage]), h("td", { class: "latency wide-only", "aria-hidden": "true" }, count > 0 && [bar, mark]),
          [p50, p90, p99, max].map((ms) => h("td", { class: "number" }, duration(ms))), h("td", { class: "number muted" }, amount(String(count))));
      }))));
  }

  #drawVenues() {
    const rows = [...statistics.venues].sort();
    const wins = rows.reduce((sum, [, { wins }]) => sum + wins, 0);
    if (wins === 0) return this.#venues.replaceChildren(nothing("No venue has been asked since this page was opened."));
    const share = h("div", { class: "share", role: "img", "aria-label": rows.map(([venue, { wins: won }]) => `${words(venue)} ${Math.round((100 * won) / wins)} %`).join(", ") }, rows.map(([venue, { wins: won }]) => {
      const part = h("span", { "data-venue": venue });
      part.style.flexGrow = String(won);
      return part;
    }));
    this.#venues.replaceChildren(h("div", { class: "panel-body" }, share), h("table", { class: "table" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Venue"), ["Share", "Quotes", "Won", "Fills"].map((label) => h("th", { scope: "col", class: "number" }, label)))),
      h("tbody", {}, rows.map(([venue, counts]) => h("tr", {}, h("th", { scope: "row" }, h("span", { class: "venue", "data-venue": venue }, words(venue))),
        h("td", { class: "number" }, `${((100 * counts.wins) / wins).toFixed(1)} %`), [counts.quotes, counts.wins, counts.fills].map((count) => h("td", { class: "number" }, amount(String(count)))))))));
  }

  #drawCauses() {
    const rows = [...statistics.causes].sort();
    this.#causes.replaceChildren(rows.length === 0 ? nothing("Nothing has failed since this page was opened.")
      : h("table", { class: "table" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Cause"), ["Retried", "Failed"].map((label) => h("th", { scope: "col", class: "number" }, label)))),
        h("tbody", {}, rows.map(([code, counts]) => h("tr", {}, h("th", { scope: "row" }, words(code)), [counts.retried, counts.failed].map((count) => h("td", { class: "number" }, amount(String(count)))))))));
  }

  #drawHealth() {
    const report = this.#report;
    if (!report) return this.#health.replaceChildren(h("p", { class: "notice" }, h("strong", {}, "The engine does not answer"), "Is it running? It is asked again every few seconds."));
    const state = (/** @type {string} */ value, text = words(value)) => h("span", { class: "status", "data-tone": value }, text);
    const { queueDepth, workers } = report;
    this.#health.replaceChildren(h("dl", { class: "pairs panel-body" },
      h("dt", {}, "Engine"), h("dd", {}, state(report.status)),
      h("dt", {}, "Order store"), h("dd", {}, state(report.store)),
      h("dt", {}, "Queue"), h("dd", {}, state(report.queue)),
      h("dt", {}, "Waiting in the queue"), h("dd", {}, queueDepth === null ? "Unknown" : amount(String(queueDepth))),
      h("dt", {}, "Workers alive"), h("dd", {}, workers === null ? "Unknown" : workers === 0 ? state("degraded", "None, so orders wait") : amount(String(workers))),
      h("dt", {}, "Event bus"), h("dd", {}, state(report.bus)),
      h("dt", {}, "Event feed"), h("dd", {}, report.feed === "ok" ? state("ok") : state("degraded", `${Math.round(report.feedLagMs / 1000)} s behind`)),
      h("dt", {}, "New orders"), h("dd", {}, state(report.admission === "open" ? "ok" : "degraded", report.admission === "open" ? "Accepted" : "Refused for now")),
      h("dt", {}, "Orders followed by clients"), h("dd", {}, amount(String(report.followed)))));
  }
}

/** @param {string} text */
function nothing(text) {
  return h("p", { class: "notice" }, text);
}

customElements.define("engine-page", EnginePage);
