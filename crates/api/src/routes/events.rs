//! `GET /api/orders/{id}/events?after=&limit=`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use protocol::EventBody;

use super::orders::{insert_next, read_limit};
use crate::{
    base_url::BaseUrl,
    openapi::problems,
    problem::Problem,
    request::{OrderIdPath, Parameters, refuse_query},
    state::AppState,
};

const DEFAULT_LIMIT: u32 = 200;
const MAX_LIMIT: u32 = 1_000;

problems!(Problems: InvalidOrderId, InvalidQuery, OrderNotFound, UnreadableOrder, StoreUnavailable);

/// Lists the events of an order.
///
/// `Link` has the next page, if there is one now.
#[utoipa::path(get, path = "/api/orders/{id}/events", operation_id = "listEvents", tag = "orders",
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
pub(crate) async fn list(
    State(state): State<AppState>,
    id: OrderIdPath,
    base: BaseUrl,
    query: Parameters,
) -> Result<Response, Problem> {
    let mut errors = Vec::new();
    let after =
        query.read("after", "must be a sequence number", &mut errors, |text| text.parse().ok()).unwrap_or(0);
    let limit = read_limit(&query, DEFAULT_LIMIT, MAX_LIMIT, &mut errors);
    query.check_names(&["after", "limit"], &mut errors);
    refuse_query(errors)?;
    let order = state.find_order(id.0).await?;
    let mut events = state.answer(state.store.events(order.account, order.id, after, limit + 1)).await?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_next = events.len() > size;
    events.truncate(size);
    let tokens = state.tokens.as_ref();
    let body: Vec<_> = events.iter().map(|event| EventBody::new(order.id, event, tokens)).collect();
    let mut response = Json(body).into_response();
    if let Some(last) = events.last().filter(|_| has_next) {
        let path = format!("/api/orders/{}/events?after={}&limit={limit}", order.id, last.seq);
        insert_next(&mut response, &base.http(&path));
    }
    Ok(response)
}
