use axum::{extract::State, http::HeaderMap, response::Response};
use domain::books::{Transfer, TransferKind};
use protocol::WalletView;
use utoipa::ToSchema;

use super::{WalletPath, transferred};
use crate::{
    accept::idempotency_key,
    openapi::{AmountOfToken, problems},
    problem::{Code, FieldCode, FieldError, Problem},
    request::{JsonBody, NoParameters},
    state::AppState,
    validation::Fields,
    wallets::{read_amounts, transfer_payments},
};

/// Paper money that comes or goes.
#[derive(ToSchema)]
#[schema(as = Transfer, examples(json!({"amounts": {"SOL": "10"}})))]
#[expect(dead_code, reason = "the document describes it; the body is read field by field")]
struct Request {
    /// Amounts of whole tokens by symbol or mint, for at most 100 tokens.
    #[schema(value_type = std::collections::BTreeMap<String, AmountOfToken>)]
    amounts: std::collections::BTreeMap<String, String>,
}

problems!(DepositProblems: MalformedJson, InvalidRequest, InvalidQuery, InvalidIdempotencyKey, UnreadableBody, BodyTimeout, BodyTooLarge,
    UnsupportedMediaType, UnsupportedContentEncoding, WalletNotFound, IdempotencyConflict, BalanceTooLarge, StoreUnavailable, QuotesUnavailable);
problems!(WithdrawProblems: MalformedJson, InvalidRequest, InvalidQuery, InvalidIdempotencyKey, UnreadableBody, BodyTimeout, BodyTooLarge,
    UnsupportedMediaType, UnsupportedContentEncoding, WalletNotFound, IdempotencyConflict, InsufficientBalance, StoreUnavailable);

/// Deposits paper money.
#[utoipa::path(post, path = "/api/wallets/{id}/deposit", operation_id = "deposit", tag = "wallets",
    params(
        ("id" = String, Path, description = "The wallet's id or name, such as `default`."),
        ("Idempotency-Key" = Option<String>, Header, pattern = "^[ -~]{1,255}$",
            description = "A new text for each request, such as a UUID. Repeating a request with the same key has no further effect."),
    ),
    request_body = Request,
    responses((status = 200, description = "The wallet after the deposit.", body = WalletView), DepositProblems))]
pub(crate) async fn deposit(
    State(state): State<AppState>,
    WalletPath(name): WalletPath,
    _: NoParameters,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    transfer(&state, &name, TransferKind::Deposit, &headers, &body).await
}

/// Withdraws paper money.
#[utoipa::path(post, path = "/api/wallets/{id}/withdraw", operation_id = "withdraw", tag = "wallets",
    params(
        ("id" = String, Path, description = "The wallet's id or name, such as `default`."),
        ("Idempotency-Key" = Option<String>, Header, pattern = "^[ -~]{1,255}$",
            description = "A new text for each request, such as a UUID. Repeating a request with the same key has no further effect."),
    ),
    request_body = Request,
    responses((status = 200, description = "The wallet after the withdrawal.", body = WalletView), WithdrawProblems))]
pub(crate) async fn withdraw(
    State(state): State<AppState>,
    WalletPath(name): WalletPath,
    _: NoParameters,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    transfer(&state, &name, TransferKind::Withdrawal, &headers, &body).await
}

async fn transfer(
    state: &AppState,
    name: &str,
    kind: TransferKind,
    headers: &HeaderMap,
    body: &JsonBody,
) -> Result<Response, Problem> {
    let key = idempotency_key(headers)?;
    let fields = Fields::parse(&body.0)?;
    let mut errors = Vec::new();
    fields.report_unexpected(&["amounts"], &mut errors);
    let amounts = read_amounts(state, &fields, "amounts", &mut errors).await;
    if fields.get("amounts").is_none() || amounts.as_ref().is_some_and(Vec::is_empty) {
        errors.push(FieldError::new("amounts", FieldCode::Missing, "is required: at least one token"));
    }
    let Some(amounts) = amounts.filter(|_| errors.is_empty()) else {
        return Err(Problem::fields(Code::InvalidRequest, errors));
    };
    let wallet = state.find_wallet(name).await?;
    let id = state.transfer_id(key.as_deref());
    let payments = transfer_payments(state, id, kind, &amounts, "amounts").await?;
    let transfer = Transfer { id, wallet: wallet.id, kind, payments, at: state.clock.now() };
    let outcome = state.answer(state.store.transfer(transfer)).await?;
    transferred(state, &wallet, outcome).await
}
