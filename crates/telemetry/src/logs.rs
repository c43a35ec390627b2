//! Logs, and traces over OTLP.

use std::io::IsTerminal;

use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::{EnvFilter, Layer, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    config::{LogConfig, LogFormat},
    trace,
};

/// Flushes the remaining traces when it is dropped, at the end of the process.
#[must_use]
pub struct Telemetry(Option<SdkTracerProvider>);

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.0.take().map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "the last traces are lost");
        }
    }
}

/// Starts logging, to standard error so that standard output stays free for results, and tracing, if an
/// endpoint is configured.
///
/// # Errors
/// When the filter or the endpoint is not valid, or logging was started before.
pub fn init(config: &LogConfig, service: &'static str) -> anyhow::Result<Telemetry> {
    let filter = filter(config)?;
    let is_colored = config.colors.apply(std::io::stderr().is_terminal());
    let logs = fmt::layer().with_writer(std::io::stderr).with_ansi(is_colored);
    let logs = match config.log_format {
        LogFormat::Text => logs.boxed(),
        LogFormat::Json => logs.json().flatten_event(true).boxed(),
    };
    let endpoint = config.otel_exporter_otlp_endpoint.as_deref();
    let provider = endpoint.map(|endpoint| trace::provider(endpoint, service)).transpose()?;
    let traces = provider.as_ref().map(trace::layer);
    tracing_subscriber::registry().with(logs.with_filter(filter)).with(traces).try_init()?;
    Ok(Telemetry(provider))
}

/// Checks the configuration without starting anything.
///
/// # Errors
/// When the filter cannot be parsed.
pub fn check(config: &LogConfig) -> anyhow::Result<()> {
    filter(config).map(drop)
}

fn filter(config: &LogConfig) -> anyhow::Result<EnvFilter> {
    EnvFilter::try_new(&config.rust_log).map_err(|error| anyhow::anyhow!("RUST_LOG is not a filter: {error}"))
}
