//! The worker's health and metrics over HTTP.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use serde_json::json;
use telemetry::metrics;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::Worker;

/// Maximum number of connections; further ones are closed at once. Probes and scrapes need few, and more would use up
/// the file descriptors that orders need.
const MAX_CONNECTIONS: usize = 32;
/// How long a connection may take, from its start to the end of its one answer.
const CONNECTION_WITHIN: Duration = Duration::from_secs(10);
/// How long the head of a request may take.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// The pause after a connection could not be accepted, for example for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers `/health`, `/health/live`, `/health/ready` and `/metrics` until `stop`.
pub async fn serve(listener: TcpListener, worker: Arc<Worker>, stop: CancellationToken) {
    let router = Router::new()
        .route("/health/live", get(|| async { Json(json!({ "status": "ok" })) }))
        .route("/health", get(ready))
        .route("/health/ready", get(ready))
        .route("/metrics", get(|| async { ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics::render()) }))
        .with_state(worker);
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => {
                if let Ok(slot) = slots.clone().try_acquire_owned() {
                    tokio::spawn(answer(stream, router.clone(), slot));
                }
            }
            Err(error) => {
                tracing::debug!(%error, "no connection accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn answer(stream: TcpStream, router: Router, slot: OwnedSemaphorePermit) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let answered = timeout(CONNECTION_WITHIN, connection).await;
    tracing::trace!(?answered, "health connection closed");
    drop(slot);
}

/// Ready means that orders can be written and executed. Without Redis they are: the sweeper takes them from
/// the store.
async fn ready(State(worker): State<Arc<Worker>>) -> impl IntoResponse {
    let is_ready = worker.store().ping().await.is_ok();
    let queue_delivers = worker.is_consuming() && worker.reaches_queue();
    let up = |is_up: bool| if is_up { "up" } else { "down" };
    let body = json!({
        "status": match (is_ready, queue_delivers) {
            (true, true) => "ok",
            (true, false) => "degraded",
            (false, _) => "down",
        },
        "store": up(is_ready),
        "queue": up(queue_delivers),
        "executing": worker.executing(),
    });
    (if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(body))
}
