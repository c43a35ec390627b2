/** @import { Page } from "playwright-core" */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, open } from "./support/browser.js";
import { Engine } from "./support/engine.js";
import { eventually } from "./support/eventually.js";

after(closeBrowser);

/** A wallet for an order that is too large for every pool. */
const RICH = { PAPER_BALANCES: "SOL=1000000000" };

test("the engine's page shows what happened before it was opened", async (t) => {
  const engine = await Engine.start(t, RICH);
  for (let count = 0; count < 4; count += 1) await engine.place();
  await engine.place({ amountIn: "900000000" });
  await engine.settled();
  const page = await open(t, `${engine.url}/engine`);
  for (const window of ["5 min", "24 h"]) {
    await page.getByRole("radio", { name: window, exact: true }).check({ force: true });
    await eventually("all orders are counted", async () => (await tile(page, "Accepted")) === "5" && (await tile(page, "Confirmed")) === "4");
    assert.equal(await tile(page, "Success"), "80.0 %");
    await eventually("none is in progress", async () => (await tile(page, "In progress")) === "0");
    const total = page.getByRole("row", { name: /^Accepted to confirmed/ });
    await total.getByRole("cell", { name: "4", exact: true }).waitFor();
  }
  const venues = page.getByRole("region", { name: "Venues" });
  const won = await venues.locator("tbody tr td:nth-child(4)").allTextContents();
  assert.equal(won.reduce((sum, count) => sum + Number(count), 0), 4, "each order was won by one venue");
  await page.getByText(/^Version 0\.1\.0/).waitFor();
  await page.reload();
  assert.ok(await page.getByRole("radio", { name: "24 h" }).isChecked());
  await eventually("the reload forgot nothing", async () => (await tile(page, "Accepted")) === "5");
  await engine.stop();
  await engine.start();
  await eventually("neither did the restart", async () => (await tile(page, "Accepted")) === "5" && (await tile(page, "Confirmed")) === "4");
  await page.getByRole("link", { name: "Insufficient liquidity" }).click();
  await page.getByText("1 order", { exact: true }).waitFor();
});

test("the engine's page tells how many orders wait and how many workers live", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, `${engine.url}/engine`);
  await eventually("its own worker lives", async () => (await part(page, "Live workers")) === "1");
  assert.equal(await part(page, "Queue length"), "0");

  const tell = async (/** @type {object} */ told) => {
    await page.unrouteAll();
    await page.route("**/health", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...await response.json(), ...told } });
    });
  };
  await tell({ status: "degraded", queueDepth: 1234, workers: 0 });
  await eventually("nobody works", async () => (await part(page, "Live workers")) === "None, so orders wait");
  assert.equal(await part(page, "Queue length"), "1,234");
  await tell({ status: "degraded", queue: "down", queueDepth: null, workers: null });
  await eventually("the queue does not answer", async () => (await part(page, "Live workers")) === "Unknown");
  assert.equal(await part(page, "Queue length"), "Unknown");
});

test("a link keeps the focus while the figures under it change", async (t) => {
  const engine = await Engine.start(t, RICH);
  await engine.place({ amountIn: "900000000" });
  await engine.settled();
  const page = await open(t, `${engine.url}/engine`);
  const cause = page.getByRole("link", { name: "Insufficient liquidity" });
  await cause.focus();
  await engine.place({ amountIn: "900000000" });
  await page.getByRole("row", { name: /^Insufficient liquidity/ }).getByRole("cell", { name: "2", exact: true }).waitFor();
  assert.ok(await cause.evaluate((node) => node === document.activeElement));
});

/** The value of a tile. @param {Page} page @param {string} label */
function tile(page, label) {
  return page.locator(".tile", { has: page.getByText(label, { exact: true }) }).locator("dd").first().textContent();
}

/** What the health of a part is said to be. @param {Page} page @param {string} label */
function part(page, label) {
  return page.getByRole("region", { name: "Health" }).locator(`dt:text-is("${label}") + dd`).textContent();
}
