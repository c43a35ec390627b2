/** @import { Page } from "playwright-core" */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, live, open } from "./support/browser.js";
import { Engine } from "./support/engine.js";
import { eventually } from "./support/eventually.js";

after(closeBrowser);

test("everything is done with the keyboard alone", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, engine.url);
  await live(page);
  const { keyboard } = page;

  await keyboard.press("Tab");
  assert.equal(await focused(page), "Skip to content");
  await keyboard.press("n");
  await keyboard.type("3");
  await keyboard.press("Enter");
  await page.locator(".blotter-space .row [data-tone=confirmed]").waitFor();
  assert.equal((await engine.orders())[0]?.amountIn, "3");

  await keyboard.press("Escape");
  await keyboard.press("o");
  await keyboard.press("ArrowDown");
  await page.locator("#blotter[aria-activedescendant]").waitFor();
  await keyboard.press("Enter");
  await page.locator("#order-status").waitFor();
  await eventually("the heading has the focus", async () => /^Sell 3 SOL/.test(await focused(page)));
  await keyboard.press("Backspace");
  await page.locator("order-ticket").waitFor();

  await keyboard.press("/");
  await keyboard.type("bonk");
  await page.getByText("No matches").waitFor();
  await keyboard.press("Escape");
  await keyboard.press("2");
  await page.getByRole("heading", { name: "Market" }).waitFor();
  await keyboard.press("3");
  await page.getByRole("heading", { name: "Portfolio" }).waitFor();
  await keyboard.press("4");
  await page.getByRole("heading", { name: "Engine" }).waitFor();
  await keyboard.press("1");
  await keyboard.press("b");
  await page.getByRole("button", { name: /^Buy .* SOL/ }).waitFor();
  for (const key of "abcdefghijklmnopqrstuvwxyz0123456789") await keyboard.press(key);
  await keyboard.press("Escape");
  assert.equal((await engine.orders()).length, 1, "no single key places an order");
});

test("single keys are explained, and can be turned off", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, engine.url);
  await live(page);
  const { keyboard } = page;
  await keyboard.press("?");
  await page.getByRole("heading", { name: "Keyboard shortcuts" }).waitFor();
  await page.getByLabel("Single-key shortcuts").focus();
  await keyboard.press("Space");
  await keyboard.press("Escape");
  await keyboard.press("3");
  await keyboard.press("?");
  assert.equal(await page.locator("dialog[open]").count(), 0);
  assert.equal(new URL(page.url()).pathname, "/");
});

/** The text of what has the focus. @param {Page} page */
function focused(page) {
  return page.evaluate(() => document.activeElement?.textContent ?? "");
}
