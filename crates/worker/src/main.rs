//! The worker process of the services mode.

use std::{process::ExitCode, sync::Arc};

use anyhow::{Context, ensure};
use clap::Parser;
use infra::{
    clock::SystemClock,
    config::{BackendConfig, LogConfig},
    settings::Loaded,
};
use tokio::net::TcpListener;
use venues::{LogLocation, VenueConfig};
use worker::{Backends, Worker, WorkerConfig, config::HealthConfig, health};

/// Executes the orders that the API takes. Run as many as you like.
#[derive(Debug, Parser)]
#[command(name = "order-worker", version)]
struct Settings {
    #[command(flatten)]
    backend: BackendConfig,
    #[command(flatten)]
    worker: WorkerConfig,
    #[command(flatten)]
    health: HealthConfig,
    #[command(flatten)]
    venues: VenueConfig,
    #[command(flatten)]
    log: LogConfig,
    /// Ask the process that already runs with these settings whether it is ready, and exit: the
    /// health check of a container
    #[arg(long)]
    check: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    infra::tls::install();
    let loaded = infra::settings::load::<Settings>().unwrap_or_else(|refusal| refusal.exit("order-worker"));
    match run(loaded).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("order-worker: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(loaded: Loaded<Settings>) -> anyhow::Result<()> {
    let settings = &loaded.settings;
    if settings.check {
        return infra::probe::ask_ready(settings.health.worker_port);
    }
    let _telemetry = infra::telemetry::init(&settings.log, "order-worker")?;
    loaded.log();
    infra::metrics::start()?;
    let backend = &settings.backend;
    let database_url = backend.database_url.clone().context("DATABASE_URL must be set")?;
    ensure!(backend.redis_url.is_some(), "REDIS_URL must be set");
    let stop = infra::process::stop_on_signal()?;
    let clock = Arc::new(SystemClock);
    let store = infra::store::connect(backend, clock.clone()).await?;
    let change = LogLocation::Postgres(database_url);
    let backends = Backends {
        store,
        bus: infra::bus::connect(backend)?,
        queue: infra::queue::connect(backend)?,
        trading: venues::connect_trading(&settings.venues, change, clock.clone()).await?,
        clock,
        rng: rand::make_rng(),
    };
    let worker = Arc::new(Worker::new(backends, &settings.worker));
    let HealthConfig { host, worker_port } = &settings.health;
    let listener = TcpListener::bind((host.as_str(), *worker_port))
        .await
        .with_context(|| format!("cannot listen on {host}:{worker_port}"))?;
    tracing::info!(health = %listener.local_addr()?, "working");
    tokio::join!(health::serve(listener, worker.clone(), stop.clone()), worker.run(stop));
    Ok(())
}
