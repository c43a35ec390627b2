/** @import { Page } from "playwright-core" */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { PHONE, closeBrowser, live, newContext, open } from "./support/browser.js";
import { Engine } from "./support/engine.js";
import { eventually } from "./support/eventually.js";

after(closeBrowser);

test("an amount that could be read in two ways is rejected, and nothing is placed", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, engine.url);
  await live(page);
  for (const [typed, hint] of [["1,5", "Use a point for decimals: 1.5"], ["1.000,50", "no other marks"], ["1,000", "Write 1000, or 1.000"], ["1,5x", "Not a number"]]) {
    await page.fill("#amount", typed ?? "");
    await page.locator("#amount-error", { hasText: hint ?? "" }).waitFor();
    await page.locator("#place:disabled", { hasText: "Correct the amount" }).waitFor();
    await page.press("#amount", "Enter");
  }
  await page.fill("#slippage-own", "0,5");
  await page.locator("#slippage-error", { hasText: "Use a point for decimals: 0.5" }).waitFor();
  await page.fill("#slippage-own", "");
  await page.fill("#amount", "1,234.5");
  await page.locator("#amount-read", { hasText: "= 1,234.5 SOL" }).waitFor();
  await quoted(page, "Sell 1,234.5 SOL");
  assert.deepEqual(await engine.orders(), []);
});

test("a double click, fast or slow, places one order", async (t) => {
  const engine = await Engine.start(t);
  const page = await (await newContext(t)).newPage();
  await page.clock.install();
  await page.goto(engine.url);
  await live(page);
  let placed = 0;
  for (const pause of [0, 120, 400, 900]) {
    await quoted(page, "Sell 1 SOL");
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 5000));
    await page.click("#place");
    if (pause > 0) {
      await page.locator("#place", { hasText: "Placed" }).waitFor();
      await page.clock.runFor(pause);
    }
    await page.locator("#place").click({ force: true });
    await page.locator("#place", { hasText: "Placed" }).waitFor();
    placed += 1;
    assert.equal((await engine.orders()).length, placed, `${pause} ms apart`);
    await page.clock.resume();
  }
});

test("a held Enter places one order", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, engine.url);
  await live(page);
  await quoted(page, "Sell 1 SOL");
  await page.focus("#amount");
  for (let held = 0; held < 60; held += 1) {
    await page.keyboard.down("Enter"); // repeated without an up it is a repeat
    await page.waitForTimeout(33);
  }
  await page.keyboard.up("Enter");
  await quoted(page, "Sell 1 SOL");
  assert.equal((await engine.orders()).length, 1);
});

test("pressing again after a lost answer cannot trade twice, and a second later it is another order", async (t) => {
  const engine = await Engine.start(t);
  const page = await (await newContext(t)).newPage();
  /** @type {string[]} */
  const keys = [];
  let isLost = true;
  await page.route("**/api/orders/execute", async (route) => {
    keys.push(route.request().headers()["idempotency-key"] ?? "");
    const answer = await route.fetch();
    if (isLost) await route.abort();
    else await route.fulfill({ response: answer });
  });
  await page.goto(engine.url);
  await quoted(page, "Sell 1 SOL");
  await page.click("#place");
  await page.getByText("Place it again: it cannot trade twice.").waitFor();
  isLost = false;
  await page.click("#place");
  await page.locator("#place", { hasText: "Placed" }).waitFor();
  assert.equal(keys.length, 2);
  assert.equal(new Set(keys).size, 1);
  assert.equal((await engine.orders()).length, 1);
  await quoted(page, "Sell 1 SOL");
  await page.click("#place");
  await eventually("another order", async () => (await engine.orders()).length === 2);
  assert.equal(new Set(keys).size, 2);
});

test("pressing again after a lost answer and a reload cannot trade twice", async (t) => {
  const engine = await Engine.start(t);
  const page = await (await newContext(t)).newPage();
  let isLost = true;
  await page.route("**/api/orders/execute", async (route) => {
    const answer = await route.fetch();
    if (isLost) await route.abort();
    else await route.fulfill({ response: answer });
  });
  await page.goto(engine.url);
  await quoted(page, "Sell 1 SOL");
  await page.click("#place");
  await page.getByText("Place it again: it cannot trade twice.").waitFor();
  isLost = false;
  await page.reload();
  await page.getByText("No answer came when this order was placed last. Place it again: it cannot trade twice.").waitFor();
  await quoted(page, "Sell 1 SOL");
  const [first] = await engine.orders();
  assert.equal((await page.locator("#bound").innerText()).replace(/[^\d.]/g, ""), first?.minAmountOut, "the bound is still that of the order");
  await page.click("#place");
  await page.locator("#place", { hasText: "Placed" }).waitFor();
  assert.equal((await engine.orders()).length, 1);
  await page.reload();
  await quoted(page, "Sell 1 SOL");
  await page.click("#place");
  await eventually("what was answered is over", async () => (await engine.orders()).length === 2);
});

