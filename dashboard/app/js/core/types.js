/**
 * What the API sends, as generated from its OpenAPI document (`types/api.d.ts`). Amounts and prices are decimal
 * text: they are shown as they are, and become floating point only where a pixel or a sort order is all that
 * depends on them.
 *
 * @typedef {import("../../../types/api.js").OrderStatus} Status
 * @typedef {import("../../../types/api.js").OrderTerms} Spec What was asked.
 * @typedef {import("../../../types/api.js").Fill} Fill
 * @typedef {import("../../../types/api.js").Failure} Failure
 * @typedef {import("../../../types/api.js").Order} Order
 * @typedef {import("../../../types/api.js").Quote} Quote
 * @typedef {import("../../../types/api.js").RejectedVenue} Rejected
 * @typedef {import("../../../types/api.js").RoutingDecision} Decision
 * @typedef {import("../../../types/api.js").SlippageBound} Bound
 * @typedef {import("../../../types/api.js").Quotes} QuoteAnswer
 * @typedef {import("../../../types/api.js").Instruction} Instruction
 * @typedef {import("../../../types/api.js").EventData} EventData
 * @typedef {import("../../../types/api.js").Event} OrderEvent
 * @typedef {import("../../../types/api.js").Attempt} Attempt
 * @typedef {import("../../../types/api.js").Amounts} Amounts
 * @typedef {import("../../../types/api.js").Explanation} Explanation
 * @typedef {import("../../../types/api.js").Token} Token
 * @typedef {import("../../../types/api.js").VenueInfo} VenueInfo
 * @typedef {import("../../../types/api.js").FieldError} FieldError
 * @typedef {import("../../../types/api.js").Health} Health
 * @typedef {import("../../../types/api.js").Market} Market
 * @typedef {import("../../../types/api.js").OrderSummary} OrderSummary
 * @typedef {import("../../../types/api.js").Statistics} Statistics
 * @typedef {import("../../../types/api.js").StatisticsWindow} StatisticsWindow
 * @typedef {import("../../../types/api.js").Engine} Engine
 * @typedef {import("../../../types/api.js").Prices} Prices
 * @typedef {import("../../../types/api.js").Candles} Candles
 * @typedef {import("../../../types/api.js").Candle} Candle
 * @typedef {import("../../../types/api.js").CandleInterval} CandleInterval
 * @typedef {import("../../../types/api.js").FailureCode} FailureCode
 * @typedef {import("../../../types/api.js").Wallet} Wallet
 * @typedef {import("../../../types/api.js").Balance} Balance
 * @typedef {import("../../../types/api.js").BookEntry} BookEntry
 * @typedef {import("../../../types/api.js").Posting} Posting
 * @typedef {import("../../../types/api.js").PostingKind} PostingKind
 * @typedef {import("../../../types/api.js").Equity} Equity
 * @typedef {import("../../../types/api.js").EquityPoint} EquityPoint
 * @typedef {import("../../../types/api.js").Pnl} Pnl
 * @typedef {import("../../../types/api.js").OrderRequest & { amountIn?: string, amountOut?: string }} OrderRequest The
 *   canonical form, amounts as text.
 */

export {};
