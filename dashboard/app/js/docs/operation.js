/** @import { Answer, Call, Media, Parameter } from "./document.js" */
import { base } from "../core/address.js";
import { h, wide } from "../core/dom.js";
import { curl, isStream, media } from "./document.js";
import { bounds, kind, prose } from "./schema.js";

/** Characters of an answer. */
const MOST_SHOWN = 20_000;
/** Characters that are read: an export may have millions. */
const MOST_READ = 500_000;

/** A call: what it takes, what it answers, and how to try it. @param {Call} call */
export function showCall(call) {
  const { method, path, operation } = call;
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  const [, body] = media(requestBody?.content) ?? [];
  return h("section", { class: "panel call", id: operationId, "aria-labelledby": `${operationId}-title` },
    h("div", { class: "panel-head" },
      h("h3", { id: `${operationId}-title` }, h("span", { class: "method", "data-method": method }, method), " ", h("code", {}, path))),
    h("div", { class: "panel-body" },
      summary ? h("p", { class: "summary" }, prose(summary)) : null,
      description ? h("p", {}, prose(description)) : null,
      code(curl(call, location.origin + base), `Command for ${method} ${path}`),
      method === "GET" && !isStream(operation) ? tryIt(call) : null,
      parameters.length ? [h("h4", {}, "Parameters"), showParameters(parameters, `Parameters of ${method} ${path}`)] : null,
      body ? [h("h4", {}, "Body"), h("p", {}, kind(body.schema ?? {})), ...examples(body, operationId)] : null,
      h("h4", {}, "Answers"),
      Object.entries(responses).map(([status, answer]) => showAnswer(status, answer, operationId))));
}

/** A form that makes the call: reading is harmless. @param {Call} call */
function tryIt({ path, operation }) {
  const { operationId, parameters = [] } = operation;
  const fields = parameters.filter(({ in: place }) => place === "path" || place === "query").map(({ name, in: place, required }) =>
    ({ name, place, input: h("input", { class: "input", id: `${operationId}-${name}`, required, autocomplete: "off", spellcheck: "false" }) }));
  const answer = h("pre", { tabindex: 0, role: "region", "aria-label": `Answer of ${operationId}`, hidden: true });
  const send = async () => {
    const query = new URLSearchParams(fields.filter(({ place, input }) => place === "query" && input.value).map(({ name, input }) => [name, input.value]));
    const filled = fields.filter(({ place }) => place === "path").reduce((text, { name, input }) => text.replace(`{${name}}`, encodeURIComponent(input.value)), path);
    answer.hidden = false;
    try {
      const response = await fetch(`${base}${filled}${query.size ? `?${query}` : ""}`);
      const { text, isWhole } = await beginningOf(response);
      const shown = isWhole ? pretty(text) : text;
      const cut = isWhole && shown.length <= MOST_SHOWN ? "" : "\n…";
      answer.textContent = `${response.status}\n${shown.slice(0, MOST_SHOWN)}${cut}`;
    } catch (error) {
      answer.textContent = /** @type {Error} */ (error).message;
    }
  };
  return h("details", {}, h("summary", {}, "Try it"),
    h("form", { class: "try", onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); void send(); } },
      fields.map(({ name, input }) => h("div", { class: "field" }, h("label", { for: input.id }, name), input)),
      h("div", {}, h("button", { class: "button", type: "submit" }, "Send"))),
    h("div", { class: "snippet" }, answer));
}

/** Reads no more of an answer than can be shown. @param {Response} response */
async function beginningOf(response) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (reader && text.length < MOST_READ) {
    const { done, value } = await reader.read();
    if (done) return { text, isWhole: true };
    text += value;
  }
  await reader?.cancel();
  return { text, isWhole: reader === undefined };
}

/** @param {string} text */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** @param {Parameter[]} parameters @param {string} label */
function showParameters(parameters, label) {
  return wide(label, h("table", { class: "table" }, h("tbody", {}, parameters.map(({ name, in: place, required, description, schema = {} }) =>
    h("tr", {},
      h("th", { scope: "row" }, h("code", {}, name), h("span", { class: "faint" }, ` ${place}${required ? "" : ", optional"}`)),
      h("td", {}, kind(schema), description ? h("p", {}, prose(description)) : null, bounds(schema)))))));
}

/** @param {string} status @param {Answer} answer @param {string} name of the call */
function showAnswer(status, { description, headers = {}, content }, name) {
  const [type, body] = media(content) ?? [];
  return h("details", { class: "answer" },
    h("summary", {}, h("span", { class: "code", "data-class": status[0] }, status), " ", h("span", {}, prose(description))),
    type ? h("p", {}, h("code", {}, type), " ", body?.schema ? kind(body.schema) : null) : null,
    Object.entries(headers).map(([name, header]) => h("p", {}, h("code", {}, name), " ", header.description ? prose(header.description) : null)),
    body ? examples(body, `${name} ${status}`) : null);
}

/** @param {Media} media @param {string} place what has them */
function examples({ examples: all = {} }, place) {
  return Object.entries(all).map(([name, { summary, value }]) =>
    h("details", {},
      h("summary", {}, h("code", {}, name), summary ? [" ", h("span", { class: "muted" }, prose(summary))] : null),
      code(JSON.stringify(value, null, 2), `Example ${name} of ${place}`)));
}

/** @param {string} text @param {string} label */
function code(text, label) {
  const button = h("button", { class: "button", type: "button", "aria-label": `Copy: ${label}`, onclick: () => void copy(text, button) }, "Copy");
  return h("div", { class: "snippet" }, h("pre", { tabindex: 0, role: "region", "aria-label": label }, text), button);
}

/** @param {string} text @param {HTMLElement} button */
async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  } catch {
    // a page that is not served over TLS, or a browser that asks and is refused
    prompt("Copy this:", text);
  }
}
