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

problems!(
    Problems: InvalidQuery, OrderNotFound, CursorUnknown, UpgradeRequired, UnreadableOrder, StoreUnavailable, TooManyStreams
);

/// Follows many orders on one connection.
///
/// A WebSocket that accepts `subscribe` and `unsubscribe` messages or, with `Accept: text/event-stream`, Server-Sent
/// Events.
#[utoipa::path(get, path = "/api/stream", operation_id = "streamOrders", tag = "streams",
    params(
        ("orders" = Option<String>, Query,
            description = "Server-Sent Events: comma-separated order ids, at most 500; by default all orders."),
        ("cursor" = Option<String>, Query,
            description = "Server-Sent Events: the cursor to resume after, if you cannot set `Last-Event-ID`."),
        ("Last-Event-ID" = Option<String>, Header,
            description = "Server-Sent Events: the `id` of the last event you received."),
    ),
    responses(
        (status = 101, description = "A WebSocket."),
        (status = 200, description = "Server-Sent Events, with `Accept: text/event-stream`.", body = String,
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
            query.check_names(&[], &mut errors);
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
            "connect with a WebSocket, or send Accept: text/event-stream",
        )),
        Err(problem) => Err(problem),
    }
}

fn accepts_events(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.to_ascii_lowercase().contains("text/event-stream"))
}
