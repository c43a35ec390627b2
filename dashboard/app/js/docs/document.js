/**
 * The parts of an OpenAPI 3.1 document that are shown.
 * @typedef {{
 *   $ref?: string, type?: string | string[], description?: string, format?: string, pattern?: string,
 *   enum?: unknown[], minimum?: number, maximum?: number, exclusiveMinimum?: number, examples?: unknown[],
 *   properties?: Record<string, Schema>, required?: string[], items?: Schema,
 *   oneOf?: Schema[], anyOf?: Schema[], allOf?: Schema[],
 * }} Schema
 * @typedef {{ schema?: Schema, examples?: Record<string, { summary?: string, value: unknown }> }} Media
 * @typedef {{ name: string, in: string, required?: boolean, description?: string, schema?: Schema }} Parameter
 * @typedef {{ description: string, headers?: Record<string, { description?: string }>, content?: Record<string, Media> }} Answer
 * @typedef {{
 *   tags?: string[], summary?: string, description?: string, operationId: string, parameters?: Parameter[],
 *   requestBody?: { content: Record<string, Media> }, responses: Record<string, Answer>,
 * }} Operation
 * @typedef {{
 *   info: { title: string, version: string, description?: string },
 *   tags?: { name: string, description?: string }[],
 *   paths: Record<string, Record<string, Operation>>,
 *   components: { schemas: Record<string, Schema> },
 * }} OpenApi
 * @typedef {{ method: string, path: string, operation: Operation }} Call
 */

/** Every call, in the order of the document. @param {OpenApi} document @returns {Call[]} */
export function calls({ paths }) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })));
}

/** The last part of a reference. @param {string} ref */
export function nameOf(ref) {
  return ref.slice(ref.lastIndexOf("/") + 1);
}

/** The only media type of a body or an answer. @param {Record<string, Media>} [content] @returns {[string, Media] | undefined} */
export function media(content = {}) {
  return Object.entries(content)[0];
}

/** Whether the call begins a stream, which has no end. @param {Operation} operation */
export function isStream({ responses }) {
  return responses[200] === undefined ? responses[101] !== undefined : "text/event-stream" in (responses[200].content ?? {});
}

/** The required parameters of the query. An example is in the description, as code. @param {Operation} operation */
function queryOf({ parameters = [] }) {
  const required = parameters.filter(({ in: place, required }) => place === "query" && required);
  const valueOf = (/** @type {Parameter} */ { name, description }) => /`([^`]+)`/.exec(description ?? "")?.[1] ?? name.toUpperCase();
  return required.length === 0 ? "" : `?${required.map((parameter) => `${parameter.name}=${valueOf(parameter)}`).join("&")}`;
}

/**
 * A command that makes the call.
 * @param {Call} call
 * @param {string} origin
 */
export function curl({ method, path, operation }, origin) {
  const url = `'${origin}${path.replace(/\{(\w+)\}/g, (_, name) => `ORDER_${name.toUpperCase()}`)}${queryOf(operation)}'`;
  if (operation.responses[101] && !operation.responses[200]) return `websocat ${url.replace("'http", "'ws")}`;
  const [type, body] = media(operation.requestBody?.content) ?? [];
  const example = Object.values(body?.examples ?? {})[0];
  const parts = [`curl -s ${url}`];
  if (operation.responses[200]?.content?.["text/event-stream"]) parts.push("-N -H 'accept: text/event-stream'");
  if (operation.parameters?.some(({ name }) => name === "Idempotency-Key")) parts.push("-H \"idempotency-key: $(uuidgen)\"");
  if (example) parts.push(`-H 'content-type: ${type}'`, `-d '${JSON.stringify(example.value)}'`);
  else if (method !== "GET") parts.push(`-X ${method}`);
  return parts.join(" \\\n  ");
}
