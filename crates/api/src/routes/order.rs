//! `GET /api/orders/{id}`.

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};

use domain::OrderId;
use protocol::OrderView;

use crate::{
    openapi::problems,
    problem::{Code, Problem},
    request::NoParameters,
    state::AppState,
};

problems!(Problems: InvalidQuery, OrderNotFound, UnreadableOrder, StoreUnavailable);

/// Returns an order in its current state.
///
/// An id that is not a UUID belongs to no order: `404` `order_not_found`, as for an unknown one.
#[utoipa::path(get, path = "/api/orders/{id}", operation_id = "getOrder", tag = "orders",
    params(("id" = Uuid, Path, description = "The order.")),
    responses((status = 200, description = "The order.", body = OrderView), Problems))]
pub(crate) async fn show(
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
    _: NoParameters,
) -> Result<Response, Problem> {
    let not_an_id = || Problem::new(Code::OrderNotFound, "an order id must be a UUID");
    let id = id.ok().and_then(|Path(id)| id.parse().ok()).ok_or_else(not_an_id)?;
    show_known(&state, id).await
}

/// The order of an id.
pub(crate) async fn show_known(state: &AppState, id: OrderId) -> Result<Response, Problem> {
    let order = state.find_order(id).await?;
    Ok(Json(OrderView::new(&order, state.tokens.as_ref())).into_response())
}
