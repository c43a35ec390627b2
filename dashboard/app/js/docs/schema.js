/** @import { Schema } from "./document.js" */
import { h, wide } from "../core/dom.js";
import { nameOf } from "./document.js";

/** Text in which `backticks` mark code. @param {string} text */
export function prose(text) {
  return text.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));
}

/** A kind of value in a few words, with a link where there is more to say. @param {Schema} schema @returns {(Node | string)[]} */
export function kind(schema) {
  if (schema.$ref) return [h("a", { class: "type", href: `#schema-${nameOf(schema.$ref)}` }, nameOf(schema.$ref))];
  const either = schema.oneOf ?? schema.anyOf;
  if (either) return joined(either.map(kind), " or ");
  if (schema.allOf) return joined(schema.allOf.map(kind), " and ");
  if (schema.items) return ["array of ", ...kind(schema.items)];
  const types = [schema.type ?? "anything"].flat().join(" or ");
  return [schema.format ? `${types}, ${schema.format}` : types];
}

/** @param {(Node | string)[][]} parts @param {string} separator */
function joined(parts, separator) {
  return parts.flatMap((part, index) => (index ? [separator, ...part] : part));
}

/** What a value may be, beyond its kind. @param {Schema} schema */
export function bounds({ enum: words, minimum, maximum, exclusiveMinimum }) {
  const said = [];
  if (words) said.push("one of ", ...joined(words.map((word) => [h("code", {}, String(word))]), " "));
  if (exclusiveMinimum !== undefined) said.push(`more than ${exclusiveMinimum}`);
  if (minimum !== undefined && maximum !== undefined) said.push(`${minimum} to ${maximum}`);
  else if (minimum !== undefined && minimum !== 0) said.push(`at least ${minimum}`);
  return said.length ? h("p", { class: "bounds" }, said) : null;
}

/** Everything about a schema. @param {Schema} schema @param {string} label @returns {Node[]} */
export function shape(schema, label) {
  const parts = [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  const about = schema.description && !schema.properties ? [h("p", {}, prose(schema.description))] : [];
  /** @type {Node[]} */
  const nodes = about;
  if (schema.oneOf) nodes.push(h("p", { class: "muted" }, "One of:"));
  if (schema.allOf) nodes.push(h("p", { class: "muted" }, "All of:"));
  if (parts.length) nodes.push(h("ul", { class: "parts" }, parts.map((part, index) => h("li", {}, part.$ref ? kind(part) : shape(part, `${label}, part ${index + 1}`)))));
  else if (schema.properties) nodes.push(...properties(schema, label));
  else nodes.push(h("p", {}, kind(schema)));
  const limits = bounds(schema);
  if (limits) nodes.push(limits);
  return nodes;
}

/** @param {Schema} schema @param {string} label */
function properties({ description, properties: fields = {}, required = [] }, label) {
  const rows = Object.entries(fields).map(([name, field]) =>
    h("tr", {},
      h("th", { scope: "row" }, h("code", {}, name), required.includes(name) ? null : h("span", { class: "faint" }, " optional")),
      h("td", {}, kind(field), field.description ? h("p", {}, prose(field.description)) : null, bounds(field))));
  return [
    ...(description ? [h("p", {}, prose(description))] : []),
    wide(label, h("table", { class: "table" }, h("tbody", {}, rows))),
  ];
}
