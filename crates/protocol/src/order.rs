use std::borrow::Cow;

use domain::{
    Address, Amount, Failure, FailureClass, Fill, Mint, Order, OrderId, OrderSpec, OrderStatus, OrderType,
    QuoteRequest, Signature, SwapAmount, Timestamp, Token, VenueId,
    books::WalletId,
    ports::Tokens,
    swap::{Rent, SlippageBound},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::words;

/// The terms of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrderTerms)]
pub struct SpecView<'a> {
    #[serde(rename = "type")]
    #[schema(value_type = words::OrderType)]
    pub order_type: OrderType,
    pub token_in: Cow<'a, str>,
    pub token_out: Cow<'a, str>,
    #[schema(value_type = String)]
    pub token_in_mint: Mint,
    #[schema(value_type = String)]
    pub token_out_mint: Mint,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_in: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_out: Option<Decimal>,
    pub slippage_bps: u16,
    /// Minimum to receive, whatever the slippage allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_amount_out: Option<Decimal>,
    /// Maximum to spend, whatever the slippage allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_amount_in: Option<Decimal>,
    /// No attempt is submitted from this time on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Timestamp>)]
    pub expires_at: Option<Timestamp>,
    /// The wallet as the request named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wallet: Option<Cow<'a, str>>,
    /// The wallet that it trades from; none if it was accepted before there were wallets.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<Uuid>)]
    pub wallet_id: Option<WalletId>,
    /// The client's own label; need not be unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<Cow<'a, str>>,
}

impl<'a> SpecView<'a> {
    /// Shows a spec.
    pub fn new(spec: &'a OrderSpec, tokens: &dyn Tokens) -> Self {
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
            token_in: tokens.symbol(token_in).into(),
            token_out: tokens.symbol(token_out).into(),
            token_in_mint: token_in.mint(),
            token_out_mint: token_out.mint(),
            amount_in,
            amount_out,
            slippage_bps: spec.slippage_bps.0,
            min_amount_out,
            max_amount_in,
            expires_at: spec.expires_at,
            wallet: spec.wallet.as_deref().map(Cow::from),
            wallet_id: spec.funding.map(|funding| funding.wallet),
            tag: spec.tag.as_deref().map(Cow::from),
        }
    }
}

/// An order in its current state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Order)]
pub struct OrderView<'a> {
    #[schema(value_type = Uuid)]
    pub id: OrderId,
    /// The same as `id`.
    #[schema(value_type = Uuid)]
    pub order_id: OrderId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<Cow<'a, str>>,
    #[schema(value_type = words::OrderStatus)]
    pub status: OrderStatus,
    pub attempt: u32,
    #[serde(flatten)]
    pub spec: SpecView<'a>,
    pub last_seq: u32,
    #[schema(value_type = words::Timestamp)]
    pub created_at: Timestamp,
    #[schema(value_type = words::Timestamp)]
    pub updated_at: Timestamp,
    /// The same as `createdAt`, for clients of earlier systems.
    #[serde(rename = "created_at")]
    #[schema(value_type = words::Timestamp)]
    pub created_at_snake: Timestamp,
    /// The same as `updatedAt`, for clients of earlier systems.
    #[serde(rename = "updated_at")]
    #[schema(value_type = words::Timestamp)]
    pub updated_at_snake: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill: Option<FillView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureView<'a>>,
    /// Start of the next attempt, while the order waits for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Timestamp>)]
    pub next_attempt_at: Option<Timestamp>,
    /// Time of the owner's request to cancel. The order may still have landed: see `status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Timestamp>)]
    pub cancel_requested_at: Option<Timestamp>,
}

impl<'a> OrderView<'a> {
    /// Shows an order.
    pub fn new(order: &'a Order, tokens: &dyn Tokens) -> Self {
        Self {
            id: order.id,
            order_id: order.id,
            client_order_id: order.client_order_id.as_deref().map(Cow::from),
            status: order.status,
            attempt: order.attempt,
            spec: SpecView::new(&order.spec, tokens),
            last_seq: order.last_seq,
            created_at: order.created_at,
            updated_at: order.updated_at,
            created_at_snake: order.created_at,
            updated_at_snake: order.updated_at,
            fill: order.fill.as_ref().map(|fill| FillView::new(fill, tokens)),
            failure: order.failure.as_ref().map(FailureView::new),
            next_attempt_at: order.next_attempt_at,
            cancel_requested_at: order.cancel_request.map(|request| request.at),
        }
    }
}

