//! `/health`, `/health/live` and `/health/ready`.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::{openapi::problems, state::AppState};

problems!(Problems:);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = HealthStatus)]
enum Health {
    Ok,
    /// Orders start or show later than usual, wait because no worker runs, or are refused because too
    /// many are open.
    Degraded,
    Down,
}

impl From<bool> for Health {
    fn from(is_ok: bool) -> Self {
        if is_ok { Self::Ok } else { Self::Down }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Health)]
struct Report {
    status: Health,
    store: Health,
    queue: Health,
    /// Entries that wait in the queue; unknown while it does not answer.
    #[schema(required)]
    queue_depth: Option<usize>,
    /// Workers that take orders from the queue; unknown while it does not answer. One that died counts
    /// for 15 seconds.
    #[schema(required)]
    workers: Option<usize>,
    bus: Health,
    /// `degraded` while streams of many orders show nothing new, because a transaction stays open in the
    /// database's server.
    feed: Health,
    /// How long committed events have waited for such a transaction, milliseconds.
    feed_lag_ms: u64,
    /// `closed` while new orders are refused because too many are open.
    admission: &'static str,
    /// Orders that somebody follows through this process.
    followed: usize,
    /// Streams that are open, of whatever kind.
    streams: usize,
}

/// How every part is.
///
/// `503` only when orders cannot be accepted: without the queue they are, and the sweeper delivers them.
#[utoipa::path(get, path = "/health", operation_id = "getHealth", tag = "engine",
    responses(
        (status = 200, description = "Orders are accepted, perhaps with delay.", body = Report),
        (status = 503, description = "Orders cannot be written.", body = Report),
        Problems,
    ))]
pub(crate) async fn report(State(state): State<AppState>) -> Response {
    let queue_state = timeout(state.limits.health_within, state.queue.state());
    let (store, queue_state) = tokio::join!(store(&state), queue_state);
    let queue_state = queue_state.ok().and_then(Result::ok);
    let queue = Health::from(queue_state.is_some());
    let workers = queue_state.map(|queue| queue.workers);
    let bus = Health::from(state.bus.is_connected());
    let is_closed = state.admission.is_closed();
    let feed = if state.lag.is_behind() { Health::Degraded } else { Health::Ok };
    let status = match (store, queue, bus) {
        (Health::Ok, Health::Ok, Health::Ok) if !is_closed && feed == Health::Ok && workers != Some(0) => {
            Health::Ok
        }
        (Health::Ok, _, _) => Health::Degraded,
        _ => Health::Down,
    };
    let report = Report {
        status,
        store,
        queue,
        queue_depth: queue_state.map(|queue| queue.waiting),
        workers,
        bus,
        feed,
        feed_lag_ms: u64::try_from(state.lag.now().as_millis()).unwrap_or(u64::MAX),
        admission: if is_closed { "closed" } else { "open" },
        followed: state.hub.followed(),
        streams: state.open_streams(),
    };
    answer(status, report)
}

/// Whether the process runs at all.
#[utoipa::path(get, path = "/health/live", operation_id = "getLiveness", tag = "engine",
    responses((status = 200, description = "It runs.", body = Status), Problems))]
pub(crate) async fn live() -> Response {
    answer(Health::Ok, Status { status: Health::Ok })
}

/// Whether orders can be accepted.
///
/// They can while the store takes writes and the process is not stopping.
#[utoipa::path(get, path = "/health/ready", operation_id = "getReadiness", tag = "engine",
    responses(
        (status = 200, description = "Orders can be accepted.", body = Status),
        (status = 503, description = "Orders cannot be written, or the process stops.", body = Status),
        Problems,
    ))]
pub(crate) async fn ready(State(state): State<AppState>) -> Response {
    let status = if state.stopping.is_cancelled() { Health::Down } else { store(&state).await };
    answer(status, Status { status })
}

#[derive(Serialize, ToSchema)]
#[schema(as = Readiness)]
struct Status {
    status: Health,
}

async fn store(state: &AppState) -> Health {
    Health::from(matches!(timeout(state.limits.health_within, state.store.ping()).await, Ok(Ok(()))))
}

fn answer(health: Health, body: impl Serialize) -> Response {
    let status = if health == Health::Down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, Json(body)).into_response()
}