test("an order never fills below what was shown, whatever the venues quote when it is executed", async (t) => {
  const engine = await Engine.start(t, { MAX_ATTEMPTS: "1" });
  const page = await (await newContext(t)).newPage();
  // the market was better while the ticket was looked at
  await page.route("**/api/quotes", async (route) => {
    const answer = await route.fetch();
    const quotes = await answer.json();
    const bound = quotes.amountIn ? { minAmountOut: "1000000" } : { maxAmountIn: "0.01" };
    await route.fulfill({ response: answer, json: { ...quotes, bound } });
  });
  await page.goto(engine.url);
  await live(page);
  for (const [side, bound] of [["Sell", "1,000,000 USDC"], ["Buy", "0.01 USDC"]]) {
    await page.getByRole("radio", { name: side ?? "" }).check();
    await quoted(page, `${side} 1 SOL`);
    await page.locator("#bound", { hasText: bound ?? "" }).waitFor();
    await page.click("#place");
    await page.locator(".toast", { hasText: /^Failed: The best quote/ }).waitFor();
    await page.locator(".toast").waitFor({ state: "detached" });
  }
  const orders = await engine.orders();
  assert.deepEqual(orders.map(({ failure }) => failure?.code), ["bound_not_met", "bound_not_met"]);
  assert.deepEqual(orders.map(({ minAmountOut, maxAmountIn }) => minAmountOut ?? maxAmountIn), ["0.01", "1000000"]);
});

test("what no venue quotes cannot be placed, and the button says why", async (t) => {
  const engine = await Engine.start(t, { PAPER_BALANCES: "SOL=2000000000" });
  const page = await open(t, engine.url);
  await live(page);
  await page.fill("#amount", "1000000000");
  await page.locator("#place:disabled", { hasText: "Not enough liquidity for this size" }).waitFor();
  await page.press("#amount", "Enter");
  await page.fill("#amount", "0.000000001");
  await page.locator("#place:disabled", { hasText: "Amount too small" }).waitFor();
  await page.fill("#amount", "");
  await page.locator("#place:disabled", { hasText: "Enter an amount" }).waitFor();
  assert.deepEqual(await engine.orders(), []);
});

test("price impact and slippage warn, and have to be confirmed when they are high", async (t) => {
  const engine = await Engine.start(t, { PAPER_BALANCES: "SOL=100000" });
  const page = await open(t, engine.url);
  await live(page);
  await quoted(page, "Sell 1 SOL");
  assert.equal(await page.locator(".ticket .risk").count(), 0);
  await page.locator(".ticket-slippage label", { hasText: "1 %" }).last().click();
  await page.locator(".ticket .risk[data-level=warning]", { hasText: "Slippage 1.00 %" }).waitFor();
  await page.fill("#slippage-own", "5");
  await page.locator(".ticket .risk[data-level=danger]", { hasText: "Slippage 5.00 %" }).waitFor();
  await page.fill("#slippage-own", "5,5");
  await page.locator(".quote", { hasText: "No quote" }).first().waitFor();
  assert.equal(await page.locator(".ticket .risk:visible").count(), 0, "the warning was of other slippage");
  await page.fill("#slippage-own", "");
  await page.fill("#amount", "20000");
  await page.locator(".ticket .risk[data-level=danger]", { hasText: "Price impact" }).waitFor();

  await page.press("#amount", "Enter");
  const dialog = page.getByRole("alertdialog", { name: "Sell 20,000 SOL?" });
  await dialog.locator(".risk", { hasText: "Price impact" }).waitFor();
  await page.keyboard.press("Enter"); // Cancel has the focus
  await dialog.waitFor({ state: "hidden" });
  assert.deepEqual(await engine.orders(), []);
  await page.click("#place");
  await dialog.getByRole("button", { name: "Sell 20,000 SOL anyway" }).click();
  await eventually("it is placed", async () => (await engine.orders()).length === 1);
});

test("that no money moves is seen on every page, and the demo is offered where nothing else is", async (t) => {
  const engine = await Engine.start(t, { SIM_SEED: "7" });
  const page = await open(t, engine.url);
  for (const path of ["/", "/market", "/portfolio", "/engine", "/orders/none"]) {
    await page.goto(engine.url + path);
    await page.locator("#market", { hasText: /^PAPER · ideal · seed 7$/ }).waitFor();
  }
  const phone = await open(t, engine.url, PHONE);
  await phone.getByRole("button", { name: "Run the demo: six paper orders" }).waitFor();
  assert.equal(await phone.locator("#market").innerText(), "PAPER");
  assert.equal(await phone.locator("header button", { hasText: /demo/i }).count(), 0);
});

test("the ticket is as it was after a look at another page and after a reload", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, engine.url);
  await live(page);
  await page.getByRole("radio", { name: "Buy" }).check();
  await page.fill("#amount", "7");
  await page.fill("#slippage-own", "0.7");
  await page.getByLabel("Priced in").selectOption("USDT");
  await quoted(page, "Buy 7 SOL");
  await page.getByRole("link", { name: "Engine", exact: true }).click();
  await page.getByRole("link", { name: "Trade" }).click();
  await quoted(page, "Buy 7 SOL");
  await page.reload();
  await quoted(page, "Buy 7 SOL");
  assert.equal(await page.inputValue("#slippage-own"), "0.7");
  assert.equal(await page.getByLabel("Priced in").inputValue(), "USDT");
});

/** Waits until the ticket can be placed. @param {Page} page @param {string} action */
async function quoted(page, action) {
  await page.locator(".quote[data-best]").waitFor();
  await page.locator("#place:enabled", { hasText: action }).waitFor();
}
