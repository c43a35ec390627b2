//! `GET /api/orders/{id}`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};

use crate::{
    openapi::problems, problem::Problem, request::OrderIdPath, state::AppState, stream::find_order,
    wire::OrderView,
};

problems!(Problems: InvalidOrderId, OrderNotFound, StoreUnavailable);

/// The order as it stands.
#[utoipa::path(get, path = "/api/orders/{id}", operation_id = "getOrder", tag = "orders",
    params(("id" = Uuid, Path, description = "The order.")),
    responses((status = 200, description = "The order.", body = OrderView), Problems))]
pub(crate) async fn show(State(state): State<AppState>, id: OrderIdPath) -> Result<Response, Problem> {
    let order = find_order(&state, id.0).await?;
    Ok(Json(OrderView::new(&order, state.tokens.as_ref())).into_response())
}
