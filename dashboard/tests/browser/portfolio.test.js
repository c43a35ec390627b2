/** @import { Page } from "playwright-core" */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { closeBrowser, live, newContext, open } from "./support/browser.js";
import { Engine } from "./support/engine.js";
import { eventually } from "./support/eventually.js";

after(closeBrowser);

const SMALL = { PAPER_BALANCES: "SOL=10,USDC=1000" };
/** An order that no quote satisfies waits for its next attempt for as long as anybody likes. */
const PATIENT = { ...SMALL, MAX_ATTEMPTS: "10", RETRY_BASE_MS: "600000", RETRY_CAP_MS: "3600000" };
const UNREACHABLE = { minAmountOut: "1000000" };

test("the portfolio follows an order, adds up, and leads to the order and back", async (t) => {
  const engine = await Engine.start(t, { ...SMALL, SIM_SEED: "7" });
  const page = await open(t, engine.url);
  await live(page);
  await page.keyboard.press("3");
  await page.getByText("Paper market, preset ideal, seed 7: no real money moves. Its venues differ by 2–5 % on purpose").waitFor();
  await balance(page, "SOL", ["10", "0", "10"]);
  await balance(page, "USDC", ["1,000", "0", "1,000"]);

  const order = await engine.place();
  await balance(page, "SOL", ["8.9979557", "0", "8.9979557"]);
  await eventually("the sums add up", async () => {
    const [value, paidIn, realized, unrealized, fees, rent] = await sums(page);
    return Math.abs(value - (paidIn + realized + unrealized - fees - rent)) < 0.05 && fees > 0 && rent > 0;
  });
  const earned = page.getByRole("region", { name: "Profit and loss" }).getByRole("row", { name: /^SOL/ });
  assert.match(await earned.innerText(), /^SOL\s+8\.9979557\s/);

  const link = page.getByRole("link", { name: `Order ${order.id.slice(-8)}, acceptance` });
  const held = page.getByRole("row").filter({ has: link });
  assert.equal(await held.getByRole("listitem").innerText(), "Held\n1.00412856 SOL");
  await link.click();
  const postings = page.getByRole("region", { name: "What it did to the wallet" });
  await postings.getByText("Network fee").waitFor();
  const said = (await postings.getByRole("listitem").allInnerTexts()).map((text) => text.replace("\n", " "));
  assert.deepEqual([said[0], said[1], ...said.slice(4)], ["Held 1.00412856 SOL", "Released 1.00412856 SOL", said[4], "Network fee −0.000005 SOL", "Rent −0.00407856 SOL", "Rent refund +0.00203928 SOL"]);
  assert.match(said[2] ?? "", /^Spent −0\.99\d+ SOL$/);
  assert.match(said[3] ?? "", /^Received \+[\d.]+ USDC$/);
  await page.getByRole("link", { name: "Wallet default" }).click();
  await balance(page, "SOL", ["8.9979557", "0", "8.9979557"]);
});

test("a profit that is not exact says so", async (t) => {
  const engine = await Engine.start(t, SMALL);
  const page = await (await newContext(t)).newPage();
  await page.route("**/api/wallets/*/pnl", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...await response.json(), isComplete: false } });
  });
  await page.goto(`${engine.url}/portfolio`);
  await page.getByText("not exact: a balance has no price, or a deposit had none and counts as 0").waitFor();
});

test("the value over time is drawn once there is some", async (t) => {
  const engine = await Engine.start(t, SMALL);
  await eventually("a value is recorded", async () => (await (await fetch(`${engine.url}/api/wallets/default/equity`)).json()).points.length > 1);
  const page = await open(t, `${engine.url}/portfolio`);
  await page.getByRole("group", { name: /^Value in USDC: [\d,.]+ at first, [\d,.]+ now$/ }).waitFor();
});

test("postings are read page by page, new ones come before them, and all of them can be downloaded", async (t) => {
  const engine = await Engine.start(t, SMALL);
  for (let count = 0; count < 30; count += 1) await change(engine, "deposit", { amounts: { SOL: "1" } });
  const page = await open(t, `${engine.url}/portfolio`);
  const rows = page.locator(".books tbody tr");
  await eventually("a page is there", async () => (await rows.count()) === 25);
  await page.getByRole("button", { name: "Show older postings" }).click();
  await eventually("the rest is there", async () => (await rows.count()) === 31);
  await page.getByRole("button", { name: "Show older postings" }).waitFor({ state: "hidden" });

  await page.getByLabel("Amount").fill("2.5");
  await page.getByRole("button", { name: "Deposit 2.5 SOL" }).click();
  await rows.first().getByText("+2.5 SOL").waitFor();
  assert.equal(await rows.count(), 32, "what was read stays");

  for (const [name, beginning] of /** @type {[string, RegExp][]} */ ([["CSV", /^position,at,cause,/], ["JSON Lines", /^\{"position":/]])) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name, exact: true }).click()]);
    const text = await readFile(await download.path(), "utf8");
    assert.match(text, beginning);
    assert.ok(text.trim().split("\n").length >= 32, name);
  }
});

