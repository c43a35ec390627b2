//! Which database, queue and bus a process uses. Each value is an environment variable (or a line in `.env`)
//! and a flag of the same name; `--help` documents them all.

use std::{fmt, path::PathBuf, time::Duration};

use clap::Args;

/// Where orders, jobs and events live. Without `DATABASE_URL` it is `SQLite` under `DATA_DIR`;
/// without `REDIS_URL` queue and bus stay inside the process.
#[derive(Clone, Args)]
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
    /// Connections to `PostgreSQL` that this process opens for orders at most; an API opens two more for prices, a
    /// worker three for the simulated chain
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

/// Without the addresses, which may contain passwords.
impl fmt::Debug for BackendConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackendConfig")
            .field("has_database_url", &self.database_url.is_some())
            .field("has_redis_url", &self.redis_url.is_some())
            .field("data_dir", &self.data_dir)
            .field("database_max_connections", &self.database_max_connections)
            .field("startup_timeout_ms", &self.startup_timeout_ms)
            .field("queue_capacity", &self.queue_capacity)
            .field("redis_prefix", &self.redis_prefix)
            .finish()
    }
}

impl BackendConfig {
    /// How long a start waits for its database.
    pub fn startup_timeout(&self) -> Duration {
        Duration::from_millis(self.startup_timeout_ms)
    }

    /// The URL of the database, if database and Redis are both ones that other processes can share.
    ///
    /// # Errors
    /// When `DATABASE_URL` or `REDIS_URL` is missing, in one line.
    pub fn require_shared(&self) -> anyhow::Result<&str> {
        match (&self.database_url, &self.redis_url) {
            (Some(database_url), Some(_)) => Ok(database_url),
            (database_url, redis_url) => {
                let named = [("DATABASE_URL", database_url), ("REDIS_URL", redis_url)];
                let missing = named.into_iter().filter(|(_, url)| url.is_none()).map(|(name, _)| name);
                anyhow::bail!(
                    "{} must be set: API and workers in separate processes share a database and Redis; \
                     `engine serve` runs both in one process without either",
                    missing.collect::<Vec<_>>().join(" and ")
                )
            }
        }
    }
}

fn database_url(text: &str) -> Result<String, String> {
    scheme(text, &["postgres://", "postgresql://"])
}

fn redis_url(text: &str) -> Result<String, String> {
    scheme(text, &["redis://", "rediss://", "unix://", "redis+unix://"])
}

fn scheme(text: &str, allowed: &[&str]) -> Result<String, String> {
    if allowed.iter().any(|scheme| text.starts_with(scheme)) {
        Ok(text.to_owned())
    } else {
        Err(format!("must begin with {}", allowed.join(" or ")))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        backend: BackendConfig,
    }

    #[test]
    fn what_is_printed_of_it_has_no_passwords() {
        let addresses = [
            "test",
            "--database-url",
            "postgres://me:secret@host/orders",
            "--redis-url",
            "redis://:secret@host",
        ];
        let config = Program::parse_from(addresses).backend;
        let printed = format!("{config:?}");
        assert!(printed.contains("has_redis_url: true") && !printed.contains("secret"), "{printed}");
    }

    #[test]
    fn separate_processes_need_backends_that_they_share() {
        let mut config = Program::parse_from(["test"]).backend;
        for (database, redis, missing) in [
            (true, false, "REDIS_URL must be set"),
            (false, true, "DATABASE_URL must be set"),
            (false, false, "DATABASE_URL and REDIS_URL must be set"),
        ] {
            config.database_url = database.then(|| "postgres://localhost/orders".to_owned());
            config.redis_url = redis.then(|| "redis://localhost".to_owned());
            let message = config.require_shared().unwrap_err().to_string();
            assert!(message.starts_with(missing) && !message.contains('\n'), "{message}");
        }
        config.database_url = Some("postgres://localhost/orders".to_owned());
        config.redis_url = Some("redis://localhost".to_owned());
        assert_eq!(config.require_shared().unwrap(), "postgres://localhost/orders");
    }
}
