import assert from "node:assert/strict";
import { after, test } from "node:test";
import { PHONE, closeBrowser, live, newContext, open, row } from "./support/browser.js";
import { Engine } from "./support/engine.js";
import { eventually } from "./support/eventually.js";

after(closeBrowser);

/** An order that no quote satisfies waits for its next attempt for as long as anybody likes. */
const PATIENT = { MAX_ATTEMPTS: "10", RETRY_BASE_MS: "600000", RETRY_CAP_MS: "3600000" };
const UNREACHABLE = { minAmountOut: "1000000" };

test("an order is canceled on its page, and on its row by pointer and keyboard", async (t) => {
  const engine = await Engine.start(t, PATIENT);
  const page = await open(t, engine.url);
  await live(page);
  const orders = [];
  for (let count = 0; count < 3; count += 1) orders.push(await engine.place(UNREACHABLE));
  const [onPage, byPointer, byKey] = orders.map(({ id }) => id);
  assert.ok(onPage && byPointer && byKey);
  for (const id of [onPage, byPointer, byKey]) await row(page, id).locator("[data-tone=retrying]").waitFor();

  await row(page, byPointer).hover();
  await row(page, byPointer).getByRole("button", { name: "Cancel" }).click();
  await row(page, byPointer).locator("[data-tone=canceled]").waitFor();
  assert.equal(new URL(page.url()).pathname, "/", "the row was not opened");
  assert.equal(await row(page, byPointer).getByRole("button", { name: "Cancel" }).count(), 0, "nothing is left to cancel");

  await page.keyboard.press("o");
  await page.keyboard.press("Home");
  await page.keyboard.press("Delete");
  const question = page.getByRole("alertdialog", { name: "Cancel the order “Sell 1 SOL for USDC”?" });
  await page.keyboard.press("Enter"); // the refusal has the focus
  await question.waitFor({ state: "hidden" });
  await page.keyboard.press("Delete");
  await question.getByRole("button", { name: "Cancel order" }).click();
  await row(page, byKey).locator("[data-tone=canceled]").waitFor();
  assert.ok(!(await engine.events(onPage)).some(({ data }) => data.kind === "canceled"), "the others are untouched");

  await row(page, onPage).click();
  await page.getByText("at least 1,000,000 USDC").waitFor();
  await page.getByRole("button", { name: "Cancel order" }).click();
  await page.locator("#order-status", { hasText: "Canceled" }).waitFor();
  await eventually("its only attempt was not followed by another", async () => (await page.locator(".attempt .status").allTextContents()).join() === "Failed, not tried again");
  await page.locator(".step", { hasText: "Attempt 1 failed" }).getByText("not tried again").waitFor();
  assert.deepEqual((await page.locator(".step strong").allTextContents()).at(-1), "Canceled");
  assert.equal(await page.getByRole("button", { name: "Cancel order" }).count(), 0);
  assert.equal((await engine.events(onPage)).at(-1)?.data.kind, "canceled");
});

test("a question that follows another one at once can be answered", async (t) => {
  const engine = await Engine.start(t, PATIENT);
  const page = await open(t, engine.url);
  const first = await page.evaluate(async () => {
    const questions = /** @type {import("../../app/js/components/confirm-dialog.js").ConfirmDialog} */ (document.createElement("confirm-dialog"));
    document.body.append(questions);
    const answer = questions.ask("First?", [], "Do it");
    questions.querySelector("dialog")?.close("yes"); // the event of it comes later
    void questions.ask("Second?", [], "Do it").then((isYes) => (document.title = `second: ${isYes}`));
    return answer;
  });
  assert.equal(first, true);
  await page.getByRole("alertdialog", { name: "Second?" }).getByRole("button", { name: "Do it" }).click();
  await page.waitForFunction(() => document.title === "second: true");
});