test("paper money is paid in and out once, and what cannot be is said", async (t) => {
  const engine = await Engine.start(t, SMALL);
  const page = await (await newContext(t)).newPage();
  let isLost = true;
  await page.route("**/deposit", async (route) => {
    const answer = await route.fetch();
    if (isLost) await route.abort();
    else await route.fulfill({ response: answer });
  });
  await page.goto(`${engine.url}/portfolio`);
  const money = page.getByRole("region", { name: "Paper money" });
  const size = money.getByLabel("Amount");
  await money.getByRole("button", { name: "Enter an amount", disabled: true }).waitFor();
  await size.fill("1,5");
  await money.getByText("Use a point for decimals: 1.5").waitFor();
  await money.getByRole("button", { name: "Correct the amount", disabled: true }).waitFor();

  await size.fill("5");
  await money.getByRole("button", { name: "Deposit 5 SOL" }).click();
  await money.getByText("Press again; it will not be applied twice.").waitFor();
  isLost = false;
  await money.getByRole("button", { name: "Deposit 5 SOL" }).click();
  await page.locator(".toast", { hasText: "5 SOL deposited." }).waitFor();
  await balance(page, "SOL", ["15", "0", "15"]);
  assert.equal(await size.inputValue(), "", "the second half of a double click moves nothing");

  await money.getByRole("radio", { name: "Withdraw" }).check({ force: true });
  await size.fill("15.1");
  await money.getByRole("button", { name: "Withdraw 15.1 SOL" }).click();
  await money.getByRole("alert").filter({ hasText: "15.1 SOL needed, 15 free, 0.1 short" }).waitFor();
  await money.getByLabel("Token to move").selectOption("USDC");
  await money.getByText("Free: 1,000 USDC").waitFor();
  await size.fill("1000");
  await page.keyboard.press("Enter");
  await page.locator(".toast", { hasText: "1,000 USDC withdrawn." }).waitFor();
  await balance(page, "USDC", ["0", "0", "0"]);
});

test("wallets are opened and switched, and the address names the one that is shown", async (t) => {
  const engine = await Engine.start(t, SMALL);
  const page = await open(t, `${engine.url}/portfolio`);
  await balance(page, "SOL", ["10", "0", "10"]);
  const select = page.getByRole("combobox", { name: "Wallet" });
  assert.ok(await select.isHidden(), "there is nothing to choose");
  await page.getByText("Open another wallet").click();
  await page.getByRole("button", { name: "Open the wallet" }).click();
  await page.getByText("Enter a name").waitFor();
  await page.getByLabel("Name").fill("default");
  await page.getByLabel("Opening balances").fill("SOL=2 USDC=5");
  await page.keyboard.press("Enter");
  await page.getByText("Write SOL=amount, with a comma between tokens").waitFor();
  await page.getByLabel("Opening balances").fill("sol=2, USDC=5");
  await page.keyboard.press("Enter");
  await page.getByText("you have a wallet with the name default").waitFor();
  await page.getByLabel("Name").fill("swing & co");
  await page.keyboard.press("Enter");
  await balance(page, "SOL", ["2", "0", "2"]);
  assert.equal(new URL(page.url()).searchParams.get("wallet"), "swing & co");
  await page.reload();
  await balance(page, "USDC", ["5", "0", "5"]);
  assert.equal(await select.inputValue(), "swing & co");
  await select.selectOption("default");
  await balance(page, "SOL", ["10", "0", "10"]);
  assert.equal(new URL(page.url()).search, "");
  await page.goBack();
  await balance(page, "SOL", ["2", "0", "2"]);

  const { id } = await (await fetch(`${engine.url}/api/wallets/swing%20%26%20co`)).json();
  for (const other of ["SWING & co", id]) {
    await page.goto(`${engine.url}/portfolio?${new URLSearchParams({ wallet: other })}`);
    await balance(page, "SOL", ["2", "0", "2"]);
    assert.equal(await select.inputValue(), "swing & co", other);
  }

  await page.goto(`${engine.url}/portfolio?wallet=nope&sort=price`);
  await page.getByText("Not understood in the address, so left out: sort=price").waitFor();
  await page.getByText("There is no such wallet").waitFor();
  await page.getByRole("link", { name: "Show the default wallet" }).click();
  await balance(page, "SOL", ["10", "0", "10"]);
});

