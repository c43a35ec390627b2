//! The worker's health and metrics over HTTP.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use infra::metrics;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::Worker;

/// Answers `/health`, `/health/live`, `/health/ready` and `/metrics` until `stop`.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    worker: Arc<Worker>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let router = Router::new()
        .route("/health/live", get(|| async { Json(json!({ "status": "ok" })) }))
        .route("/health", get(ready))
        .route("/health/ready", get(ready))
        .route("/metrics", get(|| async { ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics::render()) }))
        .with_state(worker);
    axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await?;
    Ok(())
}

/// Ready means that jobs are taken and the store answers.
async fn ready(State(worker): State<Arc<Worker>>) -> impl IntoResponse {
    let store_answers = worker.store().ping().await.is_ok();
    let is_consuming = worker.is_consuming();
    let is_ready = store_answers && is_consuming;
    let up = |is_up: bool| if is_up { "up" } else { "down" };
    let body = json!({
        "status": if is_ready { "ok" } else { "unavailable" },
        "store": up(store_answers),
        "queue": up(is_consuming),
        "executing": worker.executing(),
    });
    (if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(body))
}
