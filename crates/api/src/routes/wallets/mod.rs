//! `/api/wallets`, and what orders did to them.

mod equity;
mod export;
mod list;
mod open;
mod pnl;
mod postings;
mod reset;
mod show;
mod transfer;

pub(crate) use self::{
    equity::{__path_equity, equity},
    export::{__path_export, export},
    list::{__path_list, list},
    open::{__path_open, open},
    pnl::{__path_pnl, pnl},
    postings::{__path_of_order, __path_postings, of_order, postings},
    reset::{__path_reset, reset},
    show::{__path_show, show},
    transfer::{__path_deposit, __path_withdraw, deposit, withdraw},
};

use axum::{
    Json,
    extract::{FromRequestParts, Path},
    http::{HeaderValue, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use domain::{
    Amount, Token,
    books::{TransferOutcome, Wallet},
};
use protocol::{BalanceView, WalletView};

use super::named::token;
use crate::{
    headers::REPLAYED,
    problem::{Code, FieldError, Problem},
    request::Parameters,
    state::AppState,
};

/// What wallets are counted in unless another token is asked for.
const QUOTE: Token = Token::USDC;

/// The id or the name of a wallet in the address.
pub(crate) struct WalletPath(String);

impl<S: Send + Sync> FromRequestParts<S> for WalletPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let name = Path::<String>::from_request_parts(parts, state).await;
        let not_text = |_| Problem::new(Code::WalletNotFound, "the wallet's id or name is not UTF-8");
        name.map(|Path(name)| Self(name)).map_err(not_text)
    }
}

/// The token that a query asks values in.
async fn quote_token(state: &AppState, query: &Parameters, errors: &mut Vec<FieldError>) -> Token {
    token(state, query, "quoteToken", errors).await.unwrap_or(QUOTE)
}

/// A wallet with its balances, valued in a token.
async fn view<'a>(state: &AppState, wallet: &'a Wallet, quote: Token) -> Result<WalletView<'a>, Problem> {
    let tokens = state.tokens.as_ref();
    let balances = state.priced_balances(wallet.id, quote).await?;
    let balances = balances
        .into_iter()
        .map(|(token, balance, price)| BalanceView::new(token, balance, quote, price, tokens));
    Ok(WalletView::new(wallet, balances.collect(), tokens.symbol(quote).into()))
}

/// The answer to a transfer: the wallet after it.
async fn transferred(
    state: &AppState,
    wallet: &Wallet,
    outcome: TransferOutcome,
) -> Result<Response, Problem> {
    let is_replay = match outcome {
        TransferOutcome::Done => false,
        TransferOutcome::Replayed => true,
        TransferOutcome::Conflict => {
            let detail = "the key belongs to a different transfer; use a new key for a new one";
            return Err(Problem::new(Code::IdempotencyConflict, detail));
        }
        TransferOutcome::Insufficient(shortages) => {
            return Err(Problem::insufficient_balance(&shortages, state.tokens.as_ref()));
        }
        TransferOutcome::TooMuch(mint) => {
            let token =
                state.tokens.info(mint).map_or_else(|| mint.to_string(), |info| info.symbol.into_owned());
            let detail = format!("the wallet would have more {token} than it can hold");
            return Err(Problem::new(Code::BalanceTooLarge, detail));
        }
        TransferOutcome::Held => {
            let detail = "orders of this wallet still run after their cancellation was requested, or new ones keep coming; \
                          place no more orders from it and retry the reset";
            return Err(Problem::new(Code::WalletBusy, detail));
        }
    };
    let wallet = state.find_wallet(&wallet.id.to_string()).await?;
    Ok(reply(StatusCode::OK, &view(state, &wallet, QUOTE).await?, is_replay))
}

fn reply(status: StatusCode, view: &WalletView<'_>, is_replay: bool) -> Response {
    let mut response = (status, Json(view)).into_response();
    if is_replay {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// Base units of USDC as USDC.
fn usdc(units: Amount) -> rust_decimal::Decimal {
    units.to_decimal(QUOTE.decimals())
}
