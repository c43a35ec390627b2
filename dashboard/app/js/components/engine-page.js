/** @import { Engine, Health, Statistics, StatisticsWindow } from "../core/types.js" */
import { addressOf } from "../core/address.js";
import * as api from "../core/api.js";
import { RUN_DEMO, runDemo } from "../core/demo.js";
import { Component, h, redraw, s, wide } from "../core/dom.js";
import { amount, duration, fullTime, time, words } from "../core/format.js";
import { MARKET } from "../core/listings.js";
import { router } from "../core/router.js";
import "./left-out.js";
import { segments } from "./ticket-fields.js";

const STATISTICS_MS = 2000;
const HEALTH_MS = 3000;
const RATE_S = 10;
/** @type {[StatisticsWindow, string][]} */
const WINDOWS = [["5m", "5 min"], ["15m", "15 min"], ["1h", "1 h"], ["24h", "24 h"]];
const STAGE_WORDS = { queued: "Waiting for a worker", routing: "Routing", building: "Building and recording", landing: "Landing", total: "Accepted to confirmed" };

/** What the engine has been doing, how its parts are, and with which settings it runs. */
class EnginePage extends Component {
  #health = h("div");
  #tiles = h("dl", { class: "tiles" });
  #rate = h("div", { class: "rate" });
  #latencies = wide("Latencies by stage");
  #venues = wide("Counts by venue");
  #causes = wide("Counts by cause");
  #workers = wide("Workers and their orders");
  #settings = wide("Effective settings");
  #leftOut = /** @type {import("./left-out.js").LeftOut} */ (document.createElement("left-out"));
  #since = h("span", { class: "faint" });
  /** @type {StatisticsWindow} */
  #window = "5m";
  /** @type {Engine | undefined} */
  #engine;

