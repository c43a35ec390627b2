//! `GET /api/stream`: many orders on one connection, as a WebSocket or as Server-Sent Events.

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::Response,
};
use futures::FutureExt;

use crate::{
    problem::{Code, Problem},
    request::{Connection, Parameters},
    state::AppState,
    stream::{self, Upgrade},
};

/// A WebSocket that takes `subscribe` and `unsubscribe`, or, for `Accept: text/event-stream`, the events
/// of `?orders=` after `Last-Event-ID`. See [`crate::stream::Ending`] for the close codes.
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
            Ok(upgrade
                .run(&state, move |peer| async move { stream::converse(peer, &session_state).await }.boxed()))
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
