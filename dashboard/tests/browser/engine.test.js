/** @import { Page } from "playwright-core" */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, live, open } from "./support/browser.js";
import { Engine } from "./support/engine.js";
import { eventually } from "./support/eventually.js";

after(closeBrowser);

test("the engine's page counts what happened while it was open", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, `${engine.url}/engine`);
  await live(page);
  for (let count = 0; count < 4; count += 1) await engine.place();
  await page.locator(".tile", { hasText: "Confirmed" }).getByText("4 in all").waitFor();
  assert.equal(await tile(page, "Under way"), "0");
  assert.equal(await tile(page, "Success"), "100.0 %");
  const total = page.getByRole("row", { name: /^Accepted to confirmed/ });
  await total.getByRole("cell", { name: "4", exact: true }).waitFor();
  const venues = page.getByRole("region", { name: "Venues" });
  const won = await venues.locator("tbody tr td:nth-child(4)").allTextContents();
  assert.equal(won.reduce((sum, count) => sum + Number(count), 0), 4, "each order was won by one venue");
});

test("the engine's page tells how many orders wait and how many workers live", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, `${engine.url}/engine`);
  await eventually("its own worker lives", async () => (await part(page, "Workers alive")) === "1");
  assert.equal(await part(page, "Waiting in the queue"), "0");

  const tell = async (/** @type {object} */ told) => {
    await page.unrouteAll();
    await page.route("**/health", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...await response.json(), ...told } });
    });
  };
  await tell({ status: "degraded", queueDepth: 1234, workers: 0 });
  await eventually("nobody works", async () => (await part(page, "Workers alive")) === "None, so orders wait");
  assert.equal(await part(page, "Waiting in the queue"), "1,234");
  await tell({ status: "degraded", queue: "down", queueDepth: null, workers: null });
  await eventually("the queue does not answer", async () => (await part(page, "Workers alive")) === "Unknown");
  assert.equal(await part(page, "Waiting in the queue"), "Unknown");
});

/** The value of a tile. @param {Page} page @param {string} label */
function tile(page, label) {
  return page.locator(".tile", { has: page.getByText(label, { exact: true }) }).locator("dd").first().textContent();
}

/** What the health of a part is said to be. @param {Page} page @param {string} label */
function part(page, label) {
  return page.getByRole("region", { name: "Health" }).locator(`dt:text-is("${label}") + dd`).textContent();
}
