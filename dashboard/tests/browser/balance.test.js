/** @import { Page } from "playwright-core" */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, live, newContext, open } from "./support/browser.js";
import { Engine } from "./support/engine.js";
import { eventually } from "./support/eventually.js";

after(closeBrowser);

const SMALL = { PAPER_BALANCES: "SOL=10,USDC=1000" };

test("the ticket spends parts of what is free, and all of it leaves what the order holds for fees and rent", async (t) => {
  const engine = await Engine.start(t, { ...SMALL, SIM_LANDING_MIN_MS: "3000", SIM_LANDING_MAX_MS: "3000" });
  const page = await open(t, engine.url);
  await live(page);
  await free(page, "10 SOL");
  for (const [share, amount] of [["25 %", "2.5"], ["50 %", "5"], ["75 %", "7.5"], ["100 %", "9.99587144"]]) {
    await page.getByRole("button", { name: share ?? "", exact: true }).click();
    assert.equal(await page.inputValue("#amount"), amount);
  }
  await page.locator("#place:enabled", { hasText: "Sell 9.99587144 SOL" }).click();
  await free(page, "0 SOL");
  await engine.settled();
  await free(page, "0.00208428 SOL");
  assert.equal((await engine.orders())[0]?.status, "confirmed");
  await page.getByRole("radio", { name: "Buy" }).check({ force: true });
  await page.locator("#place:disabled", { hasText: "Leave 0.00208928 SOL for fees and rent" }).waitFor();
});

test("a share of what is spent is in its token, whichever the amount was in", async (t) => {
  const engine = await Engine.start(t, SMALL);
  const page = await open(t, engine.url);
  await live(page);
  await page.getByRole("radio", { name: "Buy" }).check({ force: true });
  await free(page, "1,000 USDC");
  await page.getByRole("button", { name: "100 %", exact: true }).click();
  assert.ok(await page.getByRole("radio", { name: "USDC" }).isChecked());
  await page.locator("#place:enabled").click();
  await eventually("it is placed", async () => (await engine.orders())[0]?.amountIn === "1000");
});

test("what the wallet cannot pay is said before it is placed, with its balance now", async (t) => {
  const engine = await Engine.start(t, SMALL);
  const page = await open(t, engine.url);
  await live(page);
  await page.fill("#amount", "9");
  await page.locator("#place:enabled", { hasText: "Sell 9 SOL" }).waitFor();
  await engine.place({ amountIn: "2" }); // elsewhere
  await page.locator("#place:disabled", { hasText: /^Not enough SOL: 7\.99\d* free$/ }).waitFor();
  await page.press("#amount", "Enter");
  await page.fill("#amount", "10000000000");
  await page.locator("#place:disabled", { hasText: "Not enough SOL" }).waitFor();
  await page.getByRole("radio", { name: "Buy" }).check({ force: true });
  await page.fill("#amount", "100");
  await page.locator("#place:disabled", { hasText: /^Not enough USDC: [\d,.]+ free$/ }).waitFor(); // for the most that it may spend
  await page.getByLabel("Token", { exact: true }).selectOption("JUP");
  await page.getByRole("radio", { name: "Sell" }).check({ force: true });
  await free(page, "0 JUP");
  assert.ok(await page.getByRole("button", { name: "25 %", exact: true }).isDisabled());
  assert.equal((await engine.orders()).length, 1);
});

test("what the engine refuses for want of balance is said, and the balance is read again", async (t) => {
  const engine = await Engine.start(t, SMALL);
  const page = await (await newContext(t)).newPage();
  const wallets = await (await fetch(`${engine.url}/api/wallets`)).json();
  wallets[0].balances[0].free = "100";
  await page.route("**/api/wallets", (route) => route.fulfill({ json: wallets }));
  await page.goto(engine.url);
  await live(page);
  await page.fill("#amount", "50");
  await page.locator("#place:enabled", { hasText: "Sell 50 SOL" }).waitFor();
  await page.unrouteAll();
  await page.click("#place");
  await page.getByRole("alert").filter({ hasText: "50.00412856 SOL needed, 10 free, 40.00412856 short" }).waitFor();
  await page.locator("#place:disabled", { hasText: "Not enough SOL: 10 free" }).waitFor();
});

