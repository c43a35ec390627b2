import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

const PATIENCE_MS = 20_000;

/**
 * Waits for a condition.
 * @param {string} what
 * @param {() => unknown} condition
 */
export async function eventually(what, condition) {
  const until = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    assert.ok(performance.now() < until, `not in ${PATIENCE_MS / 1000} s: ${what}`);
    await pause(20);
  }
}
