/** @import { TestContext } from "node:test" */
import { once } from "node:events";
import { createServer, request } from "node:http";
import { connect } from "node:net";

/**
 * Publishes an engine under a path, which it takes away, as a proxy in front of it does.
 * @param {TestContext} t
 * @param {string} engine
 * @param {string} path without a slash at its end
 * @returns {Promise<string>} where
 */
export async function publish(t, engine, path) {
  const { hostname, port } = new URL(engine);
  const within = (/** @type {string} */ url) => (url.startsWith(`${path}/`) ? url.slice(path.length) : undefined);
  const server = createServer((asked, answer) => {
    const inner = within(asked.url ?? "");
    if (inner === undefined) {
      answer.writeHead(404).end("outside of the engine");
      return;
    }
    const passed = request({ hostname, port, method: asked.method, path: inner, headers: asked.headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    asked.pipe(passed);
  });
  server.on("upgrade", (asked, client) => {
    const to = connect(Number(port), hostname, () => {
      const headers = Object.entries(asked.headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
      to.write(`GET ${within(asked.url ?? "") ?? "/nowhere"} HTTP/1.1\r\n${headers}\r\n`);
      to.pipe(client).pipe(to);
    });
    to.on("error", () => client.destroy());
    client.on("error", () => to.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port: own } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return `http://127.0.0.1:${own}${path}`;
}
