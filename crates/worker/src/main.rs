//! The worker process of the services mode.

use std::{process::ExitCode, sync::Arc};

use anyhow::Context;
use clap::Parser;
use infra::{clock::SystemClock, config::BackendConfig};
use process::settings::Loaded;
use telemetry::LogConfig;
use tokio::net::TcpListener;
use venues::{LogLocation, VenueConfig};
use worker::{Backends, Worker, WorkerConfig, config::HealthConfig, health};

/// Executes the orders that the API takes. Run as many as you like.
#[derive(Debug, Parser)]
#[command(name = "order-worker", version = process::version())]
struct Settings {
    #[command(flatten, next_help_heading = "Storage")]
    backend: BackendConfig,
    #[command(flatten, next_help_heading = "Worker")]
    worker: WorkerConfig,
    #[command(flatten, next_help_heading = "Health")]
    health: HealthConfig,
    #[command(flatten, next_help_heading = "Simulation")]
    venues: VenueConfig,
    #[command(flatten, next_help_heading = "Logging")]
    log: LogConfig,
    /// Ask the process that already runs with these settings whether it is ready, and exit: the
    /// health check of a container
    #[arg(long, help_heading = "Other")]
    check: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    process::install_tls();
    let loaded = process::settings::load::<Settings>().unwrap_or_else(|refusal| refusal.exit("order-worker"));
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
        return process::ask_ready(settings.health.worker_port);
    }
    let _telemetry = telemetry::init(&settings.log, "order-worker")?;
    loaded.log();
    telemetry::metrics::start()?;
    let backend = &settings.backend;
    let database_url = backend.require_shared()?;
    let stop = process::stop_on_signal()?;
    let clock = Arc::new(SystemClock);
    let store = infra::store::connect(backend, clock.clone()).await?;
    let queue = infra::queue::connect(backend)?;
    let log = LogLocation::Postgres(database_url.to_owned());
    let backends = Backends {
        store,
        bus: infra::bus::connect(backend)?,
        queue: queue.producer,
        consumer: queue.consumer,
        trading: venues::connect_trading(&settings.venues, log, clock.clone()).await?,
        clock,
        rng: rand::make_rng(),
    };
    let worker = Arc::new(Worker::new(backends, &settings.worker, stop.clone()));
    let HealthConfig { host, worker_port } = &settings.health;
    let listener = TcpListener::bind((host.as_str(), *worker_port))
        .await
        .with_context(|| format!("cannot listen on {host}:{worker_port}"))?;
    tracing::info!(health = %listener.local_addr()?, "working");
    tokio::join!(health::serve(listener, worker.clone(), stop), worker.run());
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_settings_are_grouped_in_the_help() {
        let command = Settings::command();
        let alone: Vec<_> =
            command.get_arguments().filter(|argument| argument.get_help_heading().is_none()).collect();
        assert!(alone.is_empty(), "{alone:?}");
    }
}