  /** @override */
  start() {
    const { query } = router;
    const asked = WINDOWS.find(([window]) => window === query.get("window"));
    if (asked) this.#window = asked[0];
    const panel = (/** @type {string} */ title, /** @type {HTMLElement} */ content, name = "") => h("section", { class: `panel ${name}`, "aria-label": title },
      h("div", { class: "panel-head" }, h("h2", {}, title)), content);
    const windows = segments("window", "Window", WINDOWS, this.#window, () => this.#choose());
    const demo = h("button", { class: "button", type: "button", hidden: MARKET?.mode !== "paper", onclick: () => void runDemo(demo) }, RUN_DEMO);
    this.append(this.#leftOut, h("div", { class: "engine-head" }, h("h1", { tabindex: -1 }, "Engine"), h("div", { class: "engine-tools" }, this.#since, windows, demo)),
      h("div", { class: "engine" },
        panel("Overview", this.#tiles), panel("Orders per second", this.#rate), panel("Time per stage", this.#latencies),
        panel("Venues", this.#venues), panel("Retries and failures", this.#causes), panel("Health", this.#health),
        panel("Workers", this.#workers), panel("Settings", this.#settings, "settings")));
    this.#leftOut.show([...query].filter(([name]) => name !== "window" || !asked).map(([name, value]) => `${name}=${value}`));
    this.every(STATISTICS_MS, () => void this.#read());
    this.every(HEALTH_MS, () => void this.#ask());
    void this.#read();
    void this.#ask();
  }

  #choose() {
    const chosen = /** @type {HTMLInputElement} */ (this.querySelector('input[name="window"]:checked')).value;
    this.#window = /** @type {StatisticsWindow} */ (chosen);
    this.#leftOut.show([]);
    router.keep({ window: this.#window === "5m" ? "" : this.#window }, true);
    void this.#read();
  }

  async #read() {
    const window = this.#window;
    const statistics = await api.statistics(window).catch(() => undefined);
    if (statistics && this.isConnected && window === this.#window) this.#draw(statistics);
  }

  async #ask() {
    const [report, engine] = await Promise.all([api.health().catch(() => undefined), api.engine().catch(() => undefined)]);
    if (!this.isConnected) return;
    this.#engine = engine;
    this.#drawHealth(report);
    this.#drawWorkers();
    this.#drawSettings();
  }

  /** @param {Statistics} statistics */
  #draw(statistics) {
    const { counts, series, latencies, from, since } = statistics;
    const isComplete = since <= from;
    this.#since.textContent = isComplete ? "" : `counted since ${time(since)}`;
    const ended = counts.confirmed + counts.failed;
    // the last point has not ended
    const recent = series.points.slice(0, -1).slice(-Math.max(1, RATE_S / series.stepSeconds));
    const seconds = recent.length * series.stepSeconds;
    const perSecond = (/** @type {"accepted" | "confirmed"} */ name) => (seconds === 0 ? "" : `${(recent.reduce((sum, point) => sum + point[name], 0) / seconds).toFixed(1)} per second in the last ${lately(seconds)}`);
    const total = latencies.find(({ stage }) => stage === "total");
    const active = this.#engine?.orders;
    const number = (/** @type {number} */ value) => amount(String(value));
    const tile = (/** @type {string} */ label, /** @type {string} */ value, /** @type {string} */ note) => h("div", { class: "tile" }, h("dt", {}, label), h("dd", {}, value), h("dd", { class: "tile-note" }, note));
    redraw(this.#tiles,
      tile("Accepted", number(counts.accepted), perSecond("accepted")),
      tile("Confirmed", number(counts.confirmed), perSecond("confirmed")),
      tile("Success", ended ? `${((100 * counts.confirmed) / ended).toFixed(1)} %` : "–", `${number(counts.failed)} failed, ${number(counts.retried)} ${counts.retried === 1 ? "retry" : "retries"}`),
      tile("Canceled or expired", number(counts.canceled + counts.expired), `${number(counts.canceled)} canceled, ${number(counts.expired)} expired`),
      tile("In progress", active ? number(active.inFlight + active.resting) : "–", active ? `${number(active.inFlight)} in flight, ${number(active.resting)} waiting` : "unknown"),
      tile("Median time", duration(total?.p50Ms), `p99 ${duration(total?.p99Ms)}`));
    this.#drawRate(series);
    this.#drawLatencies(latencies);
    this.#drawVenues(statistics);
    this.#drawCauses(statistics);
  }

  /** @param {Statistics["series"]} series */
  #drawRate({ stepSeconds, points }) {
    const width = this.#rate.clientWidth || 600;
    const height = 120;
    const withdrawn = (/** @type {{ canceled: number, expired: number }} */ point) => point.canceled + point.expired;
    const most = Math.max(1, ...points.map((point) => Math.max(point.accepted, point.confirmed + point.failed + withdrawn(point))));
    const step = width / points.length;
    const y = (/** @type {number} */ count) => height - (count / most) * (height - 16);
    const line = (/** @type {number[]} */ counts) => counts.map((count, index) => `${index ? "L" : "M"}${((index + 0.5) * step).toFixed(1)} ${y(count).toFixed(1)}`).join("");
    const bars = (/** @type {(point: Statistics["series"]["points"][number]) => [number, number]} */ part, /** @type {string} */ name) => s("path", { class: `bar ${name}`, d: points.map((point, index) => {
      const [low, high] = part(point);
      return high > low ? `M${(index * step).toFixed(1)} ${y(low).toFixed(1)}h${Math.max(step - 0.5, 0.5).toFixed(1)}V${y(high).toFixed(1)}h-${Math.max(step - 0.5, 0.5).toFixed(1)}z` : "";
    }).join("") });
    const peak = `${(most / stepSeconds).toFixed(most / stepSeconds < 10 ? 1 : 0)} per second`;
    redraw(this.#rate,
      s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `At most ${peak}` },
        bars(({ confirmed }) => [0, confirmed], "confirmed"), bars(({ confirmed, failed }) => [confirmed, confirmed + failed], "failed"),
        bars((point) => [point.confirmed + point.failed, point.confirmed + point.failed + withdrawn(point)], "withdrawn"),
        s("path", { class: "accepted", d: line(points.map((point) => point.accepted)) }),
        s("text", { x: 4, y: 11 }, peak)),
      h("ul", { class: "legend" }, [["accepted", "Accepted"], ["confirmed", "Confirmed"], ["failed", "Failed"], ["withdrawn", "Canceled or expired"]].map(([part, label]) => h("li", { "data-part": part }, label))));
  }

  /** @param {Statistics["latencies"]} rows */
  #drawLatencies(rows) {
    const longest = Math.max(1, ...rows.map(({ p99Ms }) => p99Ms ?? 0));
    redraw(this.#latencies, h("table", { class: "table" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Stage"), h("th", { scope: "col", class: "wide-only" }, h("span", { class: "visually-hidden" }, "Share")), ["p50", "p90", "p99", "Max"].map((label) => h("th", { scope: "col", class: "number" }, label)), h("th", { scope: "col", class: "number wide-only" }, "Samples"))),
      h("tbody", {}, rows.map(({ stage, p50Ms, p90Ms, p99Ms, maxMs, count }) => {
        const bar = h("div", { class: "latency-bar" });
        const mark = h("span");
        mark.style.left = `${(100 * (p50Ms ?? 0)) / longest}%`;
        bar.style.width = `${(100 * (p99Ms ?? 0)) / longest}%`;
        return h("tr", {}, h("th", { scope: "row" }, STAGE_WORDS[stage]), h("td", { class: "latency wide-only", "aria-hidden": "true" }, count > 0 && [bar, mark]),
          [p50Ms, p90Ms, p99Ms, maxMs].map((ms) => h("td", { class: "number" }, duration(ms))), h("td", { class: "number muted wide-only" }, amount(String(count))));
      }))));
  }

  /** @param {Statistics} statistics */
  #drawVenues({ venues }) {
    const wins = venues.reduce((sum, venue) => sum + venue.wins, 0);
    if (wins === 0) return redraw(this.#venues, nothing("No orders were routed in this window."));
    const share = h("div", { class: "share", role: "img", "aria-label": venues.map((venue) => `${words(venue.venue)} ${Math.round((100 * venue.wins) / wins)} %`).join(", ") }, venues.map((venue) => {
      const part = h("span", { "data-venue": venue.venue });
      part.style.flexGrow = String(venue.wins);
      return part;
    }));
    redraw(this.#venues, h("div", { class: "panel-body" }, share), h("table", { class: "table" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Venue"), ["Share", "Quotes", "Won", "Fills"].map((label) => h("th", { scope: "col", class: "number" }, label)))),
      h("tbody", {}, venues.map((venue) => h("tr", {}, h("th", { scope: "row" }, h("span", { class: "venue", "data-venue": venue.venue }, words(venue.venue))),
        h("td", { class: "number" }, `${((100 * venue.wins) / wins).toFixed(1)} %`), [venue.quotes, venue.wins, venue.fills].map((count) => h("td", { class: "number" }, amount(String(count)))))))));
  }

  /** @param {Statistics} statistics */
  #drawCauses({ causes }) {
    redraw(this.#causes, causes.length === 0 ? nothing("Nothing failed in this window.")
      : h("table", { class: "table" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Cause"), ["Retried", "Failed"].map((label) => h("th", { scope: "col", class: "number" }, label)))),
        h("tbody", {}, causes.map(({ code, retried, failed }) => h("tr", { "data-id": code }, h("th", { scope: "row" }, h("a", { href: addressOf(`/?failureCode=${code}`) }, words(code))), [retried, failed].map((count) => h("td", { class: "number" }, amount(String(count)))))))));
  }

  /** @param {Health | undefined} report */
  #drawHealth(report) {
    if (!report) return redraw(this.#health, h("p", { class: "notice" }, h("strong", {}, "The engine does not answer"), "Is it running? This page checks again every few seconds."));
    const state = (/** @type {string} */ value, text = words(value)) => h("span", { class: "status", "data-tone": value }, text);
    const { queueDepth, workers } = report;
    redraw(this.#health, h("dl", { class: "pairs panel-body" },
      h("dt", {}, "Engine"), h("dd", {}, state(report.status)),
      h("dt", {}, "Order store"), h("dd", {}, state(report.store)),
      h("dt", {}, "Queue"), h("dd", {}, state(report.queue)),
      h("dt", {}, "Queue length"), h("dd", {}, queueDepth === null ? "Unknown" : amount(String(queueDepth))),
      h("dt", {}, "Live workers"), h("dd", {}, workers === null ? "Unknown" : workers === 0 ? state("degraded", "None, so orders wait") : amount(String(workers))),
      h("dt", {}, "Event bus"), h("dd", {}, state(report.bus)),
      h("dt", {}, "Event feed"), h("dd", {}, report.feed === "ok" ? state("ok") : state("degraded", `${Math.round(report.feedLagMs / 1000)} s behind`)),
      h("dt", {}, "New orders"), h("dd", {}, state(report.admission === "open" ? "ok" : "degraded", report.admission === "open" ? "Accepted" : "Refused for now")),
      h("dt", {}, "Orders followed by clients"), h("dd", {}, amount(String(report.followed)))));
  }

