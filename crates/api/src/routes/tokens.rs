//! `GET /api/tokens`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use protocol::TokenView;

use crate::{openapi::problems, request::NoParameters, state::AppState};

problems!(Problems: InvalidQuery);

/// Lists the tokens you can trade.
///
/// Orders and quotes accept a token's `symbol` (case-insensitive) or its `mint`.
#[utoipa::path(get, path = "/api/tokens", operation_id = "listTokens", tag = "quotes",
    responses((status = 200, description = "The tokens, in display order.", body = [TokenView]), Problems))]
pub(crate) async fn list(State(state): State<AppState>, _: NoParameters) -> Response {
    Json(state.tokens.listed().into_iter().map(TokenView::from).collect::<Vec<_>>()).into_response()
}
