/** @import { FailureCode, Status } from "./types.js" */

/** Every status, in the order of an order's life; the types, which come from the API's document, see that none is missing. */
export const STATUSES = Object.keys(/** @satisfies {Record<Status, true>} */ ({
  pending: true, open: true, held: true, routing: true, building: true, submitted: true, confirmed: true, failed: true, canceled: true, expired: true,
}));

/** Every failure code, the most usual first; as above. */
export const FAILURE_CODES = Object.keys(/** @satisfies {Record<FailureCode, true>} */ ({
  slippage_exceeded: true, bound_not_met: true, quotes_unavailable: true, no_route: true, insufficient_liquidity: true, amount_too_small: true,
  price_impact_too_high: true, transaction_expired: true, transaction_reverted: true, insufficient_funds: true, chain_unavailable: true,
  signer_unavailable: true, signing_refused: true, pool_unavailable: true, build_failed: true, simulation_failed: true, compute_exceeded: true,
  account_frozen: true, unsupported_token: true, execution_crashed: true,
}));
