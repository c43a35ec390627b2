import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, live, open, row } from "./support/browser.js";
import { Engine } from "./support/engine.js";
import { publish } from "./support/proxy.js";

after(closeBrowser);

test("all of it works under the path of a proxy", async (t) => {
  const engine = await Engine.start(t);
  const url = await publish(t, engine.url, "/desk/engine");
  const before = await engine.place();
  const page = await open(t, `${url}/`);
  await live(page);
  await row(page, before.id).waitFor();

  const placed = await engine.place();
  await row(page, placed.id).click();
  await page.locator("#order-status", { hasText: "Confirmed" }).waitFor();
  assert.equal(page.url(), `${url}/orders/${placed.id}`);
  await page.reload();
  await page.locator("#order-status", { hasText: "Confirmed" }).waitFor();
  for (const [name, path] of [["Market", "/market?pair=SOL%2FUSDC"], ["Portfolio", "/portfolio"], ["Engine", "/engine"], ["Trade", "/"]]) {
    await page.getByRole("navigation").getByRole("link", { name }).click();
    await page.waitForURL(`${url}${path}`);
    await page.locator("h1, h2").first().waitFor();
  }
  await page.getByRole("link", { name: "API" }).click();
  await page.locator(".call").first().waitFor();
  assert.equal(page.url(), `${url}/docs`);
  assert.ok((await page.locator(".call pre").first().textContent())?.includes(url));
});
