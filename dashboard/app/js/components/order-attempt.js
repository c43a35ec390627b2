/** @import { Attempt, Instruction, Order, OrderEvent, Quote, Spec } from "../core/types.js" */
import { h, wide } from "../core/dom.js";
import { amount, brief, duration, isTerminal, percent, preciseTime, sentence, shortened, shownPrice, words } from "../core/format.js";
import { MARKET } from "../core/listings.js";
import { marketOf, priceIn } from "../core/pair.js";
import { copyButton } from "./copy-button.js";

const OUTCOMES = { in_progress: "In progress", confirmed: "Confirmed", retried: "Failed", failed: "Failed", canceled: "Canceled", expired: "Expired" };
const TONES = { in_progress: "routing", confirmed: "confirmed", retried: "retrying", failed: "failed", canceled: "canceled", expired: "expired" };

/**
 * One try: who quoted what, why one won, what was sent and what came of it.
 * @param {Attempt} attempt @param {Attempt | undefined} following the next one that began @param {Order} order @param {OrderEvent[]} events of the order
 */
export function attemptSection(attempt, following, order, events) {
  const { attempt: number, outcome, routing, instructions, submission, failure, restarts, startedAt, fill } = attempt;
  // what a failed order failed of stands above all attempts
  const cause = failure && !(outcome === "failed" && order.failure?.message === failure.message) ? failure : undefined;
  return h("section", { class: "panel attempt", "data-id": number, "aria-label": `Attempt ${number}` },
    h("div", { class: "panel-head" },
      h("h2", {}, `Attempt ${number}`),
      h("span", { class: "status", "data-tone": TONES[outcome] }, OUTCOMES[outcome], outcome === "retried" && `, ${again(attempt, following, order)}`),
      h("time", { class: "end faint", datetime: startedAt }, preciseTime(startedAt))),
    cause && h("p", { class: "cause", "data-tone": TONES[outcome] },
      h("strong", {}, words(cause.code)), ` ${cause.message}${cause.venue ? ` (${words(cause.venue)})` : ""}.`),
    attempt.waits?.map(({ failure: cause, until }) => h("p", { class: "cause", "data-tone": "retrying" },
      h("strong", {}, words(cause.code)), ` ${cause.message}. No attempt was used up${isTerminal(order.status) || Date.parse(until) < Date.now() ? "" : `; next try at ${preciseTime(until)}`}.`)),
    restarts > 0 && h("p", { class: "cause", "data-tone": "retrying" }, `Restarted ${restarts === 1 ? "once" : `${restarts} times`} before submission, as after a crash.`),
    routing && quotesTable(routing, order),
    instructions.length > 0 && h("div", { class: "panel-body" }, h("h3", { class: "label" }, "Transaction"), steps(instructions)),
    submission && h("dl", { class: "pairs panel-body submission" },
      h("dt", {}, "Signature"), h("dd", {}, h("span", { class: "mono", title: submission.signature }, shortened(submission.signature)), copyButton("Copy the signature", () => submission.signature), onExplorer(submission.signature)),
      h("dt", {}, "Valid until block"), h("dd", {}, amount(String(submission.lastValidBlockHeight))),
      fill && [h("dt", {}, "Landed in slot"), h("dd", {}, amount(String(fill.slot)))],
      fill && [h("dt", {}, "Fee paid"), h("dd", {}, `${amount(fill.fee)} ${fill.feeToken}`)]),
    stages(attempt, running(attempt, events)));
}

/** Whether an attempt that failed was followed by another one. @param {Attempt} attempt @param {Attempt | undefined} following @param {Order} order */
function again({ nextAttemptAt }, following, { status }) {
  if (following) return "tried again";
  return isTerminal(status) || !nextAttemptAt ? "not tried again" : `next try at ${preciseTime(nextAttemptAt)}`;
}

/** A transaction of the simulated chain is on no explorer. @param {string} signature */
function onExplorer(signature) {
  if (MARKET?.mode === "live") {
    return h("a", { class: "button quiet", href: `https://explorer.solana.com/tx/${signature}`, target: "_blank", rel: "noreferrer" }, "Explorer");
  }
  return h("a", { class: "button quiet", role: "link", "aria-disabled": "true", title: "A simulated transaction is on no chain, so no explorer finds it" }, "Explorer (simulated)");
}

