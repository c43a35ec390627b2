//! `GET /metrics`: the metrics of this process for Prometheus.

use std::time::Duration;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{Method, header::CONTENT_TYPE},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::{OrderStatus, Phase};
use metrics::{gauge, histogram};
use telemetry::metrics::{self as exporter, catalogue};
use tokio::time::{Instant, timeout};

use crate::{openapi::problems, state::AppState};

/// The route label of requests that match no route: their paths are unbounded, and labels must not be.
const NO_ROUTE: &str = "none";

/// The shortest time between counts of orders.
const COUNT_EVERY: Duration = Duration::from_secs(1);

problems!(Problems:);

/// Prometheus metrics of this process.
///
/// docs/OPERATIONS.md in the repository lists them. Some gauges are queried on request.
#[utoipa::path(get, path = "/metrics", operation_id = "getMetrics", tag = "engine",
    responses(
        (status = 200, description = "The metrics in Prometheus text format.", body = String, content_type = "text/plain"),
        Problems,
    ))]
pub(crate) async fn render(State(state): State<AppState>) -> impl IntoResponse {
    gauge!(catalogue::STREAMS_OPEN).set(gauged(state.open_streams()));
    gauge!(catalogue::ORDERS_FOLLOWED).set(gauged(state.hub.followed()));
    // the queue sets its own gauges
    let queue = timeout(state.limits.health_within, state.queue.state());
    let _ = tokio::join!(timeout(state.limits.health_within, count_orders(&state)), queue);
    ([(CONTENT_TYPE, exporter::CONTENT_TYPE)], exporter::render())
}

/// Counts the orders that have not ended. That costs more the more there are, so not for every
/// request.
async fn count_orders(state: &AppState) {
    let Ok(mut counted) = state.orders_counted.try_lock() else { return };
    if counted.is_some_and(|at| at.elapsed() < COUNT_EVERY) {
        return;
    }
    if let Ok(active) = state.store.active_by_status(state.limits.max_in_flight).await {
        *counted = Some(Instant::now());
        for status in OrderStatus::ALL {
            let name = match status.phase() {
                Phase::InFlight => catalogue::ORDERS_IN_FLIGHT,
                Phase::Resting => catalogue::ORDERS_RESTING,
                Phase::Terminal => continue,
            };
            gauge!(name, "status" => status.as_str()).set(active.with(status));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of streams stay far below 2^53")]
fn gauged(count: usize) -> f64 {
    count as f64
}

/// Measures requests by their route.
pub(crate) async fn measure(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = name(request.method());
    let began = Instant::now();
    let response = next.run(request).await;
    let route = route.map_or_else(|| NO_ROUTE.to_owned(), |path| path.as_str().to_owned());
    let status = response.status().as_str().to_owned();
    histogram!(catalogue::HTTP_REQUEST, "method" => method, "route" => route, "status" => status)
        .record(began.elapsed());
    response
}

/// Clients may send arbitrary methods.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
