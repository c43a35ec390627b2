//! One process of the engine, reached and reaching out through proxies only.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, ensure};
use testkit::{
    FakeTime,
    process::{dies_with_parent, signal},
};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};

use super::proxy::Proxy;

/// Settings of every process, so that a run of minutes meets what a day would bring. The chain is
/// as unreliable as a busy one, only faster.
const SETTINGS: [(&str, &str); 18] = [
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
    ("PAPER_BALANCES", "SOL=1000000000,USDC=1000000000,JUP=1000000000"), // more than any run spends
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

/// How long a process that ended on its own is left alone before it is started again, as a
/// supervisor would.
const RESTART_AFTER: Duration = Duration::from_millis(300);

/// How long a stop may take: requests and streams get ten seconds, and what they wait for has deadlines.
const STOPS_WITHIN: Duration = Duration::from_secs(25);

/// An API or a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Api,
    Worker,
}

/// A process that can be killed, paused and started again, always in the same place.
pub(super) struct Service {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) to_postgres: Proxy,
    pub(super) to_redis: Proxy,
    /// How clients reach it; a worker has no clients.
    pub(super) from_clients: Option<Proxy>,
    program: PathBuf,
    port: u16,
    log: PathBuf,
    seed: u64,
    pub(super) clock: FakeTime,
    life: Option<Life>,
    ended_at: Option<Instant>,
}

/// One process, from its start to its end.
struct Life {
    child: Child,
    was_ready: Arc<AtomicBool>,
    watcher: JoinHandle<()>,
    paused_at: Option<Instant>,
    /// Since when it is asked to stop.
    stopping_since: Option<Instant>,
}

impl Life {
    fn new(child: Child, port: u16) -> Self {
        let was_ready = Arc::new(AtomicBool::new(false));
        let flag = was_ready.clone();
        let watcher = tokio::spawn(async move {
            while !is_ready(port).await {
                sleep(Duration::from_millis(100)).await;
            }
            flag.store(true, Ordering::Relaxed);
        });
        Self { child, was_ready, watcher, paused_at: None, stopping_since: None }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.watcher.abort();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process ended, and not because it was killed.
#[derive(Debug)]
pub(super) struct Ended {
    /// Whether it had been ready: before that it may give up, for instance without its database.
    pub(super) was_ready: bool,
    /// Whether it had been asked to.
    pub(super) was_asked: bool,
    pub(super) status: ExitStatus,
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
            name: name.to_owned(),
            to_postgres: Proxy::start(postgres).await?,
            to_redis: Proxy::start(redis).await?,
            from_clients: match kind {
                Kind::Api => Some(Proxy::start(port).await?),
                Kind::Worker => None,
            },
            program,
            port,
            log: logs.join(format!("{name}.log")),
            seed,
            clock: FakeTime::new(),
            life: None,
            ended_at: None,
        })
    }

    /// Starts the process, unless it runs.
    pub(super) fn start(&mut self) -> anyhow::Result<()> {
        if self.is_running() {
            return Ok(());
        }
        let log = File::options().create(true).append(true).open(&self.log)?;
        let port_variable = match self.kind {
            Kind::Api => "PORT",
            Kind::Worker => "WORKER_PORT",
        };
        let mut child = dies_with_parent(&self.program);
        let child = self
            .clock
            .give_to(&mut child)
            .envs(SETTINGS)
            .env("SIM_SEED", self.seed.to_string())
            .env("DATABASE_URL", format!("postgres://postgres@127.0.0.1:{}/postgres", self.to_postgres.port))
            .env("REDIS_URL", format!("redis://127.0.0.1:{}", self.to_redis.port))
            .env(port_variable, self.port.to_string())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn();
        let child = child.with_context(|| format!("{} does not start", self.program.display()))?;
        self.life = Some(Life::new(child, self.port));
        Ok(())
    }

    /// Starts it again if it ended on its own, a moment later, and reports once that it did.
    pub(super) fn supervise(&mut self) -> anyhow::Result<Option<Ended>> {
        if let Some(ended_at) = self.ended_at
            && ended_at.elapsed() >= RESTART_AFTER
        {
            self.ended_at = None;
            self.start()?;
        }
        let Some(life) = &mut self.life else { return Ok(None) };
        let Some(status) = life.child.try_wait()? else { return Ok(None) };
        let was_ready = life.was_ready.load(Ordering::Relaxed);
        let was_asked = life.stopping_since.is_some();
        self.life = None;
        self.ended_at = Some(Instant::now());
        Ok(Some(Ended { was_ready, was_asked, status }))
    }

    /// Whether there is a process, paused or not.
    pub(super) fn is_running(&mut self) -> bool {
        self.life.as_mut().is_some_and(|life| matches!(life.child.try_wait(), Ok(None)))
    }

    /// Whether there is a process that has been ready and is not paused.
    pub(super) fn is_working(&mut self) -> bool {
        self.is_running()
            && self.life.as_ref().is_some_and(|life| {
                life.was_ready.load(Ordering::Relaxed)
                    && life.paused_at.is_none()
                    && life.stopping_since.is_none()
            })
    }

    /// `SIGTERM`: it should end soon.
    pub(super) fn terminate(&mut self) {
        if let Some(life) = &mut self.life {
            life.stopping_since = Some(Instant::now());
            signal(life.child.id(), "TERM");
        }
    }

    /// Whether it was asked to stop and has not ended.
    pub(super) fn is_stopping(&self) -> bool {
        self.life.as_ref().is_some_and(|life| life.stopping_since.is_some())
    }

    /// Whether it was asked to stop longer ago than any stop may take.
    pub(super) fn is_stuck(&self) -> bool {
        let since = self.life.as_ref().and_then(|life| life.stopping_since);
        since.is_some_and(|since| since.elapsed() > STOPS_WITHIN)
    }

    /// `SIGKILL`.
    pub(super) fn kill(&mut self) {
        self.life = None;
        self.ended_at = None;
    }

    /// `SIGSTOP`: it holds what it holds and does nothing.
    pub(super) fn pause(&mut self) {
        if let Some(life) = &mut self.life {
            life.paused_at = Some(Instant::now());
            signal(life.child.id(), "STOP");
        }
    }

    /// `SIGCONT`: it goes on as if nothing had happened. Returns for how long nothing had, unless
    /// the process died meanwhile.
    pub(super) fn resume(&mut self) -> Option<Duration> {
        let life = self.life.as_mut()?;
        let paused_at = life.paused_at.take()?;
        signal(life.child.id(), "CONT");
        Some(paused_at.elapsed())
    }

    /// Its proxies.
    pub(super) fn links(&self) -> impl Iterator<Item = &Proxy> {
        [&self.to_postgres, &self.to_redis].into_iter().chain(&self.from_clients)
    }

    /// Whether it says that it is ready.
    pub(super) async fn is_ready(&self) -> bool {
        is_ready(self.port).await
    }
}

async fn is_ready(port: u16) -> bool {
    let answer = reqwest::get(format!("http://127.0.0.1:{port}/health/ready")).await;
    answer.is_ok_and(|answer| answer.status().is_success())
}
