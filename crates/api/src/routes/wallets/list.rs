use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use protocol::WalletView;

use super::{quote_token, view};
use crate::{
    openapi::problems,
    problem::Problem,
    request::{Parameters, refuse_query},
    state::AppState,
};

problems!(Problems: InvalidQuery, StoreUnavailable);

/// Lists your wallets with their balances, oldest first.
#[utoipa::path(get, path = "/api/wallets", operation_id = "listWallets", tag = "wallets",
    params(("quoteToken" = Option<String>, Query, description = "The token that values are in; `USDC` by default.")),
    responses((status = 200, description = "The wallets.", body = [WalletView]), Problems))]
pub(crate) async fn list(State(state): State<AppState>, query: Parameters) -> Result<Response, Problem> {
    let mut errors = Vec::new();
    let quote = quote_token(&state, &query, &mut errors).await;
    query.check_names(&["quoteToken"], &mut errors);
    refuse_query(errors)?;
    let wallets = state.all_wallets().await?;
    let mut views = Vec::with_capacity(wallets.len());
    for wallet in &wallets {
        views.push(view(&state, wallet, quote).await?);
    }
    Ok(Json(views).into_response())
}
