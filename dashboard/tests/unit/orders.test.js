import assert from "node:assert/strict";
import { test } from "node:test";
import { FAILURE, FILL, SPEC, drawFrame, event, idOf, order } from "./support.js";
import { OrderBook } from "../../app/js/core/orders.js";

test("rows and events may come in any order; the later state wins", () => {
  const book = new OrderBook();
  book.apply(event(1, 6, "confirmed", { kind: "confirmed", ...FILL }));
  assert.equal(book.get(idOf(1)), undefined, "an event alone does not say what was asked");
  book.take(order(1, { status: "routing", lastSeq: 2 }));
  assert.equal(book.get(idOf(1))?.status, "confirmed");
  assert.deepEqual(book.get(idOf(1))?.fill, FILL);
  book.take(order(1, { status: "submitted", lastSeq: 5 }));
  book.apply(event(1, 3, "routing", { kind: "routing_started" }));
  assert.equal(book.get(idOf(1))?.status, "confirmed", "what is older changes nothing");
});

test("an accepted order is known from its event", () => {
  const book = new OrderBook();
  book.apply(event(2, 1, "pending", { kind: "accepted", order: SPEC }));
  assert.equal(book.get(idOf(2))?.amountIn, "1");
});

test("a retry is told from an attempt under way, and its failure goes with success", () => {
  const book = new OrderBook();
  book.take(order(3, { status: "submitted", lastSeq: 5 }));
  book.apply(event(3, 6, "routing", { kind: "retrying", failure: FAILURE, nextAttemptAt: "2026-01-01T00:00:09Z" }));
  assert.equal(book.get(idOf(3))?.nextAttemptAt, "2026-01-01T00:00:09Z");
  book.apply(event(3, 7, "routing", { kind: "routing_started" }));
  assert.equal(book.get(idOf(3))?.nextAttemptAt, undefined);
  book.apply(event(3, 8, "confirmed", { kind: "confirmed", ...FILL }));
  assert.equal(book.get(idOf(3))?.failure, undefined);
});

test("changes are told once a frame", () => {
  const book = new OrderBook();
  /** @type {Set<string>[]} */
  const told = [];
  book.addEventListener("change", (change) => told.push(/** @type {CustomEvent} */ (change).detail));
  for (let number = 0; number < 100; number += 1) book.take(order(number));
  assert.equal(told.length, 0);
  drawFrame();
  assert.deepEqual(told.map(({ size }) => size), [100]);
});

test("of too many orders the oldest go, but none that is listed", () => {
  const book = new OrderBook();
  const listed = new Set([0, 1, 2, 40_000].map(idOf));
  book.keep((id) => listed.has(id));
  for (let number = 0; number < 45_000; number += 1) book.take(order(number));
  for (const id of listed) assert.ok(book.get(id), id);
  assert.equal(book.get(idOf(3)), undefined);
  assert.ok(book.get(idOf(44_999)), "the newest");
});

test("a request to cancel is taken although it is no event, and the end of it is one", () => {
  const book = new OrderBook();
  book.take(order(4, { status: "submitted", lastSeq: 5 }));
  book.take(order(4, { status: "submitted", lastSeq: 5, cancelRequestedAt: "2026-01-01T00:00:05Z" }));
  assert.equal(book.get(idOf(4))?.cancelRequestedAt, "2026-01-01T00:00:05Z");
  book.take(order(4, { status: "submitted", lastSeq: 5 }));
  assert.equal(book.get(idOf(4))?.cancelRequestedAt, "2026-01-01T00:00:05Z", "an answer that was under way");
  book.apply(event(4, 6, "canceled", { kind: "canceled", requestedAt: "2026-01-01T00:00:05Z", failure: FAILURE }));
  assert.equal(book.get(idOf(4))?.status, "canceled");
  assert.deepEqual(book.get(idOf(4))?.failure, FAILURE);
});
