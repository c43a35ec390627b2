//! `POST /api/orders/{id}/resume`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use protocol::OrderView;

use crate::{
    openapi::problems,
    problem::{Code, Problem},
    request::{NoParameters, OrderIdPath},
    state::AppState,
};

problems!(Problems: InvalidOrderId, InvalidQuery, OrderNotFound, NotParked, UnreadableOrder, StoreUnavailable);

/// Resumes a parked order at once.
///
/// An order whose executions were lost five times in a row is parked: it is retried with growing delays.
/// Resume it once the cause is fixed; until then it is safe to wait.
#[utoipa::path(post, path = "/api/orders/{id}/resume", operation_id = "resumeOrder", tag = "orders",
    params(("id" = Uuid, Path, description = "The order.")),
    responses((status = 200, description = "The order is due now.", body = OrderView), Problems))]
pub(crate) async fn resume(
    State(state): State<AppState>,
    id: OrderIdPath,
    _: NoParameters,
) -> Result<Response, Problem> {
    let order = state.find_order(id.0).await?;
    if !state.answer(state.store.unpark(state.account, order.id)).await? {
        return Err(Problem::new(
            Code::NotParked,
            "the order is not parked: it has ended or continues by itself",
        ));
    }
    tracing::info!(order_id = %order.id, "resumed by an operator");
    Ok(Json(OrderView::new(&order, state.tokens.as_ref())).into_response())
}
