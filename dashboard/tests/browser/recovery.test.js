/** @import { Page } from "playwright-core" */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, live, newContext, open, row } from "./support/browser.js";
import { Engine } from "./support/engine.js";
import { eventually } from "./support/eventually.js";

after(closeBrowser);

const SLOW = { SIM_LANDING_MIN_MS: "2000", SIM_LANDING_MAX_MS: "2500" };

test("an order goes on where it was after a reload in mid-flight", async (t) => {
  const engine = await Engine.start(t, SLOW);
  const page = await open(t, engine.url);
  await live(page);
  const order = await engine.place();
  await row(page, order.id).click();
  await page.locator("#order-status", { hasText: "Submitted" }).waitFor();
  await page.reload();
  await page.locator(".step strong", { hasText: "Submitted" }).waitFor();
  await page.locator("#order-status", { hasText: "Confirmed" }).waitFor();
  await eventually("the whole timeline is there", async () => (await page.locator(".step strong").count()) === 6);
});

test("a stop of the engine is shown, and nothing is missed when it is back", async (t) => {
  const engine = await Engine.start(t, SLOW);
  const page = await (await newContext(t)).newPage();
  const told = eventsTold(page);
  await page.goto(engine.url);
  await live(page);
  await page.evaluate(() => document.body.setAttribute("data-same-page", ""));
  const before = await Promise.all([engine.place(), engine.place({ tokenIn: "USDC", tokenOut: "SOL", amountIn: "200" })]);
  for (const { id } of before) await row(page, id).waitFor();

  await engine.stop();
  await page.locator("#connection", { hasText: "Offline" }).waitFor();
  await page.getByText("No connection to the engine").waitFor();
  await page.locator("#place:disabled", { hasText: "The engine does not answer" }).waitFor();

  // the next try is put off, so that things happen which the page can only learn afterwards
  await page.context().setOffline(true);
  await engine.start();
  const meanwhile = await Promise.all([engine.place(), engine.place({ tokenIn: "JUP", amountIn: "100" })]);
  await engine.settled();
  await page.locator("#connection", { hasText: "Offline" }).waitFor();
  await page.context().setOffline(false);

  await live(page);
  await page.getByText("No connection to the engine").waitFor({ state: "hidden" });
  for (const { id } of [...before, ...meanwhile]) await row(page, id).locator("[data-tone=confirmed]").waitFor();
  for (const { id } of [...before, ...meanwhile]) {
    assert.deepEqual(told.get(id), (await engine.events(id)).map(({ seq }) => seq), "each event was told once and in order");
  }
  assert.ok(await page.locator("body[data-same-page]").count(), "the page was not loaded again");
});

test("the page of an order follows through a stop of the engine", async (t) => {
  const engine = await Engine.start(t, SLOW);
  const page = await open(t, engine.url);
  await live(page);
  const order = await engine.place();
  await row(page, order.id).click();
  await page.locator("#order-status", { hasText: "Submitted" }).waitFor();
  await engine.stop();
  await page.locator("#connection", { hasText: "Offline" }).waitFor();
  await engine.start();
  // it tries by itself too, and then there is nothing left to press
  await Promise.race([page.getByRole("button", { name: "Retry now" }).click(), live(page)]);
  await page.locator("#order-status", { hasText: "Confirmed" }).waitFor();
  const steps = (await engine.events(order.id)).length;
  await eventually("every step is there once", async () => (await page.locator(".step strong").count()) === steps);
});

test("an order whose events come while its page is first read is shown", async (t) => {
  const engine = await Engine.start(t, SLOW);
  const page = await (await newContext(t)).newPage();
  const told = eventsTold(page);
  /** @type {() => void} */
  let letGo = () => {};
  const held = new Promise((resolve) => (letGo = () => resolve(undefined)));
  await page.route("**/explain", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(engine.url);
  await live(page);
  const order = await engine.place();
  await row(page, order.id).click();
  await page.getByText("Loading…").waitFor();
  await engine.settled();
  await eventually("the end was told", async () => told.get(order.id)?.length === 6);
  letGo();
  await page.locator("#order-status", { hasText: "Confirmed" }).waitFor();
});

test("two tabs tell the same", async (t) => {
  const engine = await Engine.start(t);
  const context = await newContext(t);
  const [one, other] = [await context.newPage(), await context.newPage()];
  for (const page of [one, other]) {
    await page.goto(engine.url);
    await live(page);
  }
  await one.bringToFront();
  await one.click("#place");
  await one.locator(".blotter-space .row [data-tone=confirmed]").waitFor();
  await other.bringToFront();
  const [order] = await engine.orders();
  await row(other, order?.id ?? "").locator("[data-tone=confirmed]").waitFor();
});

test("the page says so when the engine is not there at all, and begins by itself", async (t) => {
  const engine = await Engine.start(t);
  const page = await (await newContext(t)).newPage();
  await page.route("**/api/**", (route) => route.abort());
  await page.routeWebSocket(/stream/, (socket) => socket.close());
  await page.goto(engine.url);
  await page.getByText("The orders cannot be read").waitFor();
  await page.getByText("The engine does not answer").first().waitFor();
  const order = await engine.place();
  await page.unrouteAll();
  await page.getByRole("button", { name: "Try again" }).click();
  await row(page, order.id).waitFor();
});

/** The numbers of the events that the stream told, by order. @param {Page} page */
function eventsTold(page) {
  /** @type {Map<string, number[]>} */
  const told = new Map();
  page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => {
    const { type, orderId, seq } = JSON.parse(String(payload));
    if (type === "event") told.set(orderId, [...(told.get(orderId) ?? []), seq]);
  }));
  return told;
}
