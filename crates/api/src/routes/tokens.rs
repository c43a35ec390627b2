//! `GET /api/tokens`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{Mint, TokenInfo};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{openapi::problems, request::NoParameters, state::AppState};

problems!(Problems: InvalidQuery);

/// A token that can be traded.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
struct TokenView {
    /// Address of the SPL mint, base58: what identifies the token.
    #[schema(value_type = String)]
    mint: Mint,
    /// Ticker, unique among the listed tokens.
    symbol: String,
    /// Display name.
    name: String,
    /// Decimal places of an amount.
    decimals: u8,
}

/// Tokens that can be traded.
///
/// Orders and quotes name a token by its `symbol`, in any case, or by its `mint`.
#[utoipa::path(get, path = "/api/tokens", operation_id = "listTokens", tag = "quotes",
    responses((status = 200, description = "The tokens, in the order in which to offer them.", body = [TokenView]), Problems))]
pub(crate) async fn list(State(state): State<AppState>, _: NoParameters) -> Response {
    let view = |TokenInfo { token, symbol, name }: TokenInfo| TokenView {
        mint: token.mint(),
        symbol: symbol.into_owned(),
        name: name.into_owned(),
        decimals: token.decimals(),
    };
    Json(state.tokens.listed().into_iter().map(view).collect::<Vec<_>>()).into_response()
}
