//! The health port under clients that mean no good.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use clap::Parser;
use infra::clock::SystemClock;
use testkit::{MemoryStore, eventually};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;
use venues::LogLocation;
use worker::{Backends, Worker, WorkerConfig, health};

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    worker: WorkerConfig,
    #[command(flatten)]
    backend: infra::config::BackendConfig,
    #[command(flatten)]
    venues: venues::VenueConfig,
}

async fn worker(store: Arc<MemoryStore>) -> Arc<Worker> {
    let settings = Settings::parse_from(["test"]);
    let clock = Arc::new(SystemClock);
    let queue = infra::queue::connect(&settings.backend).unwrap();
    let backends = Backends {
        store,
        bus: infra::bus::connect(&settings.backend).unwrap(),
        queue: queue.producer,
        consumer: queue.consumer,
        trading: venues::connect_trading(&settings.venues, LogLocation::Memory, clock.clone()).await.unwrap(),
        clock,
        rng: rand::make_rng(),
    };
    Arc::new(Worker::new(backends, &settings.worker, CancellationToken::new()))
}

async fn ask(port: u16, path: &str) -> String {
    let mut answer = String::new();
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await else { return answer };
    let request = format!("GET {path} HTTP/1.1\r\nhost: worker\r\n\r\n");
    if stream.write_all(request.as_bytes()).await.is_ok() {
        let _ = stream.read_to_string(&mut answer).await;
    }
    answer
}

#[tokio::test]
async fn idle_connections_are_few_and_end_so_that_probes_are_answered() {
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    let worker = worker(store.clone()).await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let stop = CancellationToken::new();
    let served = tokio::spawn(health::serve(listener, worker.clone(), stop.clone()));
    let answer = ask(port, "/health/ready").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("degraded"), "nothing consumes: {answer}");

    let mut idle = Vec::new();
    for _ in 0..100 {
        idle.push(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    }
    let mut refused = 0;
    for stream in &mut idle {
        refused += usize::from(matches!(stream.read(&mut [0; 1]).await, Ok(0) | Err(_)));
    }
    assert_eq!(refused, 100, "every one of them ends without having asked");
    eventually("a probe is answered", || async { ask(port, "/health/live").await.contains("200 OK") }).await;

    store.set_down(true);
    eventually("it is not ready", || async { ask(port, "/health/ready").await.contains(" 503 ") }).await;
    assert!(ask(port, "/health").await.contains(r#""status":"down""#), "as the API says it");
    stop.cancel();
    served.await.unwrap();
}
