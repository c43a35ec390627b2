/** @import { Browser, BrowserContextOptions, Page } from "playwright-core" */
/** @import { TestContext } from "node:test" */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";

const PROGRAM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const IMAGES = process.env.UPDATE_SCREENSHOTS
  ? resolve(import.meta.dirname, "../../../../docs/images")
  : join(tmpdir(), "dashboard-screenshots");

export const DESKTOP = { viewport: { width: 1440, height: 900 } };
export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

/** @type {Promise<Browser> | undefined} */
let launched;

function browser() {
  assert.ok(existsSync(PROGRAM), `${PROGRAM} is missing: apt-get install chromium, or name another in CHROMIUM`);
  return (launched ??= chromium.launch({ executablePath: PROGRAM, args: ["--no-sandbox", "--disable-dev-shm-usage"] }));
}

/** For `after`: ends the browser of this file. */
export async function closeBrowser() {
  await (await launched)?.close();
}

/**
 * A context whose pages may neither complain, be refused something by the policy, nor ask anybody
 * but the engine; that is seen when the test ends.
 * @param {TestContext} t
 * @param {BrowserContextOptions} [options]
 */
export async function newContext(t, options = DESKTOP) {
  const context = await (await browser()).newContext({ ...options, reducedMotion: "reduce", timezoneId: "Europe/Zurich" });
  context.setDefaultTimeout(20_000);
  /** @type {string[]} */
  const faults = [];
  context.on("page", (page) => {
    page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !isOfTheNetwork(message.text())) faults.push(`console: ${message.text()}`);
    });
    page.on("request", (request) => {
      if (new URL(request.url()).hostname !== "127.0.0.1") faults.push(`asked ${request.url()}`);
    });
  });
  t.after(async () => {
    await context.close();
    assert.deepEqual(faults, []);
  });
  return context;
}

/** The browser's own report of an answer that is an error, which the page shows in words. @param {string} text */
function isOfTheNetwork(text) {
  return text.startsWith("Failed to load resource") || text.startsWith("WebSocket connection to");
}

/** @param {TestContext} t @param {string} url @param {BrowserContextOptions} [options] */
export async function open(t, url, options) {
  const page = await (await newContext(t, options)).newPage();
  await page.goto(url);
  return page;
}

/** Waits until the page has the stream and the first orders. @param {Page} page */
export async function live(page) {
  await page.locator("#connection", { hasText: "Live" }).waitFor();
}

/** The row of an order. @param {Page} page @param {string} id */
export function row(page, id) {
  return page.locator(`#row-${id}`);
}

/**
 * Kept in docs/images when UPDATE_SCREENSHOTS is set, else in a temporary folder.
 * @param {Page} page
 * @param {string} name
 */
export async function shoot(page, name) {
  await mkdir(IMAGES, { recursive: true });
  await page.screenshot({ path: join(IMAGES, `${name}.png`), animations: "disabled", caret: "hide" });
}
