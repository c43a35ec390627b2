use domain::{
    Amount, Failure, FailureClass, FailureCode, Fill, Order, OrderId, OrderSpec, OrderStatus, OrderType,
    QuoteRequest, Signature, SwapAmount, Timestamp, VenueId,
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
    token_in: &'static str,
    token_out: &'static str,
    token_in_mint: &'static str,
    token_out_mint: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_in: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_out: Option<Decimal>,
    slippage_bps: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    wallet: Option<&'a str>,
    /// The client that placed the order, as it named itself. It identifies no order.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
}

impl<'a> SpecView<'a> {
    /// Shows a spec.
    pub(crate) fn new(spec: &'a OrderSpec) -> Self {
        let QuoteRequest { token_in, token_out, amount } = spec.request;
        let (amount_in, amount_out) = match amount {
            SwapAmount::ExactIn(amount) => (Some(in_units(&spec.request, amount)), None),
            SwapAmount::ExactOut(amount) => (None, Some(out_units(&spec.request, amount))),
        };
        Self {
            order_type: spec.order_type,
            token_in: token_in.symbol(),
            token_out: token_out.symbol(),
            token_in_mint: token_in.mint(),
            token_out_mint: token_out.mint(),
            amount_in,
            amount_out,
            slippage_bps: spec.slippage_bps.0,
            wallet: spec.wallet.as_deref(),
            client_id: spec.client_id.as_deref(),
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
    #[serde(skip_serializing_if = "Option::is_none")]
    fill: Option<FillView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureView<'a>>,
}

impl<'a> OrderView<'a> {
    /// Shows an order.
    pub(crate) fn new(order: &'a Order) -> Self {
        Self {
            id: order.id,
            order_id: order.id,
            client_order_id: order.client_order_id.as_deref(),
            status: order.status,
            attempt: order.attempt,
            spec: SpecView::new(&order.spec),
            last_seq: order.last_seq,
            created_at: order.created_at,
            updated_at: order.updated_at,
            fill: order.fill.as_ref().map(|fill| FillView::new(&order.spec.request, fill)),
            failure: order.failure.as_ref().map(FailureView::new),
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
    executed_price: Decimal,
}

impl<'a> FillView<'a> {
    /// Shows a fill of `request`.
    pub(crate) fn new(request: &QuoteRequest, fill: &'a Fill) -> Self {
        Self {
            venue: fill.venue,
            signature: &fill.signature,
            slot: fill.slot,
            amount_in: in_units(request, fill.amount_in),
            amount_out: out_units(request, fill.amount_out),
            fee: in_units(request, fill.fee),
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
}

impl<'a> FailureView<'a> {
    /// Shows a failure.
    pub(crate) fn new(failure: &'a Failure) -> Self {
        Self {
            code: failure.code,
            message: &failure.message,
            venue: failure.venue,
            retryable: failure.code.class() == FailureClass::Transient,
        }
    }
}

/// An amount of the token that `request` spends, in whole tokens.
pub(crate) fn in_units(request: &QuoteRequest, amount: Amount) -> Decimal {
    amount.to_decimal(request.token_in.decimals())
}

/// An amount of the token that `request` receives, in whole tokens.
pub(crate) fn out_units(request: &QuoteRequest, amount: Amount) -> Decimal {
    amount.to_decimal(request.token_out.decimals())
}
