//! `/health`, `/health/live` and `/health/ready`.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use protocol::{AdmissionState, Health, Readiness, Report};
use serde::Serialize;
use tokio::time::timeout;

use crate::{openapi::problems, state::AppState};

problems!(Problems:);

/// Status of each component.
///
/// Returns `503` only if orders cannot be accepted. Without the queue they can: the sweeper delivers them.
#[utoipa::path(get, path = "/health", operation_id = "getHealth", tag = "engine",
    responses(
        (status = 200, description = "Orders are accepted; their execution may be delayed.", body = Report),
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
        market: state.market.clone(),
        admission: if is_closed { AdmissionState::Closed } else { AdmissionState::Open },
        followed: state.hub.followed(),
        streams: state.open_streams(),
    };
    answer(status, report)
}

/// Whether the process is running.
#[utoipa::path(get, path = "/health/live", operation_id = "getLiveness", tag = "engine",
    responses((status = 200, description = "The process is running.", body = Readiness), Problems))]
pub(crate) async fn live() -> Response {
    answer(Health::Ok, Readiness { status: Health::Ok })
}

/// Whether orders can be accepted.
///
/// They can while the store accepts writes and the process is not stopping.
#[utoipa::path(get, path = "/health/ready", operation_id = "getReadiness", tag = "engine",
    responses(
        (status = 200, description = "Orders can be accepted.", body = Readiness),
        (status = 503, description = "Orders cannot be written, or the process is stopping.", body = Readiness),
        Problems,
    ))]
pub(crate) async fn ready(State(state): State<AppState>) -> Response {
    let status = if state.stopping.is_cancelled() { Health::Down } else { store(&state).await };
    answer(status, Readiness { status })
}

async fn store(state: &AppState) -> Health {
    Health::from(matches!(timeout(state.limits.health_within, state.store.ping()).await, Ok(Ok(()))))
}

fn answer(health: Health, body: impl Serialize) -> Response {
    let status = if health == Health::Down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, Json(body)).into_response()
}
