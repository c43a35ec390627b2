//! `GET /api/orders/{id}`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};

use crate::{problem::Problem, request::OrderIdPath, state::AppState, stream::find_order, wire::OrderView};

/// The order as it stands.
pub(crate) async fn show(State(state): State<AppState>, id: OrderIdPath) -> Result<Response, Problem> {
    let order = find_order(&state, id.0).await?;
    Ok(Json(OrderView::new(&order)).into_response())
}