test("all orders are canceled only when confirmed, which a double click does not", async (t) => {
  const engine = await Engine.start(t, PATIENT);
  const page = await (await newContext(t)).newPage();
  await page.clock.install();
  await page.goto(engine.url);
  await live(page);
  const orders = await Promise.all([engine.place(UNREACHABLE), engine.place(UNREACHABLE)]);
  for (const { id } of orders) await row(page, id).locator("[data-tone=retrying]").waitFor();
  let asked = 0;
  page.on("request", (request) => (asked += request.url().endsWith("/api/orders/cancel") ? 1 : 0));
  await page.fill("#search", "nothing like it");
  await page.getByText("No matches").waitFor();
  await page.getByRole("button", { name: "Cancel all" }).dblclick();
  const dialog = page.getByRole("alertdialog", { name: "Cancel all 2 open orders?" });
  await dialog.getByText("not only those that the list shows").waitFor();
  const yes = dialog.getByRole("button", { name: "Cancel all open orders" });
  assert.ok(await dialog.isVisible(), "the second half of a double click confirms nothing");
  await dialog.getByRole("button", { name: "Keep them" }).click();
  await dialog.waitFor({ state: "hidden" });
  assert.equal(asked, 0);
  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 5000));
  await page.getByRole("button", { name: "Cancel all" }).click();
  await dialog.waitFor();
  assert.ok(await yes.isDisabled(), "a slow double click confirms nothing either");
  await page.clock.runFor(1000);
  await page.clock.resume();
  await yes.click();
  await page.fill("#search", "");
  await page.locator(".toast", { hasText: "2 orders canceled. Submitted ones may still land." }).waitFor();
  for (const { id } of orders) await row(page, id).locator("[data-tone=canceled]").waitFor();
  await page.getByRole("button", { name: "Cancel all" }).click();
  await page.locator(".toast", { hasText: "No open orders." }).waitFor();
  await page.goto(`${engine.url}/?status=canceled`);
  for (const { id } of orders) await row(page, id).waitFor();
});

test("a finger on the status of an order opens it and cancels nothing", async (t) => {
  const engine = await Engine.start(t, PATIENT);
  const page = await open(t, engine.url, PHONE);
  await live(page);
  const { id } = await engine.place(UNREACHABLE);
  await row(page, id).locator("[data-tone=retrying]").waitFor();
  await row(page, id).evaluate((node) => node.scrollIntoView({ block: "center" }));
  // where the button is under a mouse
  const { x, y, width, height } = /** @type {{ x: number, y: number, width: number, height: number }} */ (await row(page, id).locator(".cell-status").boundingBox());
  await page.touchscreen.tap(x + width - 8, y + height / 2);
  await page.waitForURL(`${engine.url}/orders/${id}`);
  await page.locator("#order-status", { hasText: "Retrying" }).waitFor();
  assert.equal((await engine.orders())[0]?.cancelRequestedAt, undefined);
});

test("what is submitted is canceled only if it does not land", async (t) => {
  const engine = await Engine.start(t, { SIM_LANDING_MIN_MS: "3000", SIM_LANDING_MAX_MS: "3000" });
  const page = await open(t, engine.url);
  await live(page);
  const { id } = await engine.place();
  await page.goto(`${engine.url}/orders/${id}`);
  await page.locator("#order-status", { hasText: "Submitted" }).waitFor();
  await page.getByRole("button", { name: "Cancel order" }).click();
  await page.locator("#order-status", { hasText: "Canceling" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Cancel order" }).count(), 0);
  await page.locator("#order-status", { hasText: "Confirmed" }).waitFor();
});

test("an order that expires says so", async (t) => {
  const engine = await Engine.start(t, PATIENT);
  const page = await open(t, engine.url);
  await live(page);
  const { id } = await engine.place({ ...UNREACHABLE, expiresAt: new Date(Date.now() + 1500).toISOString() });
  await row(page, id).locator("[data-tone=expired]").waitFor();
  await row(page, id).click();
  await page.locator("#order-status", { hasText: "Expired" }).waitFor();
  await page.locator(".attempt .cause", { hasText: "Bound not met" }).waitFor();
});
