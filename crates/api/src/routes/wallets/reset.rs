use axum::{extract::State, http::HeaderMap, response::Response};
use domain::{
    OrderId, Phase,
    books::{Transfer, TransferKind, TransferOutcome, WalletId},
    ports::OrderFilter,
};
use futures::{StreamExt, stream};
use protocol::WalletView;
use tokio::time::{Duration, Instant, sleep};
use utoipa::ToSchema;

use super::{WalletPath, transferred};
use crate::{
    accept::idempotency_key,
    cancel,
    openapi::{AmountOfToken, problems},
    problem::{Code, Problem},
    request::{NoParameters, OptionalJsonBody},
    state::AppState,
    validation::Fields,
    wallets::{read_amounts, transfer_payments},
};

/// How often it looks.
const EVERY: Duration = Duration::from_millis(100);
/// Orders that are canceled at once.
const AT_ONCE: usize = 64;
const PAGE: u32 = 500;

/// The balances after the reset.
#[derive(ToSchema)]
#[schema(as = Reset, examples(json!({"balances": {"SOL": "10", "USDC": "1500"}})))]
#[expect(dead_code, reason = "the document describes it; the body is read field by field")]
struct Request {
    /// Amounts of whole tokens by symbol or mint; those of `PAPER_BALANCES` by default.
    #[schema(value_type = Option<std::collections::BTreeMap<String, AmountOfToken>>)]
    balances: Option<std::collections::BTreeMap<String, String>>,
}

problems!(Problems: MalformedJson, InvalidRequest, InvalidQuery, InvalidIdempotencyKey, UnreadableBody, BodyTimeout, BodyTooLarge,
    UnsupportedMediaType, UnsupportedContentEncoding, WalletNotFound, IdempotencyConflict, WalletBusy, UnreadableOrder, StoreUnavailable,
    QuotesUnavailable);

/// Resets a paper wallet.
///
/// Cancels the wallet's open orders, replaces its balances and starts a new epoch, from which profit and loss are counted.
/// Ids, keys and history are kept. Place no orders from the wallet meanwhile: they are canceled too. If something is still
/// held for orders after ten seconds, nothing is replaced and the response is `409 wallet_busy`: retry the request.
#[utoipa::path(post, path = "/api/wallets/{id}/reset", operation_id = "resetWallet", tag = "wallets",
    params(
        ("id" = String, Path, description = "The wallet's id or name, such as `default`."),
        ("Idempotency-Key" = Option<String>, Header, pattern = "^[ -~]{1,255}$",
            description = "A new text for each request, such as a UUID. Repeating a request with the same key has no further effect."),
    ),
    request_body(content = Request, description = "None is the same as `{}`."),
    responses((status = 200, description = "The wallet after the reset.", body = WalletView), Problems))]
pub(crate) async fn reset(
    State(state): State<AppState>,
    WalletPath(name): WalletPath,
    _: NoParameters,
    headers: HeaderMap,
    body: OptionalJsonBody,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    let fields = Fields::parse(&body.0)?;
    let mut errors = Vec::new();
    fields.report_unexpected(&["balances"], &mut errors);
    let given = read_amounts(&state, &fields, "balances", &mut errors).await;
    if !errors.is_empty() {
        return Err(Problem::fields(Code::InvalidRequest, errors));
    }
    let wallet = state.find_wallet(&name).await?;
    let amounts = match given {
        Some(given) => given,
        None => state.opening_balances().await?,
    };
    let id = state.transfer_id(key.as_deref());
    let payments = transfer_payments(&state, id, TransferKind::Reset, &amounts, "balances").await?;
    let deadline = Instant::now() + state.limits.reset_within;
    loop {
        let (payments, at) = (payments.clone(), state.clock.now());
        let transfer = Transfer { id, wallet: wallet.id, kind: TransferKind::Reset, payments, at };
        let outcome = state.answer(state.store.transfer(transfer)).await?;
        if outcome != TransferOutcome::Held || Instant::now() >= deadline {
            return transferred(&state, &wallet, outcome).await;
        }
        cancel_orders(&state, wallet.id).await?;
        sleep(EVERY).await;
    }
}

/// Asks every order of a wallet that has not ended to end, unless it was asked before.
async fn cancel_orders(state: &AppState, wallet: WalletId) -> Result<(), Problem> {
    for phase in [Phase::InFlight, Phase::Resting] {
        let mut cursor = None;
        loop {
            let (phase, wallet) = (Some(phase), Some(wallet));
            let filter = OrderFilter { phase, wallet, cursor, ..OrderFilter::newest(PAGE) };
            let page = state.answer(state.store.orders(state.account, filter)).await?;
            let to_cancel = page.orders.iter().filter(|order| order.cancel_request.is_none());
            let ids: Vec<OrderId> = to_cancel.map(|order| order.id).collect();
            let canceled = stream::iter(ids).map(|id| cancel::cancel(state, id)).buffer_unordered(AT_ONCE);
            let results: Vec<_> = canceled.collect().await;
            for result in results {
                result?;
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
    }
    Ok(())
}
