/** @import { ChildProcess } from "node:child_process" */
/** @import { Order, OrderEvent, OrderRequest } from "../../../app/js/core/types.js" */
/** @import { TestContext } from "node:test" */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { eventually } from "./eventually.js";

const ROOT = resolve(import.meta.dirname, "../../../..");
const BINARY = process.env.ENGINE ?? join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug/engine");

/** Fast and without surprises, so that a test chooses what goes wrong. */
const CALM = {
  SIM_PRESET: "ideal",
  SIM_QUOTE_LATENCY_MS: "20",
  SIM_QUOTE_JITTER_MS: "5",
  SIM_LANDING_MIN_MS: "150",
  SIM_LANDING_MAX_MS: "250",
  RETRY_BASE_MS: "100",
};

/** A real embedded engine with a folder and a port of its own, which outlive its restarts. */
export class Engine {
  #folder;
  #port;
  #settings;
  /** @type {ChildProcess | undefined} */
  #process;

  /** @param {string} folder @param {number} port @param {Record<string, string>} settings */
  constructor(folder, port, settings) {
    this.#folder = folder;
    this.#port = port;
    this.#settings = settings;
  }

  /** Started for one test, and stopped after it. @param {TestContext} t @param {Record<string, string>} [settings] */
  static async start(t, settings = {}) {
    assert.ok(existsSync(BINARY), `${BINARY} is missing: cargo build -p engine`);
    const folder = await mkdtemp(join(tmpdir(), "dashboard-test-"));
    const engine = new Engine(folder, await freePort(), { ...CALM, ...settings });
    t.after(async () => {
      await engine.stop();
      await rm(folder, { recursive: true });
    });
    await engine.start();
    return engine;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start() {
    const child = spawn(BINARY, ["serve"], {
      cwd: this.#folder,
      env: { PATH: process.env.PATH, RUST_LOG: "error", ...this.#settings, PORT: String(this.#port), DATA_DIR: this.#folder },
      stdio: ["ignore", "ignore", "inherit"],
    });
    this.#process = child;
    await eventually("the engine is ready", async () => {
      assert.equal(child.exitCode, null, "the engine ended");
      const response = await fetch(`${this.url}/health/ready`).catch(() => undefined);
      return response?.ok;
    });
  }

  async stop() {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  }

  /** @param {Partial<OrderRequest & { clientOrderId: string }>} [order] @returns {Promise<Order>} */
  async place(order = {}) {
    const response = await fetch(`${this.url}/api/orders/execute`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ tokenIn: "SOL", tokenOut: "USDC", amountIn: "1", ...order }),
    });
    assert.equal(response.status, 201);
    return response.json();
  }

  /** What a command of the program prints about this engine. @param {...string} command */
  async run(...command) {
    const env = { PATH: process.env.PATH, ENGINE_URL: this.url };
    return (await promisify(execFile)(BINARY, command, { cwd: this.#folder, env })).stdout;
  }

  /** @returns {Promise<Order[]>} the newest 200 */
  async orders() {
    return (await fetch(`${this.url}/api/orders?limit=200`)).json();
  }

  /** @param {string} id @returns {Promise<OrderEvent[]>} */
  async events(id) {
    return (await fetch(`${this.url}/api/orders/${id}/events`)).json();
  }

  /** Waits until the engine has a history of a pair's prices. @param {string} pair */
  async prices(pair) {
    await eventually("prices are recorded", async () => {
      const { venues } = await (await fetch(`${this.url}/api/market/candles?pair=${pair}&interval=1m`)).json();
      return venues.length === 2 && venues.every((/** @type {{ candles: object[] }} */ { candles }) => candles.length > 0);
    });
  }

  /** Waits until all orders are over. */
  async settled() {
    await eventually("all orders are over", async () =>
      (await this.orders()).every(({ status }) => ["confirmed", "failed", "canceled", "expired"].includes(status)));
  }
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}