test("an order that had no answer can be placed again, although it holds what it needs", async (t) => {
  const engine = await Engine.start(t, SMALL);
  const page = await (await newContext(t)).newPage();
  let isLost = true;
  await page.route("**/api/orders/execute", async (route) => {
    const answer = await route.fetch();
    if (isLost) await route.abort();
    else await route.fulfill({ response: answer });
  });
  await page.goto(engine.url);
  await live(page);
  await page.getByRole("button", { name: "100 %", exact: true }).click();
  await page.locator("#place:enabled", { hasText: "Sell 9.99587144 SOL" }).click();
  await page.getByText("Place it again: it cannot trade twice.").waitFor();
  isLost = false;
  await page.reload();
  await free(page, /^Free: 0(\.00208428)? SOL$/);
  await page.locator("#place:enabled", { hasText: "Sell 9.99587144 SOL" }).click();
  await page.locator("#place", { hasText: "Placed" }).waitFor();
  assert.equal((await engine.orders()).length, 1);
});

test("the wallet that is chosen stays chosen, and its orders name it", async (t) => {
  const engine = await Engine.start(t, SMALL);
  const page = await open(t, engine.url);
  await live(page);
  await free(page, "10 SOL");
  const select = page.getByRole("combobox", { name: "Wallet" });
  assert.ok(await select.isHidden(), "there is nothing to choose");
  await fetch(`${engine.url}/api/wallets`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ name: "swing", balances: { SOL: "3" } }) });
  await page.reload();
  await page.locator("#place:enabled", { hasText: "Sell 1 SOL" }).click();
  await page.locator("#place", { hasText: "Placed" }).waitFor();
  await select.selectOption("swing"); // the same order from another wallet is another order
  await free(page, "3 SOL");
  await page.getByRole("link", { name: "Market", exact: true }).click();
  await page.getByRole("link", { name: "Trade" }).click();
  await free(page, "3 SOL");
  await page.reload();
  await free(page, "3 SOL");
  await page.locator("#place:enabled", { hasText: "Sell 1 SOL" }).click();
  await eventually("both are placed", async () => (await engine.orders()).length === 2);
  const [swing, usual] = await engine.orders();
  assert.deepEqual([swing?.wallet, usual?.wallet], ["swing", undefined]);
  await free(page, "1.9979557 SOL");

  await page.locator("#free a").click();
  await page.getByRole("heading", { name: "Portfolio" }).waitFor();
  assert.equal(new URL(page.url()).search, "?wallet=swing");
  await page.goto(`${engine.url}/orders/${usual?.id}`);
  await page.getByRole("button", { name: "Place again" }).click();
  await free(page, /^Free: 8\.9979557 SOL$/);
  await page.goto(`${engine.url}/orders/${swing?.id}`);
  await page.getByRole("link", { name: "Wallet swing" }).waitFor();
  await page.getByRole("button", { name: "Place again" }).click();
  await free(page, "1.9979557 SOL");
  assert.equal(await select.inputValue(), "swing");
});

test("a wallet that another engine had gives way to the default one", async (t) => {
  const engine = await Engine.start(t, SMALL);
  const page = await open(t, engine.url);
  await page.evaluate(() => sessionStorage.setItem("draft", JSON.stringify({ wallet: "gone", base: "SOL", quote: "USDC" })));
  await page.reload();
  await free(page, "10 SOL");
  await page.locator("#place:enabled", { hasText: "Sell 1 SOL" }).click();
  await eventually("it is placed", async () => (await engine.orders())[0]?.wallet === undefined);
});

/** Waits until the ticket says that this is free. @param {Page} page @param {string | RegExp} text */
async function free(page, text) {
  await page.locator("#free", { hasText: typeof text === "string" ? `Free: ${text}` : text }).waitFor();
}
