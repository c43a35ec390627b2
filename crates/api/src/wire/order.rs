use domain::{
    Address, Failure, FailureClass, FailureCode, Fill, Mint, Order, OrderId, OrderSpec, OrderStatus,
    OrderType, QuoteRequest, Signature, SwapAmount, Timestamp, TokenAmount, VenueId, ports::Tokens,
    swap::SlippageBound,
};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::words;

/// What was asked.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrderTerms)]
pub(crate) struct SpecView<'a> {
    #[serde(rename = "type")]
    #[schema(value_type = words::OrderType)]
    order_type: OrderType,
    token_in: String,
    token_out: String,
    #[schema(value_type = String)]
    token_in_mint: Mint,
    #[schema(value_type = String)]
    token_out_mint: Mint,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_in: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_out: Option<Decimal>,
    slippage_bps: u16,
    /// The least that must be received, whatever the slippage allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    min_amount_out: Option<Decimal>,
    /// The most that may be spent, whatever the slippage allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_amount_in: Option<Decimal>,
    /// No attempt is submitted from this moment on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Timestamp>)]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wallet: Option<&'a str>,
    /// The client's own label. It identifies no order.
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a str>,
}

impl<'a> SpecView<'a> {
    /// Shows a spec.
    pub(crate) fn new(spec: &'a OrderSpec, tokens: &dyn Tokens) -> Self {
        let QuoteRequest { token_in, token_out, amount } = spec.request;
        let (amount_in, amount_out) = match amount {
            SwapAmount::ExactIn(amount) => (Some(amount.to_decimal(token_in.decimals())), None),
            SwapAmount::ExactOut(amount) => (None, Some(amount.to_decimal(token_out.decimals()))),
        };
        let (min_amount_out, max_amount_in) = match spec.bound {
            Some(SlippageBound::MinAmountOut(least)) => (Some(least.to_decimal()), None),
            Some(SlippageBound::MaxAmountIn(most)) => (None, Some(most.to_decimal())),
            None => (None, None),
        };
        Self {
            order_type: spec.order_type,
            token_in: tokens.symbol(token_in),
            token_out: tokens.symbol(token_out),
            token_in_mint: token_in.mint(),
            token_out_mint: token_out.mint(),
            amount_in,
            amount_out,
            slippage_bps: spec.slippage_bps.0,
            min_amount_out,
            max_amount_in,
            expires_at: spec.expires_at,
            wallet: spec.wallet.as_deref(),
            tag: spec.tag.as_deref(),
        }
    }
}

/// An order as it stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Order)]
pub(crate) struct OrderView<'a> {
    #[schema(value_type = Uuid)]
    id: OrderId,
    /// The same as `id`.
    #[schema(value_type = Uuid)]
    order_id: OrderId,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_order_id: Option<&'a str>,
    #[schema(value_type = words::OrderStatus)]
    status: OrderStatus,
    attempt: u32,
    #[serde(flatten)]
    spec: SpecView<'a>,
    last_seq: u32,
    #[schema(value_type = words::Timestamp)]
    created_at: Timestamp,
    #[schema(value_type = words::Timestamp)]
    updated_at: Timestamp,
    /// The same as `createdAt`, for clients of earlier systems.
    #[serde(rename = "created_at")]
    #[schema(value_type = words::Timestamp)]
    created_at_snake: Timestamp,
    /// The same as `updatedAt`, for clients of earlier systems.
    #[serde(rename = "updated_at")]
    #[schema(value_type = words::Timestamp)]
    updated_at_snake: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    fill: Option<FillView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureView<'a>>,
    /// When the next attempt begins, while the order waits for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Timestamp>)]
    next_attempt_at: Option<Timestamp>,
    /// When the owner asked to cancel it. The order may have landed all the same: see `status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Timestamp>)]
    cancel_requested_at: Option<Timestamp>,
}

impl<'a> OrderView<'a> {
    /// Shows an order.
    pub(crate) fn new(order: &'a Order, tokens: &dyn Tokens) -> Self {
        Self {
            id: order.id,
            order_id: order.id,
            client_order_id: order.client_order_id.as_deref(),
            status: order.status,
            attempt: order.attempt,
            spec: SpecView::new(&order.spec, tokens),
            last_seq: order.last_seq,
            created_at: order.created_at,
            updated_at: order.updated_at,
            created_at_snake: order.created_at,
            updated_at_snake: order.updated_at,
            fill: order.fill.as_ref().map(FillView::new),
            failure: order.failure.as_ref().map(FailureView::new),
            next_attempt_at: order.next_attempt_at,
            cancel_requested_at: order.cancel_request.map(|request| request.at),
        }
    }
}

/// How an order traded.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Fill)]
pub(crate) struct FillView<'a> {
    #[schema(value_type = words::Venue)]
    venue: VenueId,
    #[schema(value_type = words::Signature)]
    pub(crate) signature: &'a Signature,
    slot: u64,
    amount_in: Decimal,
    amount_out: Decimal,
    fee: Decimal,
    /// What the chain charged, SOL.
    #[serde(skip_serializing_if = "Option::is_none")]
    network_fee: Option<Decimal>,
    executed_price: Decimal,
}

impl<'a> FillView<'a> {
    /// Shows a fill.
    pub(crate) fn new(fill: &'a Fill) -> Self {
        Self {
            venue: fill.venue,
            signature: &fill.signature,
            slot: fill.slot,
            amount_in: fill.amount_in.to_decimal(),
            amount_out: fill.amount_out.to_decimal(),
            fee: fill.fee.to_decimal(),
            network_fee: fill.network_fee.map(TokenAmount::to_decimal),
            executed_price: fill.executed_price,
        }
    }
}

/// Why something failed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Failure)]
pub(crate) struct FailureView<'a> {
    #[schema(value_type = words::FailureCode)]
    code: FailureCode,
    pub(crate) message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Venue>)]
    venue: Option<VenueId>,
    retryable: bool,
    /// What a program on chain returned, if it was one that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    program_error: Option<ProgramErrorView<'a>>,
}

/// An error that a program on chain returned.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProgramError)]
struct ProgramErrorView<'a> {
    /// The innermost program that failed.
    #[schema(value_type = String)]
    program: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

impl<'a> FailureView<'a> {
    /// Shows a failure.
    pub(crate) fn new(failure: &'a Failure) -> Self {
        Self {
            code: failure.code,
            message: &failure.message,
            venue: failure.venue,
            retryable: failure.code.class() != FailureClass::Permanent,
            program_error: failure.program_error.as_ref().map(|error| ProgramErrorView {
                program: error.program,
                code: error.code,
                name: error.name.as_deref(),
            }),
        }
    }
}
