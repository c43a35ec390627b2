import assert from "node:assert/strict";
import { after, test } from "node:test";
import { PHONE, closeBrowser, open } from "./support/browser.js";
import { Engine } from "./support/engine.js";

after(closeBrowser);

test("every call is there, and every link leads somewhere", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, `${engine.url}/docs`);
  await page.locator(".call").first().waitFor();
  const document = await (await fetch(`${engine.url}/api/openapi.json`)).json();
  const calls = Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
  const shown = await page.locator(".call h3").allTextContents();
  assert.deepEqual(shown.toSorted(), calls.toSorted());
  const lost = await page.evaluate(() =>
    [...document.querySelectorAll("a")].map((link) => link.getAttribute("href") ?? "")
      .filter((href) => href.startsWith("#") && !document.getElementById(href.slice(1))));
  assert.deepEqual(lost, []);
  await page.getByRole("link", { name: "Order engine" }).click();
  await page.getByRole("link", { name: "API" }).click();
  await page.locator(".call").first().waitFor();
});

test("the address names a call", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, `${engine.url}/docs#askQuotes`);
  await page.locator("#askQuotes").waitFor();
  assert.ok(await page.evaluate(() => scrollY > 0));
  const answer = page.locator("#askQuotes details", { hasText: "no_route" }).first();
  await answer.locator("summary").first().click();
  await answer.getByText("application/problem+json").waitFor();
});

test("it is no wider than a phone", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, `${engine.url}/docs`, { ...PHONE, viewport: { width: 320, height: 700 } });
  await page.locator(".call").first().waitFor();
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 320);
});