test("a reset says what it cancels and replaces, and does nothing unless it is confirmed", async (t) => {
  const engine = await Engine.start(t, PATIENT);
  const { id } = await engine.place(UNREACHABLE);
  const page = await open(t, `${engine.url}/portfolio`);
  await balance(page, "SOL", ["10", "1.0041285", "8.9958714"]);
  await page.getByText("Reset the wallet", { exact: true }).click();
  await page.getByRole("button", { name: "Reset…" }).click();
  const question = page.getByRole("alertdialog", { name: "Reset the wallet default?" });
  await question.getByText("Canceled first: its open orders, which hold 1.00412856 SOL.").waitFor();
  await question.getByText(/^Replaced: all balances, [\d,.]+ USDC in all, with 10 SOL, 1,000 USDC\.$/).waitFor();
  await question.getByText("Orders and postings are kept.").waitFor();
  await page.keyboard.press("Enter"); // the refusal has the focus
  await question.waitFor({ state: "hidden" });
  assert.ok((await engine.events(id)).every(({ data }) => data.kind !== "canceled"), "nothing was canceled");

  await page.getByLabel("Starting balances").fill("SOL=-1");
  await page.keyboard.press("Enter");
  await page.getByText("SOL: Must be greater than zero").waitFor();
  await page.getByLabel("Starting balances").fill("USDC=77");
  await page.keyboard.press("Enter");
  await question.getByText("with 77 USDC.").waitFor();
  await question.getByRole("button", { name: "Reset the wallet" }).click();
  await page.locator(".toast", { hasText: "The wallet default was reset." }).waitFor();
  await balance(page, "SOL", ["0", "0", "0"]);
  await balance(page, "USDC", ["77", "0", "77"]);
  assert.equal((await engine.events(id)).at(-1)?.data.kind, "canceled");
  await page.locator(".portfolio-head", { hasText: "reset " }).waitFor();
  await page.locator(".books tr", { hasText: "Reset" }).getByText("+77 USDC").waitFor();
  assert.deepEqual((await sums(page)).slice(1), [77, 0, 0, 0, 0], "profits are counted from there on");
});

test("what cannot be read is said, and read again when it can be", async (t) => {
  const engine = await Engine.start(t, SMALL);
  const page = await (await newContext(t)).newPage();
  const down = { status: 503, json: { detail: "the order store is unavailable" } };
  await page.route("**/api/wallets", (route) => route.fulfill(down));
  await page.route("**/api/wallets/*/pnl", (route) => route.fulfill(down));
  await page.goto(`${engine.url}/portfolio`);
  await page.getByText("The wallets cannot be read").waitFor();
  await page.unroute("**/api/wallets");
  await page.getByRole("button", { name: "Try again" }).click();
  await balance(page, "SOL", ["10", "0", "10"]);
  await page.getByRole("alert").filter({ hasText: "the order store is unavailable" }).waitFor();
  await page.unrouteAll();

  await engine.stop();
  await page.getByText("No connection to the engine").waitFor();
  await balance(page, "SOL", ["10", "0", "10"]);
  await engine.start();
  await change(engine, "deposit", { amounts: { SOL: "1" } });
  await live(page);
  await balance(page, "SOL", ["11", "0", "11"]);
  await page.getByRole("alert").filter({ hasText: "the order store is unavailable" }).waitFor({ state: "detached" });
});

/** Waits until a token has this total, held and free. @param {Page} page @param {string} token @param {string[]} expected */
async function balance(page, token, expected) {
  const cells = page.getByRole("region", { name: "Balances" }).locator(`tr[data-id="${token}"] td`);
  await eventually(`${token} is ${expected.join(", ")}`, async () => (await cells.allTextContents()).slice(0, 3).join() === expected.join());
}

/** Value, paid in, realized, unrealized, fees and rent. @param {Page} page @returns {Promise<[number, number, number, number, number, number]>} */
async function sums(page) {
  const texts = await page.locator(".sums .tile dd:not(.tile-note)").allTextContents();
  return /** @type {any} */ (texts.map((text) => Number(text.replace("−", "-").replace(/[^\d.-]/g, ""))));
}

/** @param {Engine} engine @param {string} action @param {object} body */
async function change(engine, action, body) {
  const answer = await fetch(`${engine.url}/api/wallets/default/${action}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  assert.equal(answer.status, 200);
}
