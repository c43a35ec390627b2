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

test("a call can be found and tried", async (t) => {
  const engine = await Engine.start(t);
  const order = await engine.place();
  const page = await open(t, `${engine.url}/docs`);
  await page.locator(".call").first().waitFor();
  await page.getByLabel("Find a call").fill("/api/orders/{id}");
  await page.locator("#askQuotes").waitFor({ state: "hidden" });
  const call = page.locator("#getOrder");
  await call.getByText("Try it").click();
  await call.getByLabel("id", { exact: true }).fill(order.id);
  await call.getByRole("button", { name: "Send" }).click();
  await call.locator("pre", { hasText: /^200\n/ }).waitFor();
});

test("of an answer without end only the beginning is read, and a stream is not asked for", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, `${engine.url}/docs`);
  await page.locator(".call").first().waitFor();
  await page.evaluate(() => {
    const ask = window.fetch;
    window.fetch = async (address, options) => {
      if (!String(address).includes("/api/orders/export")) return ask(address, options);
      const line = new TextEncoder().encode(`${"order,".repeat(100)}\n`);
      return new Response(new ReadableStream({ pull: (body) => body.enqueue(line), cancel: () => document.body.setAttribute("data-canceled", "") }));
    };
  });
  const call = page.locator("#exportOrders");
  await call.getByText("Try it").click();
  await call.getByRole("button", { name: "Send" }).click();
  await call.locator("pre", { hasText: /^200\norder,.*\n…$/s }).waitFor();
  await page.locator("body[data-canceled]").waitFor();
  assert.equal(await page.locator("#streamOrders").getByText("Try it").count(), 0);
});

test("the command of a call works as it is written, with the parameters that it needs", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, `${engine.url}/docs`);
  await page.locator(".call").first().waitFor();
  const commands = await page.locator(".call .snippet pre").allTextContents();
  const reads = commands.flatMap((command) => /^curl -s '([^']+)'$/.exec(command)?.[1] ?? []).filter((address) => !address.includes("ORDER_"));
  assert.ok(reads.length > 10);
  for (const address of reads) {
    const { status, body } = await fetch(address);
    await body?.cancel();
    assert.equal(status, 200, address);
  }
});

test("the guides are served, with pictures, and a message's page is found from the reference", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, `${engine.url}/docs`);
  await page.getByRole("link", { name: "Guides" }).click();
  await page.getByRole("heading", { name: "Documentation" }).waitFor();
  await page.getByRole("navigation").getByRole("link", { name: "Dashboard" }).click();
  await page.waitForURL(`${engine.url}/docs/DASHBOARD`);
  const image = page.locator("img").first();
  assert.ok(await image.evaluate((node) => /** @type {HTMLImageElement} */ (node).naturalWidth > 0));
  for (const name of await page.locator(".contents a").evaluateAll((links) => links.map((link) => link.getAttribute("href") ?? ""))) {
    assert.equal((await fetch(`${engine.url}/docs/${name.slice(2)}`)).status, 200, name);
  }
  assert.equal((await fetch(`${engine.url}/docs/nothing`)).status, 404);
});

test("it is no wider than a phone", async (t) => {
  const engine = await Engine.start(t);
  const page = await open(t, `${engine.url}/docs`, { ...PHONE, viewport: { width: 320, height: 700 } });
  await page.locator(".call").first().waitFor();
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 320);
});
