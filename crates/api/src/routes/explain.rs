//! `GET /api/orders/{id}/explain`: every decision, from the stored events.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use protocol::Explanation;

use crate::{
    history::events_after,
    openapi::problems,
    problem::Problem,
    request::{NoParameters, OrderIdPath},
    state::AppState,
};

problems!(Problems: InvalidOrderId, InvalidQuery, OrderNotFound, UnreadableOrder, StoreUnavailable);

/// Explains how an order was executed.
///
/// All quotes, rejected venues and why, slippage bounds, and the quote compared with the fill.
#[utoipa::path(get, path = "/api/orders/{id}/explain", operation_id = "explainOrder", tag = "orders",
    params(("id" = Uuid, Path, description = "The order.")),
    responses((status = 200, description = "The explanation.", body = Explanation), Problems))]
pub(crate) async fn explain(
    State(state): State<AppState>,
    id: OrderIdPath,
    _: NoParameters,
) -> Result<Response, Problem> {
    let order = state.find_order(id.0).await?;
    let lost_claims = state.answer(state.store.lost_claims(order.account, order.id)).await?;
    let events = events_after(state.store.as_ref(), order.account, order.id, 0);
    let events = state.answer(events).await?;
    let explanation = Explanation::new(&order, lost_claims, &events, state.tokens.as_ref());
    Ok(Json(explanation).into_response())
}
