//! One process of the engine, reached and reaching out through proxies only.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use anyhow::{Context, ensure};
use testkit::process::{dies_with_parent, signal};

use super::proxy::Proxy;

/// What every process is told, so that a run of minutes meets what a day would bring. The chain is
/// as unreliable as a busy one, only faster.
const SETTINGS: [(&str, &str); 17] = [
    ("RUST_LOG", "warn"),
    ("LEASE_MS", "2000"),
    ("PUSH_GRACE_MS", "500"),
    ("SWEEP_INTERVAL_MS", "100"),
    ("REDELIVER_AFTER_MS", "2000"),
    ("MAX_ATTEMPTS", "3"),
    ("RETRY_BASE_MS", "200"),
    ("RETRY_CAP_MS", "1000"),
    ("QUOTE_DEADLINE_MS", "500"),
    ("REBROADCAST_INTERVAL_MS", "500"),
    ("SIM_PRESET", "congested"),
    ("SIM_QUOTE_LATENCY_MS", "40"),
    ("SIM_QUOTE_JITTER_MS", "30"),
    ("SIM_LANDING_MIN_MS", "100"),
    ("SIM_LANDING_MAX_MS", "1500"),
    ("SIM_DROP_BPS", "1500"),
    ("SIM_REVERT_BPS", "2500"),
];

/// Attempts an order gets, as in the settings above.
pub(super) const MAX_ATTEMPTS: u32 = 3;
/// How long a claim holds, as in the settings above, milliseconds.
pub(super) const LEASE_MS: u64 = 2_000;

/// An API or a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Api,
    Worker,
}

/// A process that can be killed, paused and started again, always in the same place.
pub(super) struct Service {
    pub(super) kind: Kind,
    /// How it reaches `PostgreSQL`.
    pub(super) to_postgres: Proxy,
    /// How it reaches Redis.
    pub(super) to_redis: Proxy,
    /// How clients reach it.
    pub(super) from_clients: Proxy,
    program: PathBuf,
    port: u16,
    log: PathBuf,
    seed: u64,
    child: Option<Child>,
}

impl Service {
    pub(super) async fn new(
        kind: Kind,
        name: &str,
        (postgres, redis): (u16, u16),
        programs: &Path,
        logs: &Path,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let program = programs.join(match kind {
            Kind::Api => "order-api",
            Kind::Worker => "order-worker",
        });
        ensure!(program.exists(), "{} is not built; run cargo build --workspace --bins", program.display());
        let port = testkit::ports::free();
        Ok(Self {
            kind,
            to_postgres: Proxy::start(postgres).await?,
            to_redis: Proxy::start(redis).await?,
            from_clients: Proxy::start(port).await?,
            program,
            port,
            log: logs.join(format!("{name}.log")),
            seed,
            child: None,
        })
    }

    /// Starts the process, unless it runs.
    pub(super) fn start(&mut self) -> anyhow::Result<()> {
        if self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None))) {
            return Ok(());
        }
        let log = File::options().create(true).append(true).open(&self.log)?;
        let port_variable = match self.kind {
            Kind::Api => "PORT",
            Kind::Worker => "WORKER_PORT",
        };
        let child = dies_with_parent(&self.program)
            .envs(SETTINGS)
            .env("SIM_SEED", self.seed.to_string())
            .env("DATABASE_URL", format!("postgres://postgres@127.0.0.1:{}/postgres", self.to_postgres.port))
            .env("REDIS_URL", format!("redis://127.0.0.1:{}", self.to_redis.port))
            .env(port_variable, self.port.to_string())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn();
        self.child = Some(child.with_context(|| format!("{} does not start", self.program.display()))?);
        Ok(())
    }

    /// `SIGKILL`.
    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// `SIGSTOP`: it holds what it holds and does nothing.
    pub(super) fn pause(&self) {
        self.signal("STOP");
    }

    /// `SIGCONT`: it goes on as if nothing had happened.
    pub(super) fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        if let Some(child) = &self.child {
            signal(child.id(), name);
        }
    }

    /// Whether it says that it is ready.
    pub(super) async fn is_ready(&self) -> bool {
        let answer = reqwest::get(format!("http://127.0.0.1:{}/health/ready", self.port)).await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}
