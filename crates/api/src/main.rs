//! The API process of the services mode.

use std::{process::ExitCode, sync::Arc};

use api::{About, ApiConfig, Backends};
use clap::Parser;
use domain::ports::Clock;
use infra::{clock::SystemClock, config::BackendConfig};
use process::settings::Loaded;
use protocol::EngineMode;
use rand::rngs::StdRng;
use telemetry::LogConfig;
use venues::{LogLocation, VenueConfig};

/// The HTTP and WebSocket API of the order execution engine. Workers run in processes of their own
/// (`order-worker`), so it needs `DATABASE_URL` and `REDIS_URL`.
#[derive(Debug, Parser)]
#[command(name = "order-api", version = process::version())]
struct Settings {
    #[command(flatten, next_help_heading = "Storage")]
    backend: BackendConfig,
    #[command(flatten, next_help_heading = "API")]
    api: ApiConfig,
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
    let loaded = process::settings::load::<Settings>().unwrap_or_else(|refusal| refusal.exit("order-api"));
    match run(loaded).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("order-api: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(loaded: Loaded<Settings>) -> anyhow::Result<()> {
    let settings = &loaded.settings;
    if settings.check {
        return process::ask_ready(settings.api.port);
    }
    let _telemetry = telemetry::init(&settings.log, "order-api")?;
    loaded.log();
    telemetry::metrics::start()?;
    settings.backend.require_shared()?;
    let stop = process::stop_on_signal()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    // The API only asks for quotes; chain and key belong to the workers.
    let log = LogLocation::Postgres(settings.backend.database_url.clone().unwrap_or_default());
    let quotes = venues::connect_quotes(&settings.venues, log, &clock)?;
    api::check(&settings.api, quotes.tokens.as_ref()).await?;
    let backends = Backends {
        store: infra::store::connect(&settings.backend, clock.clone()).await?,
        queue: infra::queue::connect(&settings.backend)?.producer,
        bus: infra::bus::connect(&settings.backend)?,
        quotes,
        prices: infra::prices::connect(&settings.backend),
        clock,
        rng: Box::new(rand::make_rng::<StdRng>()),
    };
    let listener = api::bind(&settings.api).await?;
    tracing::info!(address = %listener.local_addr()?, "serving");
    let about = About::new(EngineMode::Services, &loaded.effective);
    api::run(&settings.api, listener, backends, about, stop).await
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
