use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use protocol::WalletView;

use super::{WalletPath, quote_token, view};
use crate::{
    openapi::problems,
    problem::Problem,
    request::{Parameters, refuse_query},
    state::AppState,
};

problems!(Problems: InvalidQuery, WalletNotFound, StoreUnavailable);

/// Returns a wallet with its balances and their value.
#[utoipa::path(get, path = "/api/wallets/{id}", operation_id = "getWallet", tag = "wallets",
    params(
        ("id" = String, Path, description = "The wallet's id or name, such as `default`."),
        ("quoteToken" = Option<String>, Query, description = "The token that values are in; `USDC` by default."),
    ),
    responses((status = 200, description = "The wallet.", body = WalletView), Problems))]
pub(crate) async fn show(
    State(state): State<AppState>,
    WalletPath(name): WalletPath,
    query: Parameters,
) -> Result<Response, Problem> {
    let mut errors = Vec::new();
    let quote = quote_token(&state, &query, &mut errors).await;
    query.check_names(&["quoteToken"], &mut errors);
    refuse_query(errors)?;
    let wallet = state.find_wallet(&name).await?;
    Ok(Json(view(&state, &wallet, quote).await?).into_response())
}
