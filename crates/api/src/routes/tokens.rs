//! `GET /api/tokens`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use protocol::TokenView;

use crate::{openapi::problems, request::NoParameters, state::AppState};

problems!(Problems: InvalidQuery);

/// Tokens that can be traded.
///
/// Orders and quotes name a token by its `symbol`, in any case, or by its `mint`.
#[utoipa::path(get, path = "/api/tokens", operation_id = "listTokens", tag = "quotes",
    responses((status = 200, description = "The tokens, in the order in which to offer them.", body = [TokenView]), Problems))]
pub(crate) async fn list(State(state): State<AppState>, _: NoParameters) -> Response {
    Json(state.tokens.listed().into_iter().map(TokenView::from).collect::<Vec<_>>()).into_response()
}
