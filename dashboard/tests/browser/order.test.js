/** @import { Order } from "../../app/js/core/types.js" */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, test } from "node:test";
import { closeBrowser, live, newContext, open, row } from "./support/browser.js";
import { Engine } from "./support/engine.js";
import { eventually } from "./support/eventually.js";

after(closeBrowser);

test("an order of the ticket is quoted, placed and seen to confirm", async (t) => {
  const engine = await Engine.start(t);
  const context = await newContext(t);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  await page.goto(engine.url);
  await live(page);

  await page.fill("#amount", "2.5");
  await page.locator(".quote[data-best]").waitFor();
  await page.locator("#bound", { hasText: "USDC" }).waitFor();
  assert.equal(await page.locator(".quote .big").count(), 2, "both venues quote");
  const best = await page.locator(".quote[data-best] .venue").textContent();

  await page.getByRole("button", { name: "Sell 2.5 SOL" }).click();
  await page.locator(".toast a", { hasText: "View order" }).waitFor();
  await page.locator(".toast", { hasText: /^Sold 2\.5 SOL for [\d.]+ USDC/ }).waitFor();
  assert.equal(await page.locator(".toast").count(), 1, "one toast for an order, from its beginning to its end");
  assert.match(await page.title(), /^✓ Sold 2\.5 SOL for/);
  const [order] = await engine.orders();
  assert.ok(order);
  await row(page, order.id).locator("[data-tone=confirmed]").waitFor();
  assert.match((await row(page, order.id).textContent()) ?? "", /SOL → USDC2\.5 SOL/);

  await row(page, order.id).click();
  await page.locator("#order-status", { hasText: "Confirmed" }).waitFor();
  assert.equal(new URL(page.url()).pathname, `/orders/${order.id}`);
  assert.deepEqual(await page.locator(".step strong").allTextContents(),
    ["Accepted", "Routing started", "Routed", "Building", "Submitted", "Confirmed"]);
  assert.equal(await page.locator(".attempt th .venue").count(), 2, "the quotes stand side by side");
  assert.equal(await page.locator(".attempt th:has(.best) .venue").textContent(), best, "the venue that the ticket named won");
  assert.match((await page.locator(".why").textContent()) ?? "", /^Why: .*pays the most/);
  await page.getByRole("link", { name: "Explorer (simulated)" }).waitFor();
  assert.match((await page.locator(".gauge").getAttribute("aria-label")) ?? "", /^Minimum .*, Quoted .*, Realised /);
  assert.ok((await page.locator(".steps li").allTextContents()).includes("Wrap 2.5 SOL"));

  await page.getByRole("button", { name: "Copy as curl" }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, / -H 'idempotency-key: [0-9a-f]{32}' /, "pasted twice it trades once");
  const body = /-d '(.*)'$/.exec(copied)?.[1] ?? "";
  const { minAmountOut } = order;
  assert.ok(minAmountOut, "the minimum that the ticket showed");
  assert.deepEqual(JSON.parse(body), { tokenIn: "SOL", tokenOut: "USDC", amountIn: "2.5", slippageBps: 50, minAmountOut });

  await page.getByRole("button", { name: "Place again" }).click();
  await page.getByRole("button", { name: "Sell 2.5 SOL" }).waitFor();
  assert.equal((await engine.orders()).length, 1, "nothing is placed before the button is pressed");
  await page.goBack();
  await page.getByText("Raw events").click();
  const raw = (await page.locator(".raw").textContent()) ?? "";
  assert.equal(raw.match(/"seq": \d+/g)?.join(), [1, 2, 3, 4, 5, 6].map((seq) => `"seq": ${seq}`).join());
});

