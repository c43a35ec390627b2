/**
 * What the API sends. Amounts and prices are decimal text: they are shown as they are, and become
 * floating point only where a pixel or a sort order is all that depends on them.
 *
 * @typedef {"pending" | "open" | "held" | "routing" | "building" | "submitted" | "confirmed" | "failed" | "canceled" | "expired"} Status
 *
 * @typedef {object} Spec What was asked.
 * @property {string} type
 * @property {string} tokenIn
 * @property {string} tokenOut
 * @property {string} [amountIn]
 * @property {string} [amountOut]
 * @property {number} slippageBps
 * @property {string} [minAmountOut]
 * @property {string} [maxAmountIn]
 * @property {string} [expiresAt]
 *
 * @typedef {object} Fill
 * @property {string} venue
 * @property {string} signature
 * @property {number} slot
 * @property {string} amountIn
 * @property {string} amountOut
 * @property {string} fee In the token in.
 * @property {string} [networkFee] SOL.
 * @property {string} executedPrice Token out per token in.
 *
 * @typedef {object} Failure
 * @property {string} code
 * @property {string} message
 * @property {string} [venue]
 * @property {boolean} retryable
 *
 * @typedef {Spec & {
 *   id: string, clientOrderId?: string, tag?: string, status: Status, attempt: number, lastSeq: number,
 *   createdAt: string, updatedAt: string, fill?: Fill, failure?: Failure,
 *   nextAttemptAt?: string, cancelRequestedAt?: string,
 * }} Order
 *
 * @typedef {object} Quote
 * @property {string} venue
 * @property {string} amountIn
 * @property {string} amountOut
 * @property {string} price
 * @property {number} priceImpactBps
 * @property {string} fee
 * @property {string} feeToken
 * @property {number} feeBps
 * @property {number} feePpm
 * @property {string} [networkFee] SOL.
 * @property {{ kind: string, address: string }} [pool]
 * @property {number} liquidityScore
 * @property {number} latencyMs
 * @property {string} validUntil
 *
 * @typedef {object} Rejected
 * @property {string} venue
 * @property {string} code
 * @property {string} reason
 *
 * @typedef {object} Decision
 * @property {string} venue
 * @property {string} reason
 * @property {number} [advantageBps]
 * @property {Quote[]} quotes
 * @property {Rejected[]} rejected
 *
 * @typedef {{ minAmountOut?: string, maxAmountIn?: string }} Bound
 *
 * @typedef {Spec & Decision & { bound?: Bound | null }} QuoteAnswer
 *
 * @typedef {{ instruction: string, token?: string, amount?: string, venue?: string }} Instruction
 *
 * @typedef {(
 *   | { kind: "accepted", order: Spec }
 *   | { kind: "routing_started" }
 *   | ({ kind: "routed" } & Decision)
 *   | ({ kind: "building", venue: string, instructions: Instruction[] } & Bound)
 *   | { kind: "submitted", venue: string, signature: string, lastValidBlockHeight: number }
 *   | ({ kind: "confirmed", afterExpiry?: boolean } & Fill)
 *   | { kind: "waiting", failure: Failure, until: string }
 *   | { kind: "retrying", failure: Failure, nextAttemptAt: string }
 *   | { kind: "failed", failure: Failure }
 *   | { kind: "canceled", requestedAt: string, failure?: Failure }
 *   | { kind: "expired", expiresAt: string, failure?: Failure }
 * )} EventData
 *
 * @typedef {object} OrderEvent
 * @property {string} orderId
 * @property {number} seq
 * @property {Status} status
 * @property {number} attempt
 * @property {string} at
 * @property {EventData} data
 *
 * @typedef {object} Attempt
 * @property {number} attempt
 * @property {"in_progress" | "confirmed" | "retried" | "failed" | "canceled" | "expired"} outcome
 * @property {string} startedAt
 * @property {string} [endedAt]
 * @property {number} restarts
 * @property {{ failure: Failure, at: string, until: string }[]} [waits]
 * @property {Decision} [routing]
 * @property {Bound} [bound]
 * @property {Instruction[]} instructions
 * @property {{ venue: string, signature: string, lastValidBlockHeight: number, at: string }} [submission]
 * @property {Fill} [fill]
 * @property {Failure} [failure]
 * @property {string} [nextAttemptAt]
 * @property {{ routingMs?: number, buildingMs?: number, landingMs?: number }} timing
 *
 * @typedef {{ amountIn: string, amountOut: string, price: string }} Amounts
 *
 * @typedef {object} Explanation
 * @property {string} orderId
 * @property {Status} status
 * @property {Spec} order
 * @property {number} [parkedAfterLostClaims]
 * @property {Attempt[]} attempts
 * @property {{ venue: string, quoted: Amounts, realised: Amounts, improvementBps: number, slippageBpsAllowed: number }} [result]
 * @property {{ acceptedAt: string, queuedMs?: number, totalMs?: number }} timing
 *
 * @typedef {{ mint: string, symbol: string, name: string, decimals: number }} Token
 * @typedef {{ id: string, name: string }} VenueInfo
 *
 * @typedef {{ field: string, code: string, message: string }} FieldError
 *
 * @typedef {{ status: string, store: string, queue: string, queueDepth: number | null, workers: number | null, bus: string, feed: string, feedLagMs: number, admission: string, followed: number }} Health
 *
 * @typedef {{ tokenIn: string, tokenOut: string, amountIn?: string, amountOut?: string, slippageBps?: number, minAmountOut?: string, maxAmountIn?: string, expiresAt?: string }} OrderRequest
 */

export {};
