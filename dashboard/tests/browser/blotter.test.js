/** @import { Page } from "playwright-core" */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { closeBrowser, live, newContext, open, row } from "./support/browser.js";
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
  await page.getByText(`200 of ${MANY} orders`).waitFor();
  await page.focus("#blotter");
  await eventually("the last page is read", async () => {
    await page.keyboard.press("End");
    return page.getByText(`${MANY} orders`, { exact: true }).isVisible();
  });
  await page.keyboard.press("End");
  await row(page, first.id).waitFor();
  assert.ok((await page.locator(".blotter-space .row").count()) < 60, "only what can be seen is in the document");

  for (const text of ["wif", "WIF → RAY", "the-first", first.id.slice(-8)]) {
    await page.fill("#search", text);
    await page.getByText("1 order", { exact: true }).waitFor();
    await row(page, first.id).waitFor();
  }
  await page.fill("#search", "nothing like it");
  await page.getByText("No matches").waitFor();
  await page.getByRole("button", { name: "Show all orders" }).click();
  await page.getByText(`200 of ${MANY} orders`).waitFor();

  await page.getByLabel("Sort by").selectOption("createdAt.asc");
  await eventually("the oldest is on top", async () => (await firstRow(page, "spent")) === "7 WIF");
  await page.getByLabel("Status", { exact: true }).selectOption("failed");
  await page.getByText("No matches").waitFor();
  await page.getByLabel("Status", { exact: true }).selectOption("confirmed");
  await page.getByText(`200 of ${MANY} orders`).waitFor();
  await page.goBack();
  await page.getByText("No matches").waitFor();
  await page.goForward();
  await page.getByText(`200 of ${MANY} orders`).waitFor();
  await page.getByRole("button", { name: "Filters" }).click();
  await page.getByLabel("Pair", { exact: true }).fill("RAY/WIF");
  await page.keyboard.press("Enter");
  await page.getByText("1 order", { exact: true }).waitFor();
  await page.getByText("Traded: 7 WIF").waitFor();
  await page.getByLabel("Side", { exact: true }).and(page.locator("select")).selectOption("sell");
  await page.getByText("No matches").waitFor();
  await page.getByLabel("Side", { exact: true }).and(page.locator("select")).selectOption("buy");
  await row(page, first.id).click();
  await page.locator("#order-status", { hasText: "Confirmed" }).waitFor();
  await page.getByRole("link", { name: "Orders", exact: true }).click();
  assert.equal(new URL(page.url()).search, "?status=confirmed&pair=RAY%2FWIF&side=buy&order=asc");
  await page.reload();
  await page.getByText("1 order", { exact: true }).waitFor();
  assert.equal(await page.getByLabel("Status", { exact: true }).inputValue(), "confirmed");
  assert.equal(await page.getByLabel("Side", { exact: true }).and(page.locator("select")).inputValue(), "buy");

  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "CSV" }).click()]);
  const csv = readFileSync(await download.path(), "utf8").trim().split("\r\n");
  assert.equal(csv.length, 2);
  assert.match(csv[1] ?? "", new RegExp(`^${first.id},the-first,`));
});

test("a filter of the address is kept whole, in whichever way it is written", async (t) => {
  const engine = await Engine.start(t, { MAX_ATTEMPTS: "1" });
  const { id } = await engine.place({ minAmountOut: "1000000" });
  await engine.settled();
  const page = await open(t, `${engine.url}/?failureCode=bound_not_met`);
  await row(page, id).waitFor();
  assert.equal(await page.getByLabel("Failure", { exact: true }).inputValue(), "bound_not_met");
  await page.getByLabel("Side", { exact: true }).and(page.locator("select")).waitFor();
  await page.getByLabel("Pair", { exact: true }).fill("So11111111111111111111111111111111111111112/usdc");
  await page.keyboard.press("Enter");
  await page.waitForURL(/failureCode=bound_not_met/);
  await page.waitForURL(/pair=So1/);
  await row(page, id).waitFor();
  await page.goto(`${engine.url}/?status=FAILED&failureCode=Bound_not_met`);
  await row(page, id).waitFor();
  assert.equal(await page.getByLabel("Status", { exact: true }).inputValue(), "failed");
  const codes = await page.getByLabel("Failure", { exact: true }).locator("option").evaluateAll((options) => options.map((option) => /** @type {HTMLOptionElement} */ (option).value));
  const document = await (await fetch(`${engine.url}/api/openapi.json`)).json();
  assert.deepEqual(codes.filter(Boolean).toSorted(), document.components.schemas.FailureCode.enum.toSorted());
});

test("orders are listed by wallet, also by its name in the address, and new ones join them", async (t) => {
  const engine = await Engine.start(t);
  const opened = await fetch(`${engine.url}/api/wallets`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ name: "swing", balances: { SOL: "30" } }) });
  const { id: wallet } = /** @type {{ id: string }} */ (await opened.json());
  const [default_, first] = [await engine.place(), await engine.place({ wallet: "swing" })];
  const page = await open(t, `${engine.url}/?wallet=swing`);
  await row(page, first.id).waitFor();
  assert.equal(await row(page, default_.id).count(), 0);
  const select = page.getByLabel("Traded from", { exact: true });
  await select.locator("option", { hasText: "swing" }).waitFor({ state: "attached" });
  assert.equal(await select.inputValue(), wallet);
  await select.selectOption({ label: "Any wallet" });
  await row(page, default_.id).waitFor();
  await select.selectOption({ label: "swing" });
  await page.waitForURL(`${engine.url}/?wallet=${wallet}`);
  const second = await engine.place({ wallet: "swing" });
  await row(page, second.id).waitFor();
  assert.equal(await row(page, default_.id).count(), 0);
});

