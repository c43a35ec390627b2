//! `GET /api/orders/{id}/history`: the events, under the name of an earlier system.

use axum::{extract::State, response::Response};
use protocol::EventBody;

use crate::{
    base_url::BaseUrl,
    openapi::problems,
    problem::Problem,
    request::{OrderIdPath, Parameters},
    routes::events,
    state::AppState,
};

problems!(Problems: InvalidOrderId, InvalidQuery, OrderNotFound, UnreadableOrder, StoreUnavailable);

/// Lists the events of an order, under the path of an earlier system.
#[utoipa::path(get, path = "/api/orders/{id}/history", operation_id = "listHistory", tag = "earlier systems",
    params(
        ("id" = Uuid, Path, description = "The order."),
        ("after" = Option<u32>, Query, description = "Only events after this `seq`."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "Maximum number of events; 200 by default."),
    ),
    responses(
        (status = 200, description = "The events.", body = [EventBody],
            headers(("Link" = String, description = "The next page, with `rel=\"next\"`."))),
        Problems,
    ))]
pub(crate) async fn history(
    state: State<AppState>,
    id: OrderIdPath,
    base: BaseUrl,
    query: Parameters,
) -> Result<Response, Problem> {
    events::list(state, id, base, query).await
}
