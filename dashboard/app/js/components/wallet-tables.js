/** @import { Pnl, Wallet } from "../core/types.js" */
import { h } from "../core/dom.js";
import { brief, fullTime, money, shortened, shownPrice, signedMoney, time } from "../core/format.js";

/** The sums of a wallet; fees and rent are apart from what trades earned. @param {Pnl} pnl */
export function sums({ value: total, quoteToken, deposited, realized, unrealized, fees, rent, since, tokens, isComplete }) {
  const tile = (/** @type {string} */ label, /** @type {string} */ shown, /** @type {string} */ note, tone = "") =>
    h("div", { class: "tile" }, h("dt", {}, label), h("dd", { "data-tone": tone }, `${shown} ${quoteToken}`), h("dd", { class: "tile-note" }, note));
  return [
    tile("Value", money(total), tokens.every(({ value, amount }) => value !== undefined || Number(amount) === 0) ? "of all balances" : "of the balances that have a price"),
    tile("Paid in", money(deposited), `since ${time(since)}, less what was paid out`),
    tile("Realized", signedMoney(realized), "earned by selling, without fees", toneOf(realized)),
    tile("Unrealized", signedMoney(unrealized), isComplete ? "value less what it cost" : "not exact: a balance has no price, or a deposit had none and counts as 0", toneOf(unrealized)),
    tile("Fees", money(fees.total), `${money(fees.venues)} to venues, ${money(fees.network)} to the network`),
    tile("Rent", money(rent.cost), `${brief(rent.amount)} SOL in token accounts, at its cost`),
  ];
}

/** @param {Wallet} wallet */
export function balancesTable({ balances, quoteToken }) {
  return table("Balances", ["Token", "Total", "Held", "Free", `Value in ${quoteToken}`], balances.map(({ token, total, held, free, value }) => [
    token, brief(total), brief(held), brief(free), value === undefined ? "no price" : money(value),
  ]));
}

/** @param {Pnl} pnl */
export function pnlTable({ tokens, quoteToken }) {
  const heads = ["Token", "Amount", "Average price", "Cost", "Value", "Realized", "Unrealized"];
  return table(`Profit and loss in ${quoteToken}`, heads, tokens.map(({ token, amount, averagePrice, cost, value, realized, unrealized }) => [
    token, brief(amount), shownPrice(averagePrice), money(cost), value === undefined ? "no price" : money(value),
    gain(realized), unrealized === undefined ? "–" : gain(unrealized),
  ]));
}

/** A table whose rows become lists where it is narrow. @param {string} caption @param {string[]} heads @param {[string, ...(string | Node)[]][]} rows the name of a token, and what is said of it */
function table(caption, heads, rows) {
  return h("table", { class: "table stacking" },
    h("caption", { class: "visually-hidden" }, caption),
    h("thead", {}, h("tr", {}, heads.map((head, index) => h("th", { scope: "col", class: index ? "number" : "" }, head)))),
    h("tbody", {}, rows.map(([name, ...cells]) => h("tr", { "data-id": name }, h("th", { scope: "row", title: name }, shortened(name)),
      cells.map((cell, index) => h("td", { class: "number", "data-head": heads[index + 1] }, cell))))));
}

/** @param {string} text */
function gain(text) {
  return h("span", { "data-tone": toneOf(text) }, signedMoney(text));
}

/** @param {string} text */
function toneOf(text) {
  return Number(text) > 0 ? "confirmed" : Number(text) < 0 ? "failed" : "";
}

/** Since when profits are counted. @param {Wallet} wallet */
export function epochOf({ epoch, epochBeganAt }) {
  return epoch === 0 ? `opened ${fullTime(epochBeganAt)}` : `reset ${fullTime(epochBeganAt)}`;
}