test("an order is placed again with its bound, expiry and tag, or it is said what is left out", async (t) => {
  const engine = await Engine.start(t, { MAX_ATTEMPTS: "1" });
  const context = await newContext(t);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const terms = { tokenIn: "USDC", tokenOut: "SOL", amountIn: "300", slippageBps: 70, minAmountOut: "1000", tag: "it's" };
  const { id } = await engine.place({ ...terms, expiresAt });
  await engine.settled();
  await page.goto(`${engine.url}/orders/${id}`);
  await page.getByRole("button", { name: "Copy as curl" }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  const words = execFileSync("sh", ["-c", copied.replace(/^curl -s/, "printf '%s\\n'")], { encoding: "utf8" }).trim().split("\n");
  const body = JSON.parse(words.at(-1) ?? "");
  assert.deepEqual({ ...body, expiresAt: Date.parse(body.expiresAt) }, { ...terms, expiresAt: Date.parse(expiresAt) });

  await page.getByRole("button", { name: "Place again" }).click();
  const kept = page.getByRole("list", { name: "Kept from the earlier order" });
  await kept.getByText("At least 1,000 SOL").waitFor();
  await kept.getByText("Tag it's").waitFor();
  await page.locator(".risk", { hasText: "The best quote does not satisfy the bound" }).waitFor();
  await page.reload();
  await page.locator("#bound", { hasText: "1,000 SOL" }).waitFor();
  await page.locator("#place:enabled").click();
  await eventually("it is placed", async () => (await engine.orders()).length === 2);
  const again = (await engine.orders())[0];
  for (const [name, value] of Object.entries(terms)) assert.equal(/** @type {any} */ (again)[name], value, name);
  assert.equal(Date.parse(again?.expiresAt ?? ""), Date.parse(expiresAt));
  await kept.getByRole("button", { name: "Remove: Tag it's" }).click();
  await page.getByRole("button", { name: "Swap the pair" }).click();
  await kept.getByText("At least").waitFor({ state: "detached" }); // it was of another token
  await kept.getByText("Expires").waitFor();

  const late = await engine.place({ ...terms, expiresAt: "2026-01-01T00:00:00Z" });
  await engine.settled();
  await page.goto(`${engine.url}/orders/${late.id}`);
  await page.getByRole("button", { name: "Place again" }).click();
  await page.locator(".toast", { hasText: "The expiry of the order has passed and is left out." }).waitFor();
  await kept.getByText("Tag it's").waitFor();
  assert.equal(await kept.getByText("Expires").count(), 0);
});

test("what the ticket or the engine refuses is said beside the field", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, engine.url);
  await page.fill("#amount", "0.0000000000001");
  await page.locator("#amount-error", { hasText: "SOL has at most 9 decimal places" }).waitFor();
  await page.fill("#amount", "1");
  await page.fill("#slippage-own", "51");
  await page.locator("#slippage-error", { hasText: "At most 50 %" }).waitFor();
  await page.locator("#place", { hasText: "Correct the slippage" }).waitFor();
  await page.goto(`${engine.url}/orders/00000000-0000-7000-8000-000000000000`);
  await page.getByRole("heading", { name: "There is no such order" }).waitFor();
  await page.goto(`${engine.url}/orders/nonsense`);
  await page.getByRole("heading", { name: "There is no such order" }).waitFor();
});

