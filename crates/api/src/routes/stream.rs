//! `GET /api/stream`: many orders on one connection, as a WebSocket or as Server-Sent Events.

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::Response,
};
use futures::FutureExt;

use crate::{
    openapi::problems,
    problem::{Code, Problem},
    request::{Connection, Parameters, refuse_query},
    state::AppState,
    stream::{self, Canonical, Upgrade},
};

problems!(Problems: InvalidQuery, OrderNotFound, UpgradeRequired, StoreUnavailable, TooManyStreams);

/// Follows many orders on one connection.
///
/// A WebSocket that takes `subscribe` and `unsubscribe`, or, for `Accept: text/event-stream`, the events
/// of `?orders=` after `Last-Event-ID`.
#[utoipa::path(get, path = "/api/stream", operation_id = "streamOrders", tag = "streams",
    params(
        ("orders" = Option<String>, Query,
            description = "For Server-Sent Events: ids with commas between them; all orders without it."),
        ("cursor" = Option<String>, Query,
            description = "For Server-Sent Events: the place after which to go on, where `Last-Event-ID` cannot be set."),
        ("Last-Event-ID" = Option<String>, Header,
            description = "For Server-Sent Events: the `id` of the last event that was seen."),
    ),
    responses(
        (status = 101, description = "A WebSocket."),
        (status = 200, description = "A stream of events, for `Accept: text/event-stream`.", body = String,
            content_type = "text/event-stream"),
        Problems,
    ))]
pub(crate) async fn stream(
    State(state): State<AppState>,
    query: Parameters,
    headers: HeaderMap,
    connection: Connection,
    upgrade: Result<Upgrade, Problem>,
) -> Result<Response, Problem> {
    match upgrade {
        Ok(upgrade) => {
            let session_state = state.clone();
            let mut errors = Vec::new();
            query.report_unknown(&[], &mut errors);
            Ok(upgrade.run(&state, move |peer| {
                async move {
                    match refuse_query(errors) {
                        Ok(()) => stream::converse(peer, &session_state).await,
                        Err(problem) => stream::refuse(peer, &problem, &Canonical).await,
                    }
                }
                .boxed()
            }))
        }
        Err(problem) if problem.code == Code::UpgradeRequired && accepts_events(&headers) => {
            let permit = stream::permit(&state)?;
            stream::respond(state, &query, &headers, connection, permit).await
        }
        Err(problem) if problem.code == Code::UpgradeRequired => Err(Problem::new(
            Code::UpgradeRequired,
            "connect with a WebSocket, or ask for Accept: text/event-stream",
        )),
        Err(problem) => Err(problem),
    }
}

fn accepts_events(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.to_ascii_lowercase().contains("text/event-stream"))
}
