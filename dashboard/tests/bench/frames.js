/**
 * Frames a second of the orders while they change: 5,000 orders in the list, 200 events a second, in
 * a headless Chromium beside the engine. First without events, then with them, and once more while
 * somebody scrolls.
 *
 *   npm run --silent bench:frames                                  # with the debug engine
 *   ENGINE=../target/release/engine npm run --silent bench:frames
 */
/** @import { Page } from "playwright-core" */
import { setTimeout as pause } from "node:timers/promises";
import { closeBrowser, live, newContext } from "../browser/support/browser.js";
import { Engine } from "../browser/support/engine.js";
import { eventually } from "../browser/support/eventually.js";

const ORDERS = 5_000;
const EVENTS_PER_S = 200;
const EVENTS_PER_ORDER = 6;
const MEASURED_MS = 20_000;
const AT_ONCE = 32;

/** @type {(() => unknown)[]} */
const endings = [];
const turn = /** @type {import("node:test").TestContext} */ (/** @type {unknown} */ ({ after: (/** @type {() => unknown} */ end) => endings.push(end) }));

/** @param {Engine} engine */
async function fill(engine) {
  for (let placed = 0; placed < ORDERS; placed += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, ORDERS - placed) }, () => engine.place()));
  }
  await engine.settled();
}

/** Reads on to the oldest order. @param {Page} page */
async function readAll(page) {
  await page.focus("#blotter");
  await eventually("the oldest order is read", async () => {
    await page.keyboard.press("End");
    return page.getByText("5,000 orders").isVisible();
  });
  await page.keyboard.press("Home");
}

/** Places orders at a steady rate until it is told to stop. @param {Engine} engine */
function load(engine) {
  const every = 1_000 * EVENTS_PER_ORDER / EVENTS_PER_S;
  const started = performance.now();
  const state = { placed: 0, isOver: false };
  const over = (async () => {
    while (!state.isOver) {
      await engine.place();
      state.placed += 1;
      await pause(Math.max(0, started + state.placed * every - performance.now()));
    }
  })();
  return { state, stop: () => ((state.isOver = true), over) };
}

/**
 * The intervals between frames, in milliseconds, and how often a row changed.
 * @param {Page} page
 * @param {boolean} isScrolling
 */
function frames(page, isScrolling) {
  return page.evaluate(({ forMs, isScrolling }) => new Promise((resolve) => {
    const space = /** @type {HTMLElement} */ (document.querySelector(".blotter-space"));
    const scroller = /** @type {HTMLElement} */ (document.querySelector("#blotter"));
    let changes = 0;
    const observer = new MutationObserver((records) => (changes += records.length));
    observer.observe(space, { subtree: true, childList: true, characterData: true, attributes: true });
    /** @type {number[]} */
    const intervals = [];
    const from = performance.now();
    let last = from;
    const step = (/** @type {number} */ now) => {
      intervals.push(now - last);
      last = now;
      if (isScrolling) scroller.scrollTop = (scroller.scrollTop + 96) % (scroller.scrollHeight - scroller.clientHeight);
      if (now - from < forMs) return void requestAnimationFrame(step);
      observer.disconnect();
      resolve({ intervals: intervals.slice(1), changes });
    };
    requestAnimationFrame(step);
  }), { forMs: MEASURED_MS, isScrolling });
}

/** @param {string} what @param {{ intervals: number[], changes: number }} seen @param {number} orders */
function report(what, { intervals, changes }, orders) {
  const sorted = intervals.toSorted((one, other) => one - other);
  const at = (/** @type {number} */ share) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
  const tookS = intervals.reduce((sum, one) => sum + one, 0) / 1_000;
  const events = Math.round((orders * EVENTS_PER_ORDER) / tookS);
  console.log(`${what.padEnd(22)} ${(intervals.length / tookS).toFixed(1)} frames/s; between frames p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms; ${events} events/s, ${Math.round(changes / tookS)} changes of the document/s`);
}

/** @param {string} what @param {Page} page @param {Engine} engine @param {boolean} isScrolling */
async function underLoad(what, page, engine, isScrolling) {
  const { state, stop } = load(engine);
  await pause(1_000);
  const before = state.placed;
  const seen = await frames(page, isScrolling);
  report(what, /** @type {any} */ (seen), state.placed - before);
  await stop();
}

try {
  const engine = await Engine.start(turn, { SIM_PRESET: "instant" });
  await fill(engine);
  const page = await (await newContext(turn)).newPage();
  await page.goto(engine.url);
  await live(page);
  await readAll(page);
  report("nothing happens", /** @type {any} */ (await frames(page, false)), 0);
  await underLoad("orders come in", page, engine, false);
  await underLoad("and somebody scrolls", page, engine, true);
} finally {
  for (const end of endings.reverse()) await end();
  await closeBrowser();
}
