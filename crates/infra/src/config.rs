//! Configuration that every process shares. Each value is an environment variable (or a line in
//! `.env`) and a flag of the same name; `--help` documents them all.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

/// Where orders, jobs and events live. Without `DATABASE_URL` it is `SQLite` under `DATA_DIR`;
/// without `REDIS_URL` queue and bus stay inside the process.
#[derive(Debug, Clone, Args)]
pub struct BackendConfig {
    /// `PostgreSQL` to keep orders in, such as `postgres://user:password@host:5432/orders`
    #[arg(long, env = "DATABASE_URL", value_parser = database_url, hide_env_values = true)]
    pub database_url: Option<String>,
    /// Redis for the queue and the event bus, such as `redis://host:6379`
    #[arg(long, env = "REDIS_URL", value_parser = redis_url, hide_env_values = true)]
    pub redis_url: Option<String>,
    /// Folder of the `SQLite` files when there is no `DATABASE_URL`
    #[arg(long, env = "DATA_DIR", default_value = "data")]
    pub data_dir: PathBuf,
    /// Connections to `PostgreSQL` that this process opens at most
    #[arg(long, env = "DATABASE_MAX_CONNECTIONS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..=1_000))]
    pub database_max_connections: u32,
    /// How long a start waits for `PostgreSQL` to take orders, milliseconds
    #[arg(long, env = "STARTUP_TIMEOUT_MS", default_value_t = 30_000, value_parser = clap::value_parser!(u64).range(0..=3_600_000))]
    pub startup_timeout_ms: u64,
    /// Jobs that may wait in the queue; beyond it the database is the backlog
    #[arg(long, env = "QUEUE_CAPACITY", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=4_000))]
    pub queue_capacity: u32,
    /// Prefix of every Redis key and channel, so that several engines can share a server
    #[arg(long, env = "REDIS_PREFIX", default_value = "orders")]
    pub redis_prefix: String,
}

impl BackendConfig {
    /// How long a start waits for its database.
    pub fn startup_timeout(&self) -> Duration {
        Duration::from_millis(self.startup_timeout_ms)
    }
}

/// How logs look, and where traces go.
#[derive(Debug, Clone, Args)]
pub struct LogConfig {
    /// What is logged, such as `info` or `worker=debug,sqlx=warn`
    #[arg(long, env = "RUST_LOG", default_value = "info")]
    pub rust_log: String,
    /// How a line of the log looks
    #[arg(long, env = "LOG_FORMAT", default_value = "text")]
    pub log_format: LogFormat,
    /// Where traces go, over OTLP, such as `http://localhost:4318`; without it nothing is traced
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_parser = http_url)]
    pub otel_exporter_otlp_endpoint: Option<String>,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

fn database_url(text: &str) -> Result<String, String> {
    scheme(text, &["postgres://", "postgresql://"])
}

fn redis_url(text: &str) -> Result<String, String> {
    scheme(text, &["redis://", "rediss://", "unix://", "redis+unix://"])
}

fn http_url(text: &str) -> Result<String, String> {
    scheme(text, &["http://", "https://"])
}

fn scheme(text: &str, allowed: &[&str]) -> Result<String, String> {
    if allowed.iter().any(|scheme| text.starts_with(scheme)) {
        Ok(text.to_owned())
    } else {
        Err(format!("must begin with {}", allowed.join(" or ")))
    }
}
