//! `GET /api/orders/export`: the orders of a filter as CSV or JSON Lines.

use axum::{body::Bytes, extract::State, response::Response};
use domain::{
    Order, OrderId,
    ports::{OrderFilter, OrderPage, StoreError, Tokens},
};
use futures::{Stream, stream};
use protocol::{OrderView, words};
use tokio::sync::OwnedSemaphorePermit;

use super::{
    export_file::{Format, file, line, patiently, permit, plain, text},
    filter,
};
use crate::{
    openapi::problems,
    problem::Problem,
    request::{Parameters, refuse_query},
    state::AppState,
};

/// Orders that are in memory at once.
const PAGE: u32 = 500;

const COLUMNS: [&str; 29] = [
    "id",
    "clientOrderId",
    "tag",
    "status",
    "attempt",
    "createdAt",
    "updatedAt",
    "type",
    "tokenIn",
    "tokenOut",
    "amountIn",
    "amountOut",
    "slippageBps",
    "minAmountOut",
    "maxAmountIn",
    "expiresAt",
    "walletId",
    "venue",
    "spent",
    "received",
    "executedPrice",
    "fee",
    "feeToken",
    "networkFee",
    "rent",
    "slot",
    "signature",
    "failureCode",
    "failureMessage",
];

problems!(Problems: InvalidQuery, WalletNotFound, UnreadableOrder, StoreUnavailable, TooManyExports);

/// Exports orders, newest first, as CSV or JSON Lines.
///
/// Every order of the filter, however many there are; takes the filters of `GET /api/orders`: `status=confirmed` exports
/// the fills. If the database fails midway, the connection is dropped. `amountIn` and `amountOut` are what was asked,
/// `spent` and `received` what was traded, `fee` is in `feeToken`, `networkFee` and `rent` in SOL. In CSV, values a
/// spreadsheet would read as formulas are prefixed with an apostrophe.
#[utoipa::path(get, path = "/api/orders/export", operation_id = "exportOrders", tag = "orders",
    params(
        ("format" = Option<words::ExportFormat>, Query, description = "`csv` by default."),
        filter::Filters,
    ),
    responses(
        (status = 200, description = "The orders: a line each, in CSV after one with the names of the columns.",
            content((String = "text/csv"), (String = "application/jsonl"))),
        Problems,
    ))]
pub(crate) async fn export(State(state): State<AppState>, query: Parameters) -> Result<Response, Problem> {
    let mut errors = Vec::new();
    let format = Format::read(&query, &mut errors);
    let read = filter::read(&state, &query, &mut errors).await;
    query.check_names(&[&filter::NAMES[..], &["format"]].concat(), &mut errors);
    refuse_query(errors)?;
    let permit = permit(&state)?;
    let filter = OrderFilter { limit: PAGE, ..read.finish(&state).await? };
    let first = state.answer(state.scan(filter.clone())).await?;
    let head = (format == Format::Csv).then(|| line(&COLUMNS));
    let body = Pages { state, filter, format, head, next: Next::Read(first), _permit: permit };
    Ok(file(format, "orders", body.stream()))
}

struct Pages {
    state: AppState,
    filter: OrderFilter,
    format: Format,
    head: Option<Vec<u8>>,
    next: Next,
    /// Counted as long as it runs.
    _permit: OwnedSemaphorePermit,
}

/// The page to be sent next.
enum Next {
    Read(OrderPage),
    /// It is still to be read.
    After(OrderId),
    /// There is none.
    End,
}

impl Pages {
    fn stream(self) -> impl Stream<Item = Result<Bytes, StoreError>> {
        stream::try_unfold(self, |mut pages| async move {
            let page = match std::mem::replace(&mut pages.next, Next::End) {
                Next::Read(page) => page,
                Next::After(cursor) => {
                    pages.filter.cursor = Some(cursor);
                    pages.read().await?
                }
                Next::End => return Ok(None),
            };
            let mut text = pages.head.take().unwrap_or_default();
            let tokens = pages.state.tokens.as_ref();
            for order in &page.orders {
                text.extend(match pages.format {
                    Format::Csv => line(&cells(order, tokens)),
                    Format::JsonLines => json_line(order, tokens),
                });
            }
            pages.next = page.next.map_or(Next::End, Next::After);
            Ok(Some((text.into(), pages)))
        })
    }

    async fn read(&self) -> Result<OrderPage, StoreError> {
        patiently(&self.state, || self.state.scan(self.filter.clone())).await
    }
}

fn cells(order: &Order, tokens: &dyn Tokens) -> [String; COLUMNS.len()] {
    let OrderView { spec, fill, failure, .. } = OrderView::new(order, tokens);
    let venue = fill.as_ref().map(|fill| fill.venue).or(failure.as_ref().and_then(|failure| failure.venue));
    [
        order.id.to_string(),
        plain(text(order.client_order_id.as_deref())),
        plain(text(spec.tag)),
        order.status.to_string(),
        order.attempt.to_string(),
        order.created_at.to_string(),
        order.updated_at.to_string(),
        spec.order_type.to_string(),
        spec.token_in.into_owned(),
        spec.token_out.into_owned(),
        text(spec.amount_in),
        text(spec.amount_out),
        spec.slippage_bps.to_string(),
        text(spec.min_amount_out),
        text(spec.max_amount_in),
        text(spec.expires_at),
        text(spec.wallet_id),
        text(venue),
        text(fill.as_ref().map(|fill| fill.amount_in)),
        text(fill.as_ref().map(|fill| fill.amount_out)),
        text(fill.as_ref().map(|fill| fill.executed_price)),
        text(fill.as_ref().map(|fill| fill.fee)),
        text(fill.as_ref().map(|fill| &fill.fee_token)),
        text(fill.as_ref().and_then(|fill| fill.network_fee)),
        text(fill.as_ref().and_then(|fill| fill.rent)),
        text(fill.as_ref().map(|fill| fill.slot)),
        text(fill.as_ref().map(|fill| fill.signature.as_str())),
        text(failure.as_ref().map(|failure| &failure.code)),
        plain(text(failure.as_ref().map(|failure| &failure.message))),
    ]
}

fn json_line(order: &Order, tokens: &dyn Tokens) -> Vec<u8> {
    // what is serialised here has string keys and no fallible parts
    let mut line = serde_json::to_vec(&OrderView::new(order, tokens)).unwrap_or_default();
    line.push(b'\n');
    line
}
