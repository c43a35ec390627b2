/** @import { Answer, Call, Media, Parameter } from "./document.js" */
import { base } from "../core/address.js";
import { h, wide } from "../core/dom.js";
import { curl, media } from "./document.js";
import { bounds, kind, prose } from "./schema.js";

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
      parameters.length ? [h("h4", {}, "Parameters"), showParameters(parameters, `Parameters of ${method} ${path}`)] : null,
      body ? [h("h4", {}, "Body"), h("p", {}, kind(body.schema ?? {})), ...examples(body)] : null,
      h("h4", {}, "Answers"),
      Object.entries(responses).map(([status, answer]) => showAnswer(status, answer))));
}

/** @param {Parameter[]} parameters @param {string} label */
function showParameters(parameters, label) {
  return wide(label, h("table", { class: "table" }, h("tbody", {}, parameters.map(({ name, in: place, required, description, schema = {} }) =>
    h("tr", {},
      h("th", { scope: "row" }, h("code", {}, name), h("span", { class: "faint" }, ` ${place}${required ? "" : ", optional"}`)),
      h("td", {}, kind(schema), description ? h("p", {}, prose(description)) : null, bounds(schema)))))));
}

/** @param {string} status @param {Answer} answer */
function showAnswer(status, { description, headers = {}, content }) {
  const [type, body] = media(content) ?? [];
  return h("details", { class: "answer" },
    h("summary", {}, h("span", { class: "code", "data-class": status[0] }, status), " ", h("span", {}, prose(description))),
    type ? h("p", {}, h("code", {}, type), " ", body?.schema ? kind(body.schema) : null) : null,
    Object.entries(headers).map(([name, header]) => h("p", {}, h("code", {}, name), " ", header.description ? prose(header.description) : null)),
    body ? examples(body) : null);
}

/** @param {Media} media */
function examples({ examples: all = {} }) {
  return Object.entries(all).map(([name, { summary, value }]) =>
    h("details", {},
      h("summary", {}, h("code", {}, name), summary ? [" ", h("span", { class: "muted" }, prose(summary))] : null),
      code(JSON.stringify(value, null, 2), `Example ${name}`)));
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