test("Enter on an order's id leads to the order, on any other id it searches", async (t) => {
  const engine = await Engine.start(t);
  const { id } = await engine.place();
  const page = await open(t, engine.url);
  await row(page, id).waitFor();
  await page.fill("#search", "0b0d9a4e-7c1f-4a55-9b55-0c7f3f6f2f10");
  await page.press("#search", "Enter");
  await page.waitForURL(/\?q=0b0d9a4e/);
  await page.fill("#search", id.toUpperCase());
  await page.press("#search", "Enter");
  await page.waitForURL(`${engine.url}/orders/${id}`);
});

test("an address that is no text leads nowhere", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, `${engine.url}/orders/%E2`);
  await page.getByText("There is no such page").waitFor();
});

test("what an address says and no page understands is named, not passed over", async (t) => {
  const engine = await Engine.start(t);
  const { id } = await engine.place();
  const page = await open(t, `${engine.url}/orders?foo=1&side=sell&status=confirmed`);
  await page.getByText("Not understood in the address, so left out: foo=1, side=sell").waitFor();
  await row(page, id).waitFor();
  await page.getByLabel("Status", { exact: true }).selectOption("");
  await page.getByText("Not understood").waitFor({ state: "detached" });
  await page.goto(`${engine.url}/market?pair=FOO/BAR`);
  await page.getByText("Not understood in the address, so left out: pair=FOO/BAR").waitFor();
  await page.waitForURL(/\?pair=SOL%2FUSDC$/);
  await page.goto(`${engine.url}/engine?window=7d`);
  await page.getByText("Not understood in the address, so left out: window=7d").waitFor();
});

test("Back after a search leads to what was listed before it", async (t) => {
  const engine = await Engine.start(t);
  const { id } = await engine.place();
  const page = await open(t, engine.url);
  await page.locator("#search").pressSequentially("wif");
  await page.getByText("No matches").waitFor();
  await page.getByText("The search takes whole words").waitFor();
  await page.locator("#search").pressSequentially(" usdc");
  await page.waitForURL(/q=wif\+usdc/);
  await page.goBack();
  await row(page, id).waitFor();
  assert.equal(page.url(), `${engine.url}/`);
  assert.equal(await page.inputValue("#search"), "");
});

test("a search asks the engine once, not for every page", async (t) => {
  const engine = await Engine.start(t, { SIM_PRESET: "instant" });
  await Promise.all(Array.from({ length: 300 }, () => engine.place()));
  const page = await open(t, engine.url);
  await live(page);
  await page.getByText("200 of 300 orders").waitFor();
  let asked = 0;
  page.on("request", (request) => (asked += request.url().includes("/api/orders?") ? 1 : 0));
  await page.fill("#search", "no-such-tag");
  await page.getByText("No matches").waitFor();
  assert.equal(asked, 1);
});

test("coming back from an order leads to the place one was at", async (t) => {
  const engine = await Engine.start(t, { SIM_PRESET: "instant" });
  await Promise.all(Array.from({ length: 150 }, () => engine.place()));
  await engine.settled();
  const page = await open(t, engine.url);
  await page.getByText("150 orders").waitFor();
  const read = (await engine.orders())[90]?.id ?? "";
  await page.locator("#blotter").evaluate((node) => (node.scrollTop = 88 * 32));
  await row(page, read).click();
  await page.locator("#order-status").waitFor();
  await page.goBack();
  await row(page, read).waitFor();
  assert.equal(await page.locator("#blotter").evaluate((node) => node.scrollTop), 88 * 32);
});

test("statuses change in place, without asking for the orders again", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, engine.url);
  await live(page);
  let asked = 0;
  page.on("request", (request) => (asked += request.url().includes("/api/orders?") ? 1 : 0));
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

test("a list that is read anew stays in sight, as when the stream connects late", async (t) => {
  const engine = await Engine.start(t, { SIM_PRESET: "instant" });
  await Promise.all(Array.from({ length: 100 }, () => engine.place()));
  await engine.settled();
  const page = await (await newContext(t)).newPage();
  const [connect, connected] = held();
  const [answer, answered] = held();
  await page.routeWebSocket(/api\/stream/, async (socket) => {
    await connected;
    socket.connectToServer();
  });
  await page.goto(engine.url);
  await page.getByText("100 orders").waitFor();
  await page.route(/api\/orders\?/, async (route) => {
    await answered;
    await route.continue();
  });
  const asked = page.waitForRequest(/api\/orders\?/);
  connect();
  const request = await asked;
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  await page.locator("#blotter").evaluate((node) => (node.scrollTop = 40 * 32));
  const read = row(page, (await engine.orders())[45]?.id ?? "");
  await read.waitFor();
  answer();
  await (await request.response())?.finished();
  await live(page);
  assert.equal(await page.locator("#blotter").evaluate((node) => node.scrollTop), 40 * 32);
  await read.waitFor();
});

/** Somebody who waits, and what ends it. @returns {[() => void, Promise<void>]} */
function held() {
  let release = () => {};
  return [() => release(), new Promise((resolve) => (release = resolve))];
}

/** @param {Page} page @param {string} column */
async function firstRow(page, column) {
  const rows = await page.locator(".blotter-space .row:visible").evaluateAll((nodes, column) =>
    nodes.map((node) => ({ top: node.getBoundingClientRect().top, text: node.querySelector(`.cell-${column}`)?.textContent ?? "" })), column);
  return rows.sort((one, other) => one.top - other.top)[0]?.text ?? "";
}