/** @param {NonNullable<Attempt["routing"]>} routing @param {Spec} spec */
function quotesTable({ quotes, reason }, spec) {
  const isExactOut = spec.amountIn === undefined;
  // the winner comes first, and a venue may have several pools
  const [best] = quotes;
  const pools = (/** @type {Quote} */ quote) => quotes.filter(({ venue }) => venue === quote.venue).length > 1 ? ` ${quote.pool?.kind ?? ""}` : "";
  const feeTokens = new Set(quotes.map((quote) => quote.feeToken));
  const { base, quote: priced } = marketOf(spec);
  /** @type {[string, (quote: Quote) => string][]} */
  const rows = [
    isExactOut ? [`Spend, ${spec.tokenIn}`, (quote) => brief(quote.amountIn)] : [`Receive, ${spec.tokenOut}`, (quote) => brief(quote.amountOut)],
    [`Price, ${priced} per ${base}`, (quote) => shownPrice(priceIn(spec, quote.price))],
    ["Price impact", (quote) => percent(quote.priceImpactBps)],
    feeTokens.size === 1 ? [`Fee, ${best?.feeToken}`, (quote) => brief(quote.fee)] : ["Fee", (quote) => `${brief(quote.fee)} ${quote.feeToken}`],
    ["Fee rate", (quote) => percent(quote.feeBps)],
    ["Liquidity, of 100", (quote) => String(quote.liquidityScore)],
    ["Answered in", (quote) => `${quote.latencyMs} ms`],
  ];
  return h("div", { class: "routing" },
    wide("Quotes", h("table", { class: "table" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Quotes"), quotes.map((quote) =>
        h("th", { scope: "col", class: "number" }, h("span", { class: "venue", "data-venue": quote.venue }, words(quote.venue) + pools(quote)), quote === best && h("span", { class: "best" }, "Selected"))))),
      h("tbody", {}, rows.map(([label, show], index) => h("tr", {}, h("th", { scope: "row" }, label),
        quotes.map((quote) => h("td", { class: `number${quote === best && index === 0 ? " winner" : ""}` }, show(quote)))))))),
    h("p", { class: "why" }, h("strong", {}, "Why: "), `${sentence(reason)}.`));
}

/** @param {Instruction[]} instructions */
function steps(instructions) {
  return h("ol", { class: "steps" }, instructions.map((step) => h("li", {}, instruction(step))));
}

/** @param {Instruction} step */
function instruction(step) {
  switch (step.instruction) {
    case "wrap_sol": return `Wrap ${amount(step.amount)} SOL`;
    case "unwrap_sol": return "Unwrap SOL";
    case "create_token_account": return `Create ${step.token} account`;
    case "swap": return `Swap on ${words(step.venue)}`;
    default: return words(/** @type {Instruction} */ (step).instruction); // of a later engine
  }
}

/** @typedef {{ label: string, ms: number, isRunning?: boolean }} Stage */

/** The stage that an attempt is in, which began with an event of this kind. @type {Record<string, string>} */
const BEGUN = { routing_started: "Routing", routed: "Building", submitted: "Landing" };

/** The stage that an attempt is in, as long as it has taken so far. @param {Attempt} attempt @param {OrderEvent[]} events @returns {Stage | undefined} */
function running({ attempt, outcome }, events) {
  const own = events.filter((event) => event.attempt === attempt);
  if (outcome !== "in_progress" || own.at(-1)?.data.kind === "waiting") return undefined;
  const begun = own.findLast(({ data }) => data.kind in BEGUN);
  return begun && { label: BEGUN[begun.data.kind] ?? "", ms: Math.max(0, Date.now() - Date.parse(begun.at)), isRunning: true };
}

/** Where the time of the attempt went, and goes. @param {Attempt} attempt @param {Stage | undefined} current */
function stages({ timing, attempt }, current) {
  const ended = Object.entries({ Routing: timing.routingMs, Building: timing.buildingMs, Landing: timing.landingMs })
    .flatMap(([label, ms]) => (ms === undefined || label === current?.label ? [] : [/** @type {Stage} */ ({ label, ms })]));
  const parts = current ? [...ended, current] : ended;
  const total = parts.reduce((sum, { ms }) => sum + ms, 0);
  if (total === 0) return null;
  const say = (/** @type {Stage} */ { label, ms, isRunning }) => `${label} ${duration(ms)}${isRunning ? " so far" : ""}`;
  return h("div", { class: "panel-body stages" },
    h("div", { class: "stage-bar", role: "img", "aria-label": `Time of attempt ${attempt}: ${parts.map(say).join(", ")}` },
      parts.map(({ label, ms, isRunning }) => {
        const part = h("span", { "data-stage": label.toLowerCase(), "data-running": isRunning });
        part.style.flexGrow = String(Math.max(ms / total, 0.004));
        return part;
      })),
    h("ul", { class: "stage-legend", "aria-hidden": "true" }, parts.map((part) => h("li", { "data-stage": part.label.toLowerCase() }, say(part)))));
}
