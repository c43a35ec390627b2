/** @import { Page } from "playwright-core" */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, live, newContext, open } from "./support/browser.js";
import { Engine } from "./support/engine.js";
import { eventually } from "./support/eventually.js";

after(closeBrowser);

test("prices come over the stream, and an idle page hardly asks", async (t) => {
  const engine = await Engine.start(t, { SIM_PRESET: "realistic" });
  const page = await open(t, engine.url);
  await live(page);
  let quotes = 0;
  page.on("request", (request) => (quotes += request.url().includes("/api/quotes") ? 1 : 0));
  /** @type {string[]} */
  const seen = [];
  const legend = page.locator(".market-chart .chart-legend .venue").first();
  await eventually("three prices came", async () => {
    const text = (await legend.textContent().catch(() => null)) ?? "";
    if (text && seen.at(-1) !== text) seen.push(text);
    return seen.length >= 3;
  });
  assert.match(seen[0] ?? "", /^\S+ ([\d.,]+|–) \/ ([\d.,]+|–) USDC$/);
  assert.ok(quotes <= 5, `${quotes} quotes, all of them the ticket's`);
});

test("the live chart begins with what was before the page was opened", async (t) => {
  const engine = await Engine.start(t);
  await engine.prices("SOL/USDC");
  const page = await (await newContext(t)).newPage();
  await page.routeWebSocket(/api\/stream/, () => {}); // no price comes
  await page.goto(engine.url);
  await page.locator("price-chart .line[d*=L]").nth(1).waitFor({ state: "attached" });
});

test("candles come from the engine, also those from before the page", async (t) => {
  const engine = await Engine.start(t);
  const first = await open(t, `${engine.url}/market`);
  await first.getByRole("radio", { name: "1m", exact: true }).check({ force: true });
  await first.locator(".candle rect").first().waitFor();
  const page = await open(t, `${engine.url}/market?pair=JUP/USDC`);
  await page.getByRole("heading", { name: "JUP/USDC" }).waitFor();
  await page.getByRole("radio", { name: "5m", exact: true }).check({ force: true });
  await page.locator(".candle rect").first().waitFor();
  await page.getByRole("radio", { name: "Meteora" }).check({ force: true });
  await page.locator(".candle rect").first().waitFor();
});

test("the watchlist has a live bid and ask of several pairs, and keeps what was added", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, `${engine.url}/market`);
  await eventually("every pair has a price", async () => {
    const bids = await page.locator(".watchlist .bid").allTextContents();
    return bids.length === 5 && bids.every((text) => text !== "–");
  });
  await page.getByLabel("Pair to add").fill("wif/usdc");
  await page.getByRole("button", { name: "Add" }).click();
  await price(page, "WIF/USDC");
  await page.getByLabel("Pair to add").fill("WIF/WIF");
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByText("Two listed tokens").waitFor();
  await page.getByRole("button", { name: "Remove RAY/USDC" }).click();
  await page.getByRole("button", { name: "WIF/USDC", exact: true }).click();
  assert.equal(new URL(page.url()).search, "?pair=WIF%2FUSDC");
  await page.reload();
  await price(page, "WIF/USDC");
  await page.getByRole("heading", { name: "WIF/USDC" }).waitFor();
  assert.equal(await page.locator('[data-id="RAY/USDC"]').count(), 0);
});

test("a pair that the engine does not know takes no other one's prices", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, `${engine.url}/market`);
  await price(page, "JUP/USDC");
  await page.evaluate(() => {
    localStorage.setItem("watchlist", JSON.stringify(["JUP/USDC", "GONE/USDC", "SOL/SOL"]));
    sessionStorage.setItem("draft", JSON.stringify({ base: "GONE", quote: "USDC" })); // the pair that is looked at
  });
  await page.reload();
  await price(page, "JUP/USDC");
  assert.equal(await page.locator(".watchlist tbody tr").count(), 1);
});

test("what lies under the pointer or has the focus stays there while prices and fills come", async (t) => {
  const engine = await Engine.start(t, { SIM_PRESET: "realistic" });
  await engine.place();
  const page = await open(t, `${engine.url}/market`);
  const fills = page.getByRole("region", { name: "Latest fills", exact: true });
  const fill = fills.getByRole("link").first();
  await fill.focus();
  const bid = page.locator('[data-id="JUP/USDC"] .bid');
  const cell = await bid.elementHandle();
  await page.getByRole("button", { name: "JUP/USDC", exact: true }).hover();
  const under = await page.evaluateHandle(() => document.querySelector(":hover:not(:has(:hover))"));
  const seen = new Set();
  await eventually("three bids came", async () => seen.add(await bid.textContent()).size >= 4);
  assert.ok(await cell?.evaluate((node) => node.isConnected), "the cell is still the same");
  assert.ok(await under.evaluate((node) => node?.isConnected), "so is what is pointed at");
  await engine.place({ amountIn: "2" });
  await fills.locator("tbody tr").nth(1).waitFor();
  assert.match(await page.evaluate(() => document.activeElement?.closest("tr")?.textContent ?? ""), /Sell1/, "the fill that had the focus keeps it");
  await page.getByRole("button", { name: "JUP/USDC", exact: true }).click();
  await page.locator('[data-id="JUP/USDC"][aria-current=true]').waitFor();
  assert.equal(await page.locator(".watchlist [aria-current=true]").count(), 1);
});

test("a fill on the candles leads to its order, however long the press and whatever the prices do", async (t) => {
  const engine = await Engine.start(t, { SIM_PRESET: "realistic" });
  const { id } = await engine.place();
  await engine.settled();
  const venue = (await engine.orders())[0]?.fill?.venue ?? "";
  const page = await open(t, `${engine.url}/market`);
  await page.getByRole("radio", { name: "1m", exact: true }).check({ force: true });
  await page.getByRole("radio", { name: venue === "meteora" ? "Meteora" : "Raydium" }).check({ force: true });
  await page.locator(".candle rect").first().waitFor();
  await page.locator("candle-chart .mark").hover();
  await page.mouse.down();
  const legend = page.locator(".market-chart .chart-legend .venue").first();
  const before = await legend.textContent();
  await eventually("the price has moved", async () => (await legend.textContent()) !== before);
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  await page.mouse.up();
  await page.waitForURL(`${engine.url}/orders/${id}`);
});

/** Waits for a pair's bid. @param {Page} page @param {string} pair */
async function price(page, pair) {
  await page.locator(`[data-id="${pair}"] .bid`, { hasText: /[\d.]+/ }).waitFor();
}
