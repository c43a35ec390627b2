/** @import { Order } from "../../app/js/core/types.js" */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FAILURE, drawFrame, event, idOf, order } from "./support.js";
import { ALL_ORDERS } from "../../app/js/core/order-filter.js";
import { OrderList } from "../../app/js/core/order-list.js";
import { OrderBook } from "../../app/js/core/orders.js";

/** A list of a filter, of which the engine has these orders. @param {object} filter @param {Order[]} orders */
async function listed(filter, orders) {
  const book = new OrderBook();
  const list = new OrderList(book);
  const answer = (/** @type {string} */ path) => (path.includes("summary") ? { total: orders.length, byStatus: {}, traded: [], isComplete: true } : orders);
  Object.assign(globalThis, { fetch: async (/** @type {string} */ path) => Response.json(answer(path)) });
  const read = new Promise((resolve) => list.addEventListener("change", () => list.state === "idle" && resolve(undefined)));
  list.choose({ ...ALL_ORDERS, ...filter });
  await read;
  return { book, list };
}

test("what the engine found is listed, however the filter says it", async () => {
  const { list } = await listed({ pair: "a name of SOL/USDC that only the engine knows" }, [order(2), order(1)]);
  assert.deepEqual(list.rows, [idOf(2), idOf(1)]);
});

test("orders join the list and leave it with their events", async () => {
  const { book, list } = await listed({ status: "pending" }, [order(2), order(1)]);
  book.apply(event(1, 2, "failed", { kind: "failed", failure: FAILURE }));
  book.apply(event(3, 1, "pending", { kind: "accepted", order: order(3) }));
  drawFrame();
  assert.deepEqual(list.rows, [idOf(3), idOf(2)]);
});

test("a row stays however many orders come after it", async () => {
  const first = Array.from({ length: 50 }, (_, index) => order(50 - index));
  const { book, list } = await listed({ status: "pending" }, first);
  for (let number = 100; number < 40_000; number += 1) book.take(order(number, { status: "confirmed" }));
  drawFrame();
  assert.deepEqual(list.rows, first.map(({ id }) => id));
});
