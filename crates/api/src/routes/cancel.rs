//! `POST /api/orders/{id}/cancel` and `DELETE /api/orders/{id}`.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use protocol::{CanceledView, OrderView};

use crate::{
    cancel::{self, Canceled},
    openapi::problems,
    problem::{Code, Problem},
    request::{NoParameters, OrderIdPath},
    state::AppState,
};

problems!(Problems: InvalidOrderId, InvalidQuery, OrderNotFound, AlreadyTerminal, UnreadableOrder, StoreUnavailable);

/// Cancels an order.
///
/// No further attempt is submitted. Returns `200` if the order is canceled, or `202` while a worker is executing it or its
/// transaction may still land: the outcome arrives as an event, `canceled` or, if that comes first, `confirmed`, `failed`
/// or `expired`. Returns `409 already_terminal`, with the order, if it had ended otherwise. Safe to repeat.
#[utoipa::path(post, path = "/api/orders/{id}/cancel", operation_id = "cancelOrder", tag = "orders",
    params(("id" = Uuid, Path, description = "The order.")),
    responses(
        (status = 200, description = "The order is canceled.", body = CanceledView),
        (status = 202, description = "The order will be canceled unless its transaction lands.", body = CanceledView),
        Problems,
    ))]
pub(crate) async fn cancel(
    State(state): State<AppState>,
    id: OrderIdPath,
    _: NoParameters,
) -> Result<Response, Problem> {
    let canceled = cancel::cancel(&state, id.0).await?;
    let order = OrderView::new(canceled.order(), state.tokens.as_ref());
    let status = match &canceled {
        Canceled::Done(_) => StatusCode::OK,
        Canceled::Requested(_) => StatusCode::ACCEPTED,
        Canceled::TooLate(ended) => {
            let detail = format!("the order is {} and can no longer be canceled", ended.status);
            return Err(Problem {
                order_id: Some(ended.id),
                order: serde_json::to_value(order).ok().map(Box::new),
                ..Problem::new(Code::AlreadyTerminal, detail)
            });
        }
    };
    Ok((status, Json(CanceledView { result: canceled.outcome(), order })).into_response())
}

/// Cancels an order, as `POST /api/orders/{id}/cancel` does.
#[utoipa::path(delete, path = "/api/orders/{id}", operation_id = "deleteOrder", tag = "orders",
    params(("id" = Uuid, Path, description = "The order.")),
    responses(
        (status = 200, description = "The order is canceled.", body = CanceledView),
        (status = 202, description = "The order will be canceled unless its transaction lands.", body = CanceledView),
        Problems,
    ))]
pub(crate) async fn delete(
    state: State<AppState>,
    id: OrderIdPath,
    query: NoParameters,
) -> Result<Response, Problem> {
    cancel(state, id, query).await
}
