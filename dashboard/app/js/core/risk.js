/** @import { OrderRequest, QuoteAnswer } from "./types.js" */
import { percent } from "./format.js";

/** From here on a ticket warns. */
const WARN_BPS = 100;
/** From here on an order has to be confirmed. */
const CONFIRM_BPS = 500;

/** @typedef {{ level: "warning" | "danger", text: string }} Risk */

/** What makes an order worse than it looks. @param {OrderRequest} request @param {QuoteAnswer | undefined} answer @returns {Risk[]} */
export function risksOf(request, answer) {
  const impact = answer?.quotes.find(({ venue }) => venue === answer.venue)?.priceImpactBps ?? 0;
  const slippage = Number(request.slippageBps ?? 0);
  const risks = [];
  if (answer && isBelowBound(answer)) risks.push({ level: /** @type {const} */ ("warning"), text: "The best quote does not satisfy the bound of this order: it fills only if the price improves, and fails otherwise." });
  for (const [bps, text] of /** @type {[number, string][]} */ ([
    [impact, `Price impact ${percent(impact)}: an order of this size moves the price against itself.`],
    [slippage, `Slippage ${percent(slippage)}: the result may be that much worse than the quote.`],
  ])) {
    const level = levelOf(bps);
    if (level) risks.push({ level, text });
  }
  return risks;
}

/** @param {QuoteAnswer} answer */
function isBelowBound({ bound, quotes: [best] }) {
  if (!best) return false;
  return "minAmountOut" in bound ? Number(best.amountOut) < Number(bound.minAmountOut) : Number(best.amountIn) > Number(bound.maxAmountIn);
}

/** @param {number} bps @returns {Risk["level"] | undefined} */
export function levelOf(bps) {
  return bps >= CONFIRM_BPS ? "danger" : bps >= WARN_BPS ? "warning" : undefined;
}

/** @param {Risk[]} risks */
export function needConfirmation(risks) {
  return risks.some(({ level }) => level === "danger");
}