  /** Who holds orders, and which orders nobody gets done. */
  #drawWorkers() {
    const { workers, orders } = this.#engine ?? {};
    const parked = orders?.parked ?? 0;
    redraw(this.#workers,
      parked > 0 ? h("p", { class: "cause", "data-tone": "retrying" }, h("strong", {}, `${amount(String(parked))} parked. `), "Their workers died five times in a row. ", h("a", { href: addressOf("/?status=parked") }, "Show them")) : "",
      !workers ? nothing("Unknown") : workers.length === 0 ? nothing("No worker holds an order right now.")
        : h("table", { class: "table" },
          h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Worker"), h("th", { scope: "col", class: "number" }, "Orders"))),
          h("tbody", {}, workers.map((worker) => h("tr", { "data-id": worker.name }, h("th", { scope: "row", class: "mono" }, worker.name), h("td", { class: "number" }, amount(String(worker.orders))))))));
  }

  #drawSettings() {
    const engine = this.#engine;
    const key = JSON.stringify(engine && { ...engine, orders: null, workers: null });
    if (!engine || this.#settings.dataset.key === key) return;
    this.#settings.dataset.key = key;
    const { version, commit, mode, startedAt, settings } = engine;
    const about = `Version ${version}${commit ? ` (${commit.slice(0, 8)})` : ""}, ${mode}, started ${fullTime(startedAt)}`;
    this.#settings.replaceChildren(h("p", { class: "panel-body muted" }, about),
      settings.length === 0 ? "" : h("table", { class: "table" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Setting"), h("th", { scope: "col" }, "Value"), h("th", { scope: "col" }, "From"))),
        h("tbody", {}, settings.map(({ name, value, source }) => h("tr", {}, h("th", { scope: "row", class: "mono" }, breakable(name)), h("td", { class: source === "default" ? "muted" : "" }, value ?? "not set"), h("td", { class: "muted" }, value === undefined ? "–" : source))))));
  }
}

/** The name of a setting, which may break after its words only. @param {string} name */
function breakable(name) {
  return name.split(/(?<=_)/).flatMap((part) => [part, h("wbr")]);
}

/** @param {number} seconds */
function lately(seconds) {
  return seconds < 60 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** @param {string} text */
function nothing(text) {
  return h("p", { class: "notice" }, text);
}

customElements.define("engine-page", EnginePage);
