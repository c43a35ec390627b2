//! `GET /api/orders/{id}/explain`: every decision, from the stored events.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{Event, Order};
use protocol::Explanation;

use crate::{
    openapi::problems,
    problem::Problem,
    request::{NoParameters, OrderIdPath},
    state::AppState,
};

problems!(Problems: InvalidOrderId, InvalidQuery, OrderNotFound, StoreUnavailable);

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
    let events = state.answer(all_events(&state, &order)).await?;
    let explanation = Explanation::new(&order, lost_claims, &events, state.tokens.as_ref());
    Ok(Json(explanation).into_response())
}

async fn all_events(state: &AppState, order: &Order) -> Result<Vec<Event>, domain::ports::StoreError> {
    const PAGE: u32 = 500;
    let mut all: Vec<Event> = Vec::new();
    loop {
        let after = all.last().map_or(0, |event| event.seq);
        let page = state.store.events(order.account, order.id, after, PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}
