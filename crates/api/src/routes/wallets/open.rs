use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use domain::{books::WalletId, ports::WalletOpening};
use protocol::WalletView;
use utoipa::ToSchema;

use super::{QUOTE, reply, view};
use crate::{
    accept::idempotency_key,
    openapi::{AmountOfToken, problems},
    problem::{Code, FieldCode, FieldError, Problem},
    request::{JsonBody, NoParameters},
    state::AppState,
    validation::{Fields, MAX_WALLET_CHARS, is_label},
    wallets::{deposits, read_amounts, unpriced},
};

/// A new paper wallet.
#[derive(ToSchema)]
#[schema(as = NewWallet, examples(json!({"name": "swing", "balances": {"SOL": "10", "USDC": "1500"}})))]
#[expect(dead_code, reason = "the document describes it; the body is read field by field")]
struct Request {
    /// 1 to 64 printable ASCII characters, without a space at either end. It must differ from the names of your other
    /// wallets in more than case, and must not be a UUID, `.` or `..`.
    #[schema(pattern = "^[!-~]([ -~]{0,62}[!-~])?$")]
    name: String,
    /// Opening balances: amounts of whole tokens by symbol or mint. None by default.
    #[schema(value_type = Option<std::collections::BTreeMap<String, AmountOfToken>>)]
    balances: Option<std::collections::BTreeMap<String, String>>,
}

problems!(Problems: MalformedJson, InvalidRequest, InvalidQuery, InvalidIdempotencyKey, UnreadableBody, BodyTimeout, BodyTooLarge,
    UnsupportedMediaType, UnsupportedContentEncoding, IdempotencyConflict, WalletNameTaken, TooManyWallets, StoreUnavailable,
    QuotesUnavailable);

/// Opens a paper wallet.
///
/// An account can have up to 100 wallets, `default` included.
#[utoipa::path(post, path = "/api/wallets", operation_id = "openWallet", tag = "wallets",
    params(("Idempotency-Key" = Option<String>, Header, pattern = "^[ -~]{1,255}$",
            description = "A new text for each request, such as a UUID. Repeating a request with the same key has no further effect."),),
    request_body = Request,
    responses(
        (status = 201, description = "The wallet is open.", body = WalletView),
        (status = 200, description = "An earlier request with the same key opened it (`Idempotency-Replayed`). The wallet now.", body = WalletView,
            headers(("Idempotency-Replayed" = bool, description = "`true`."))),
        Problems,
    ))]
pub(crate) async fn open(
    State(state): State<AppState>,
    _: NoParameters,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    let fields = Fields::parse(&body.0)?;
    let mut errors = Vec::new();
    fields.report_unexpected(&["name", "balances"], &mut errors);
    let name = read_name(&fields, &mut errors);
    let opening = read_amounts(&state, &fields, "balances", &mut errors).await;
    let Some(name) = name.filter(|_| errors.is_empty()) else {
        return Err(Problem::fields(Code::InvalidRequest, errors));
    };
    let wallets = state.all_wallets().await?; // opens the default one, which has its name first
    let wallet = state.new_wallet(state.wallet_id(key.as_deref()), name);
    let is_known = wallets.iter().any(|known| known.id == wallet.id);
    // requests at the same time may together exceed the limit by a few wallets, which does no harm
    if wallets.len() >= state.limits.max_wallets && !is_known {
        let detail = format!("the account has {} wallets, the most it can have", wallets.len());
        return Err(Problem::new(Code::TooManyWallets, detail));
    }
    let id = wallet.id.to_string();
    let taken = || {
        let detail = format!("you have a wallet with the name {}", wallet.name);
        Problem::new(Code::WalletNameTaken, detail)
    };
    let opening = opening.unwrap_or_default();
    let opening = if is_known { unpriced(&opening) } else { deposits(&state, &opening, "balances").await? };
    let transfer = wallet.opening(opening.clone());
    let opened = state.answer(state.store.open_wallet(wallet.clone(), opening)).await?;
    let is_replay = match opened {
        WalletOpening::Opened => false,
        WalletOpening::Known => true,
        WalletOpening::NameTaken => return Err(taken()),
    };
    let known = state.find_wallet(&id).await?;
    let first = state.answer(state.store.entries_after(known.id, 0, 1)).await?;
    let has_same_opening = first.first().is_some_and(|first| transfer.wrote(&first.entry));
    if known.name != wallet.name || !has_same_opening {
        let detail = format!("the key belongs to the wallet {}; use a new key for a new one", known.name);
        return Err(Problem::new(Code::IdempotencyConflict, detail));
    }
    let status = if is_replay { StatusCode::OK } else { StatusCode::CREATED };
    Ok(reply(status, &view(&state, &known, QUOTE).await?, is_replay))
}

fn read_name(fields: &Fields<'_>, errors: &mut Vec<FieldError>) -> Option<String> {
    let mut report = |code, message: &'static str| errors.push(FieldError::new("name", code, message));
    let Some(value) = fields.get("name") else {
        report(FieldCode::Missing, "is required");
        return None;
    };
    let Some(name) = value.text() else {
        report(FieldCode::WrongType, "must be a string");
        return None;
    };
    if name.len() > MAX_WALLET_CHARS {
        report(FieldCode::TooLong, "must not be longer than 64 characters");
    } else if !is_label(&name) || name.trim() != name {
        report(FieldCode::Malformed, "must be printable ASCII, not empty and without a space at either end");
    } else if name.parse::<WalletId>().is_ok() {
        report(FieldCode::Unsupported, "must not be a UUID");
    } else if [".", ".."].contains(&name.as_str()) {
        report(FieldCode::Unsupported, "must not be . or .., which a URL path cannot contain");
    }
    Some(name)
}
