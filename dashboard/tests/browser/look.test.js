/** @import { Page } from "playwright-core" */
/** @import { Order } from "../../app/js/core/types.js" */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, test } from "node:test";
import { DESKTOP, PHONE, closeBrowser, live, newContext, open, row, shoot } from "./support/browser.js";
import { Engine } from "./support/engine.js";
import { eventually } from "./support/eventually.js";

after(closeBrowser);

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`nothing keeps anybody out, ${colorScheme}`, async (t) => {
    const engine = await Engine.start(t, { SIM_REVERT_BPS: "5000" });
    for (const options of [DESKTOP, PHONE]) {
      const page = await open(t, engine.url, { ...options, colorScheme });
      await live(page);
      await assertOpenToAll(page, "as it begins");
      await engine.place();
      await assertOpenToAll(page, "an order under way");
      for (const order of [await anOrder(engine, isRetried), await anOrder(engine, ({ status }) => status === "failed")]) {
        await page.goto(`${engine.url}/orders/${order.id}`);
        await page.locator(".attempt").first().waitFor();
        await page.getByText("Raw events").click();
        await assertOpenToAll(page, `order ${order.status}`);
      }
      await page.goto(`${engine.url}/portfolio`);
      for (const part of ["Reset the wallet", "Open another wallet"]) await page.getByText(part, { exact: true }).click();
      await page.getByRole("button", { name: "Reset…" }).click();
      await page.getByRole("alertdialog").waitFor();
      await assertOpenToAll(page, "the question before a reset");
      await page.keyboard.press("Escape");
      await assertOpenToAll(page, "the portfolio's forms");
      for (const path of ["/market", "/portfolio", "/portfolio?wallet=none", "/engine", "/orders/none", "/?status=pending", "/docs"]) {
        await page.goto(engine.url + path);
        await page.locator(".table, .notice").first().waitFor();
        await assertOpenToAll(page, path);
      }
    }
    const page = await open(t, engine.url, { ...DESKTOP, colorScheme });
    await live(page);
    await page.keyboard.press("?");
    await assertOpenToAll(page, "the dialog");
    await page.keyboard.press("Escape");
    await page.fill("#amount", "x");
    await engine.stop();
    await page.getByText("No connection to the engine").waitFor();
    await assertOpenToAll(page, "errors");
  });
}

test("no view is wider than a phone", async (t) => {
  const engine = await Engine.start(t, { SIM_REVERT_BPS: "5000", PAPER_BALANCES: "SOL=10,BONK=9999999999.12345,mSOL=123456.123456789,USDC=1234567.654321" });
  const order = await engine.place({ tokenIn: "BONK", amountIn: "123456789.12345" });
  await engine.place({ tokenIn: "mSOL", tokenOut: "JitoSOL", amountIn: "1234.123456789" });
  await engine.settled();
  for (const width of [320, 390]) {
    const page = await open(t, engine.url, { ...PHONE, viewport: { width, height: 700 } });
    await row(page, order.id).waitFor();
    for (const path of ["/", `/orders/${order.id}`, "/market", "/portfolio", "/engine"]) {
      await page.goto(engine.url + path);
      await live(page);
      await page.locator(`.row .status, .attempt, .table`).first().waitFor();
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${path} is ${wide} wide on ${width}`);
      if (width < 390) continue; // there a table may scroll
      const cut = await page.locator(".scroll-x").evaluateAll((boxes) => boxes.filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.ariaLabel));
      assert.deepEqual(cut, [], `cut on ${path}`);
    }
  }
});

test("the theme that was chosen stays", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, engine.url, { ...DESKTOP, colorScheme: "light" });
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.getByRole("button", { name: "Light or dark" }).click();
  const dark = await paper();
  assert.notEqual(dark, light);
  await page.reload();
  assert.equal(await paper(), dark);
});

test("pictures of the views", async (t) => {
  const engine = await Engine.start(t, { SIM_PRESET: "realistic", SIM_REVERT_BPS: "2500", SIM_LANDING_MIN_MS: "700", SIM_LANDING_MAX_MS: "1100" });
  const context = await newContext(t, { ...DESKTOP, colorScheme: "light" });
  const page = await context.newPage();
  await page.goto(engine.url);
  await live(page);
  const pairs = [["SOL", "USDC", "12"], ["USDC", "SOL", "500"], ["JUP", "USDC", "1000"], ["BONK", "SOL", "5000000"], ["SOL", "USDC", "3.5"], ["RAY", "SOL", "40"], ["WIF", "USDC", "250"]];
  const place = async (/** @type {number} */ count) => {
    for (let index = 0; index < count; index += 1) {
      const [tokenIn = "", tokenOut = "", amountIn = ""] = pairs[index % pairs.length] ?? [];
      await engine.place({ tokenIn, tokenOut, amountIn, slippageBps: 100 });
    }
  };
  for (let round = 0; round < (process.env.UPDATE_SCREENSHOTS ? 9 : 1); round += 1) {
    await place(14);
    await engine.settled();
  }
  await place(4);
  await page.locator(".row [data-tone=submitted]").first().waitFor();
  await page.locator(".quote[data-best]").waitFor();
  await shoot(page, "dashboard");

  const retried = await anOrder(engine, isRetried);
  await page.goto(`${engine.url}/orders/${retried.id}`);
  await page.locator(".attempt").nth(1).waitFor();
  await shoot(page, "order");
  await page.goto(`${engine.url}/portfolio`);
  await page.locator("equity-chart .line").waitFor({ timeout: 70_000 }); // a minute without a price has no point
  await page.locator(".books").waitFor();
  await shoot(page, "portfolio");

  const dark = await open(t, engine.url, { ...DESKTOP, colorScheme: "dark" });
  await live(dark);
  await dark.locator(".quote[data-best]").waitFor();
  await place(3);
  await eventually("there are fills", async () => (await dark.locator(".row [data-tone=confirmed]").count()) > 14);
  await shoot(dark, "dashboard-dark");
  await engine.settled();
  for (let round = 0; round < (process.env.UPDATE_SCREENSHOTS ? 9 : 1); round += 1) {
    await place(6);
    await engine.settled();
  }
  await place(4);
  await dark.keyboard.press("4");
  await dark.locator(".tile", { hasText: "Success" }).getByText("%").first().waitFor();
  await shoot(dark, "engine-dark");

  const phone = await open(t, engine.url, { ...PHONE, colorScheme: "dark" });
  await phone.locator(".quote[data-best]").waitFor();
  await shoot(phone, "phone");
});

/** @param {Order} order */
function isRetried({ status, attempt }) {
  return status === "confirmed" && attempt === 2;
}

/** Places orders until one of them ends so. @param {Engine} engine @param {(order: Order) => boolean} isWanted */
async function anOrder(engine, isWanted) {
  /** @type {Order | undefined} */
  let found;
  await eventually("chance gives the order that is wanted", async () => {
    await engine.settled();
    found = (await engine.orders()).find(isWanted);
    if (!found) await Promise.all(Array.from({ length: 8 }, () => engine.place()));
    return found;
  });
  return /** @type {Order} */ (/** @type {unknown} */ (found));
}

/** @param {Page} page @param {string} where */
async function assertOpenToAll(page, where) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { violations } = await (/** @type {any} */ (globalThis)).axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter((/** @type {any} */ { impact }) => impact === "serious" || impact === "critical")
      .map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes.map((/** @type {any} */ node) => `${node.html.slice(0, 120)} ${node.failureSummary}`).slice(0, 3).join(" | ")}`);
  });
  assert.deepEqual(found, [], where);
}
