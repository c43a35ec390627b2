/** @import { OpenApi } from "./document.js" */
import { addressOf } from "../core/address.js";
import { h, icon } from "../core/dom.js";
import { switchTheme } from "../core/theme-switch.js";
import { calls } from "./document.js";
import { showCall } from "./operation.js";
import { prose, shape } from "./schema.js";

const DOCUMENT = addressOf("/api/openapi.json");

/** @param {OpenApi} api */
function show(api) {
  const all = calls(api);
  const groups = (api.tags ?? []).map(({ name, description }) => ({
    name,
    description,
    id: `group-${name.replaceAll(" ", "-")}`,
    calls: all.filter(({ operation }) => operation.tags?.includes(name)),
  }));
  const schemas = Object.entries(api.components.schemas).sort(([one], [other]) => one.localeCompare(other));
  document.body.append(
    h("nav", { class: "contents", "aria-label": "Contents" },
      h("input", { class: "input", type: "search", "aria-label": "Find a call", placeholder: "Find a call", oninput: (/** @type {Event} */ event) => find(/** @type {HTMLInputElement} */ (event.target).value) }),
      groups.map((group) => [
        h("a", { class: "group", href: `#${group.id}` }, group.name),
        ...group.calls.map(({ method, path, operation }) =>
          h("a", { href: `#${operation.operationId}` }, h("span", { class: "method", "data-method": method }, method), " ", path)),
      ]).flat(),
      h("a", { class: "group", href: "#schemas" }, "schemas")),
    h("main", { class: "text", id: "main" },
      h("h1", {}, api.info.title, " ", h("span", { class: "faint" }, api.info.version)),
      (api.info.description ?? "").split("\n\n").map((paragraph) => h("p", {}, prose(paragraph))),
      h("p", {}, "For programs: ", h("a", { class: "type", href: DOCUMENT }, DOCUMENT), " (OpenAPI 3.1)."),
      groups.map((group) => [
        h("h2", { id: group.id }, group.name),
        group.description ? h("p", {}, prose(group.description)) : null,
        ...group.calls.map(showCall),
      ]).flat(),
      h("h2", { id: "schemas" }, "schemas"),
      schemas.map(([name, schema]) =>
        h("div", { class: "panel schema", id: `schema-${name}` },
          h("div", { class: "panel-head" }, h("h3", {}, h("code", {}, name))),
          h("div", { class: "panel-body" }, shape(schema, name))))));
  // the address may name what was not there when the page was opened
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

/** Leaves only the calls whose method, path or summary has the text. @param {string} text */
function find(text) {
  const wanted = text.trim().toLowerCase();
  for (const call of document.querySelectorAll(".call")) {
    const title = `${call.querySelector("h3")?.textContent} ${call.querySelector(".summary")?.textContent}`.toLowerCase();
    const isFound = title.includes(wanted);
    call.toggleAttribute("hidden", !isFound);
    document.querySelector(`.contents a[href="#${call.id}"]`)?.toggleAttribute("hidden", !isFound);
  }
}

async function start() {
  document.body.append(
    h("header", { class: "top" },
      h("a", { class: "brand", href: addressOf("/") }, "Order engine"),
      h("span", { class: "muted" }, "API"),
      h("a", { class: "type", href: addressOf("/docs/README") }, "Guides"),
      h("button", { class: "button quiet icon", type: "button", "aria-label": "Light or dark", title: "Light or dark", onclick: switchTheme }, icon("theme"))));
  try {
    const response = await fetch(DOCUMENT);
    if (!response.ok) throw new Error(`the engine answered ${response.status}`);
    show(await response.json());
  } catch (error) {
    document.body.append(h("main", { class: "text" },
      h("h1", {}, "Not available"),
      h("p", { role: "alert" }, `${DOCUMENT} could not be read: ${/** @type {Error} */ (error).message}`)));
  }
}

void start();