/// What an order traded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Fill)]
pub struct FillView<'a> {
    #[schema(value_type = words::Venue)]
    pub venue: VenueId,
    #[schema(value_type = words::Signature)]
    pub signature: Cow<'a, Signature>,
    pub slot: u64,
    pub amount_in: Decimal,
    pub amount_out: Decimal,
    /// The pool's fee, in `feeToken`.
    pub fee: Decimal,
    /// Symbol of the token in which the fee is charged.
    #[serde(default)] // earlier versions do not say
    #[schema(required)]
    pub fee_token: String,
    /// Network fee, in SOL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_fee: Option<Decimal>,
    /// Deposited for token accounts that the swap opened and left open, in SOL.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rent: Option<Decimal>,
    pub executed_price: Decimal,
}

impl FillView<'_> {
    /// The same with owned texts.
    pub fn into_owned(self) -> FillView<'static> {
        FillView { signature: Cow::Owned(self.signature.into_owned()), ..self }
    }
}

impl<'a> FillView<'a> {
    /// Shows a fill.
    pub fn new(fill: &'a Fill, tokens: &dyn Tokens) -> Self {
        Self {
            venue: fill.venue,
            signature: Cow::Borrowed(&fill.signature),
            slot: fill.slot,
            amount_in: fill.amount_in.to_decimal(),
            amount_out: fill.amount_out.to_decimal(),
            fee: fill.fee.to_decimal(),
            fee_token: tokens.symbol(fill.fee.token),
            network_fee: fill.network_fee.map(in_sol),
            rent: net_rent(fill.rent),
            executed_price: fill.executed_price,
        }
    }
}

/// Why an attempt or an order failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Failure)]
pub struct FailureView<'a> {
    /// A later version may have further codes.
    #[schema(value_type = words::FailureCode)]
    pub code: Cow<'a, str>,
    pub message: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Venue>)]
    pub venue: Option<VenueId>,
    /// Whether the engine may retry the attempt. In the failure of an order that has ended, all attempts are
    /// used up: do not take it as advice to place the order again.
    pub retryable: bool,
    /// The error of the on-chain program, if one failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program_error: Option<ProgramErrorView<'a>>,
    /// Network fee of the transaction, in SOL, if it reverted: the chain charges it all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_fee: Option<Decimal>,
}

/// An error returned by an on-chain program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProgramError)]
pub struct ProgramErrorView<'a> {
    /// The innermost program that failed.
    #[schema(value_type = String)]
    pub program: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Cow<'a, str>>,
}

impl<'a> FailureView<'a> {
    /// Shows a failure.
    pub fn new(failure: &'a Failure) -> Self {
        Self {
            code: failure.code.as_str().into(),
            message: Cow::from(&failure.message),
            venue: failure.venue,
            retryable: failure.code.class() != FailureClass::Permanent,
            program_error: failure.program_error.as_ref().map(|error| ProgramErrorView {
                program: error.program,
                code: error.code,
                name: error.name.as_deref().map(Cow::from),
            }),
            network_fee: failure.network_fee.map(in_sol),
        }
    }
}

/// What stays deposited, in SOL, if anything does.
fn net_rent(rent: Rent) -> Option<Decimal> {
    let net = Decimal::try_from_i128_with_scale(rent.net(), Token::SOL.decimals().into()).ok()?;
    (!net.is_zero()).then(|| net.normalize())
}

/// Lamports in SOL.
pub(crate) fn in_sol(lamports: Amount) -> Decimal {
    lamports.to_decimal(Token::SOL.decimals())
}

/// The order, and where to follow it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PlacedOrder)]
pub struct PlacedView<'a> {
    #[serde(flatten)]
    pub order: OrderView<'a>,
    pub ws_url: String,
    pub status_url: String,
    /// Path of a WebSocket with updates, for clients of an earlier system.
    pub status_endpoint: String,
}

/// The id in an answer to an order, for a client that wants no more of it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderRef {
    pub order_id: OrderId,
}