test("a failure is followed through its retries to its cause", async (t) => {
  // the waits between the attempts are longer than a browser needs to open the page
  const engine = await Engine.start(t, { SIM_REVERT_BPS: "10000", MAX_ATTEMPTS: "3", RETRY_BASE_MS: "2500" });
  const order = await engine.place();
  const page = await open(t, `${engine.url}/orders/${order.id}`);
  await page.locator("#order-status", { hasText: "Retrying" }).waitFor();
  await page.locator(".attempt .status", { hasText: /^Failed, next try at / }).first().waitFor();
  await page.locator("#order-status", { hasText: "Failed" }).waitFor();
  await eventually("three attempts are shown", async () => (await page.locator(".attempt").count()) === 3);
  await eventually("each attempt has its outcome", async () =>
    (await page.locator(".attempt .status").allTextContents()).join() === "Failed,Failed, tried again,Failed, tried again");
  assert.equal(await page.locator(".attempt .cause strong", { hasText: "Transaction reverted" }).count(), 2, "the last one is told above");
  const steps = await page.locator(".step strong").allTextContents();
  assert.deepEqual(steps.filter((step) => /failed$/i.test(step)), ["Attempt 1 failed", "Attempt 2 failed", "Failed"]);
  const text = await page.locator("order-page").innerText();
  const { message = "" } = (await engine.orders())[0]?.failure ?? {};
  assert.equal(text.split(message).length - 1, 3, "each reason is told once");
  assert.match(await page.title(), /^Failed: Sell 1 SOL for USDC – /);
  await page.locator(".order-failure", { hasText: "Transaction reverted" }).waitFor();

  await page.getByRole("link", { name: "Orders", exact: true }).click();
  await row(page, order.id).locator("[data-tone=failed]").waitFor();
});

test("the demo places the orders of `engine demo`", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, engine.url);
  await page.getByText("No orders yet").waitFor();
  await page.getByRole("button", { name: "Run the demo" }).click();
  await eventually("five orders are confirmed", async () => (await page.locator(".row [data-tone=confirmed]").count()) === 5);
  await page.locator(".row [data-tone=failed]").waitFor();
  const terms = (/** @type {Order[]} */ orders) => orders.map(({ tokenIn, tokenOut, amountIn, amountOut, minAmountOut, slippageBps, tag }) =>
    JSON.stringify({ tokenIn, tokenOut, amountIn, amountOut, minAmountOut, slippageBps, tag })).toSorted();
  const placed = terms(await engine.orders());
  assert.deepEqual(placed, terms(JSON.parse(await engine.run("demo", "--json"))));
});

test("the bar of an attempt grows with the stage that it is in", async (t) => {
  const engine = await Engine.start(t, { SIM_LANDING_MIN_MS: "60000", SIM_LANDING_MAX_MS: "60000" });
  const { id } = await engine.place();
  const page = await open(t, `${engine.url}/orders/${id}`);
  const landing = page.locator('.stage-legend [data-stage="landing"]');
  await landing.filter({ hasText: /^Landing .* so far$/ }).waitFor();
  const before = await landing.textContent();
  await eventually("the time goes on", async () => (await landing.textContent()) !== before);
  const widths = await page.locator(".stage-bar span").evaluateAll((parts) => parts.map((part) => /** @type {HTMLElement} */ (part).dataset.stage + part.style.flexGrow));
  assert.match(widths.at(-1) ?? "", /^landing0\.[5-9]/, widths.join());
});

test("an order that is parked says so and can be tried again at once", async (t) => {
  const engine = await Engine.start(t, { SIM_LANDING_MIN_MS: "60000", SIM_LANDING_MAX_MS: "60000" });
  const order = await engine.place({ clientOrderId: "parked" });
  const page = await (await newContext(t)).newPage();
  let isParked = true;
  await page.route("**/explain", async (route) => {
    const answer = await route.fetch();
    const explanation = await answer.json();
    await route.fulfill({ response: answer, json: isParked ? { ...explanation, parkedAfterLostClaims: 6 } : explanation });
  });
  await page.goto(`${engine.url}/orders/${order.id}`);
  await page.locator(".order-parked", { hasText: "6 claims in a row were lost" }).waitFor();
  /** @type {string[]} */
  const asked = [];
  await page.route("**/resume", async (route) => {
    isParked = false; // and not before: events of the order make the page read it again at any time
    asked.push(`${route.request().method()} ${route.request().url()}`);
    await route.fulfill({ json: order });
  });
  await page.getByRole("button", { name: "Try again now" }).click();
  await page.locator(".order-parked").waitFor({ state: "detached" });
  assert.deepEqual(asked, [`POST ${engine.url}/api/orders/${order.id}/resume`]);
});
