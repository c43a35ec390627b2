/** @import { Page } from "playwright-core" */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, live, open, row } from "./support/browser.js";
import { Engine } from "./support/engine.js";
import { eventually } from "./support/eventually.js";

after(closeBrowser);

const MANY = 450;

test("the orders are paged, searched, sorted and filtered, and the address keeps it", async (t) => {
  const engine = await Engine.start(t, { SIM_PRESET: "instant", SIM_LANDING_MIN_MS: "0", SIM_LANDING_MAX_MS: "10" });
  const first = await engine.place({ tokenIn: "WIF", tokenOut: "RAY", amountIn: "7", clientOrderId: "the-first" });
  await Promise.all(Array.from({ length: MANY - 1 }, (_, index) => engine.place({ amountIn: String(1 + (index % 9)) })));
  await engine.settled();

  const page = await open(t, engine.url);
  await live(page);
  await page.getByText("200 newest orders").waitFor();
  await page.focus("#blotter");
  await eventually("the last page is read", async () => {
    await page.keyboard.press("End");
    return page.getByText(`${MANY} orders`).isVisible();
  });
  await page.keyboard.press("End");
  await row(page, first.id).waitFor();
  assert.ok((await page.locator(".blotter-space .row").count()) < 60, "only what can be seen is in the document");

  await page.fill("#search", "wif");
  await page.getByText("1 order", { exact: true }).waitFor();
  await page.fill("#search", "the-first");
  await page.getByText("1 order", { exact: true }).waitFor();
  await page.fill("#search", "nothing like it");
  await page.getByRole("button", { name: "Clear the search" }).click();
  await page.getByText(`${MANY} orders`).waitFor();

  await page.getByRole("button", { name: "Spent" }).click();
  assert.match(await firstRow(page, "spent"), /^9 SOL|^7 WIF/);
  await page.getByRole("button", { name: "Spent" }).click();
  await eventually("the smallest is on top", async () => (await firstRow(page, "spent")) === "1 SOL");
  await page.getByRole("radio", { name: "Failed" }).check({ force: true });
  await page.getByText("No order is failed now").waitFor();
  await page.getByRole("radio", { name: "Confirmed" }).check({ force: true });
  await page.fill("#search", first.id);
  await page.keyboard.press("Enter");
  await page.locator("#order-status", { hasText: "Confirmed" }).waitFor();
  await page.getByRole("link", { name: "Orders", exact: true }).click();
  assert.equal(new URL(page.url()).search, `?status=confirmed&q=${first.id}&sort=amount.asc`);
  await page.reload();
  assert.ok(await page.getByRole("radio", { name: "Confirmed" }).isChecked());
  assert.equal(await page.inputValue("#search"), first.id);
});

test("statuses change in place, without asking for the orders again", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, engine.url);
  await live(page);
  let asked = 0;
  page.on("request", (request) => (asked += request.url().includes("/api/orders") ? 1 : 0));
  const { id } = await engine.place();
  const element = await row(page, id).elementHandle();
  await row(page, id).locator("[data-tone=confirmed]").waitFor();
  assert.ok(await element?.evaluate((node, id) => node.isConnected && node.id === `row-${id}`, id));
  assert.equal(asked, 0);
});

test("new orders do not push away what is read further down", async (t) => {
  const engine = await Engine.start(t, { SIM_PRESET: "instant" });
  await Promise.all(Array.from({ length: 100 }, () => engine.place()));
  await engine.settled();
  const page = await open(t, engine.url);
  await page.getByText("100 orders").waitFor();
  await page.locator("#blotter").evaluate((node) => (node.scrollTop = 40 * 32));
  const read = (await engine.orders())[45]?.id ?? "";
  await row(page, read).waitFor();
  const top = async () => (await row(page, read).boundingBox())?.y;
  const before = await top();
  await Promise.all(Array.from({ length: 10 }, () => engine.place()));
  await page.getByText("110 orders").waitFor();
  await eventually("it is where it was", async () => (await top()) === before);
});

/** @param {Page} page @param {string} column */
async function firstRow(page, column) {
  const rows = await page.locator(".blotter-space .row:visible").evaluateAll((nodes, column) =>
    nodes.map((node) => ({ top: node.getBoundingClientRect().top, text: node.querySelector(`.cell-${column}`)?.textContent ?? "" })), column);
  return rows.sort((one, other) => one.top - other.top)[0]?.text ?? "";
}
