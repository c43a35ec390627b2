import assert from "node:assert/strict";
import { test } from "node:test";
import { FAILURE, FILL, event, order } from "./support.js";
import { Statistics, percentile } from "../../app/js/core/statistics.js";

const NOW = 2_010_000;

/** @param {Statistics} statistics */
function life(statistics) {
  const decision = { venue: "meteora", reason: "", quotes: [], rejected: [] };
  statistics.observe(event(1, 1, "pending", { kind: "accepted", order: order(1) }, 0));
  statistics.observe(event(1, 2, "routing", { kind: "routing_started" }, 10));
  statistics.observe(event(1, 3, "routing", { kind: "routed", ...decision }, 210));
  statistics.observe(event(1, 4, "building", { kind: "building", venue: "meteora", minAmountOut: "149", instructions: [] }, 211));
  statistics.observe(event(1, 5, "submitted", { kind: "submitted", venue: "meteora", signature: "", lastValidBlockHeight: 1 }, 215));
}

test("the time of an order is divided into its stages", () => {
  const statistics = new Statistics();
  life(statistics);
  statistics.observe(event(1, 6, "confirmed", { kind: "confirmed", ...FILL }, 2215));
  const medians = (/** @type {import("../../app/js/core/statistics.js").Stage[]} */ stages) => stages.map((stage) => statistics.latencies(stage, NOW).p50);
  assert.deepEqual(medians(["queued", "routing", "building", "landing", "total"]), [10, 200, 5, 2000, 2215]);
  assert.equal(statistics.underWay, 0);
  assert.deepEqual(statistics.venues.get("meteora"), { quotes: 0, wins: 1, fills: 1 });
});

test("retries and failures are counted by their cause", () => {
  const statistics = new Statistics();
  life(statistics);
  statistics.observe(event(1, 6, "routing", { kind: "retrying", failure: FAILURE, nextAttemptAt: "" }, 2215));
  assert.equal(statistics.underWay, 1);
  statistics.observe(event(1, 7, "failed", { kind: "failed", failure: FAILURE }, 3000));
  assert.deepEqual(statistics.causes.get("transaction_reverted"), { retried: 1, failed: 1 });
  assert.equal(statistics.latencies("total", NOW).count, 0, "only what was confirmed has a total");
});

test("rates are of whole seconds", () => {
  const statistics = new Statistics();
  life(statistics);
  const seconds = statistics.perSecond(NOW);
  assert.equal(seconds.reduce((sum, { accepted }) => sum + accepted, 0), 1);
  assert.equal(seconds[seconds.length - 10]?.accepted, 1);
});

test("a percentile is a value that was measured", () => {
  const sorted = [1, 2, 3, 4];
  assert.deepEqual([50, 90, 99].map((percent) => percentile(sorted, percent)), [2, 4, 4]);
  assert.equal(percentile([], 50), undefined);
});
