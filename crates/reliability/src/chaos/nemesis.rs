//! Decides what breaks, for whom and for how long. One seed, one story.

use std::{collections::BTreeMap, time::Duration};

use rand::{RngExt, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use tokio::time::{Instant, sleep_until};

use super::{
    Options,
    cluster::Cluster,
    proxy::{Proxy, Weather},
    service::{Kind, LEASE_MS, Service},
};

/// How often it says how far it is.
const REPORT_EVERY: Duration = Duration::from_secs(10);

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// `SIGKILL` of an API or a worker, which starts again.
    Kill,
    /// `SIGSTOP` of a worker past its lease, then `SIGCONT`: a zombie.
    Pause,
    /// `FLUSHALL`.
    FlushRedis,
    /// `SIGKILL` of Redis, which comes back empty.
    KillRedis,
    /// An immediate stop of `PostgreSQL`, which recovers.
    CrashPostgres,
    /// Connections end.
    Cut,
    /// What goes through a connection comes late.
    Delay,
    /// What goes one way through a connection vanishes.
    HalfOpen,
}

impl Fault {
    /// Everything but [`Fault::Kill`], which has a clock of its own.
    const OTHERS: [Self; 7] = [
        Self::Pause,
        Self::FlushRedis,
        Self::KillRedis,
        Self::CrashPostgres,
        Self::Cut,
        Self::Delay,
        Self::HalfOpen,
    ];
}

/// What must be made good, and when.
#[derive(Debug, Clone, Copy)]
enum Cure {
    Start { service: usize },
    Resume { service: usize },
    Clear { service: usize, link: Link },
    StartRedis,
    StartPostgres,
}

/// One of a process's connections.
#[derive(Debug, Clone, Copy)]
enum Link {
    Postgres,
    Redis,
    Clients,
}

impl Link {
    const ALL: [Self; 3] = [Self::Postgres, Self::Redis, Self::Clients];

    fn of(self, service: &Service) -> &Proxy {
        match self {
            Self::Postgres => &service.to_postgres,
            Self::Redis => &service.to_redis,
            Self::Clients => &service.from_clients,
        }
    }
}

/// Breaks things.
pub(super) struct Nemesis {
    /// How often each fault happened.
    pub(super) counts: BTreeMap<Fault, u32>,
    rng: ChaCha8Rng,
    kill_every: Duration,
    fault_every: Duration,
    cures: Vec<(Instant, Cure)>,
    /// The others are drawn like cards, so that all of them come equally often.
    deck: Vec<Fault>,
}

impl Nemesis {
    pub(super) fn new(rng: ChaCha8Rng, options: &Options) -> Self {
        Self {
            counts: BTreeMap::new(),
            rng,
            kill_every: Duration::from_millis(options.kill_every_ms.max(100)),
            fault_every: Duration::from_millis(options.fault_every_ms.max(100)),
            cures: Vec::new(),
            deck: Vec::new(),
        }
    }

    /// Breaks and mends until `end`.
    pub(super) async fn torment(
        &mut self,
        cluster: &mut Cluster,
        end: Instant,
        progress: impl Fn() -> String,
    ) -> anyhow::Result<()> {
        let begin = Instant::now();
        let (mut next_kill, mut next_fault) = (begin + self.kill_every, begin + self.fault_every);
        let mut next_report = begin + REPORT_EVERY;
        while Instant::now() < end {
            let next_cure = self.cures.iter().map(|(at, _)| *at).min().unwrap_or(end);
            let next = next_kill.min(next_fault).min(next_cure).min(next_report).min(end);
            sleep_until(next).await;
            let now = Instant::now();
            self.mend(cluster, now).await?;
            if now >= next_kill {
                self.strike(Fault::Kill, cluster).await?;
                next_kill += self.kill_every;
            }
            if now >= next_fault {
                let fault = self.draw();
                self.strike(fault, cluster).await?;
                next_fault += self.fault_every;
            }
            if now >= next_report {
                let faults: u32 = self.counts.values().sum();
                eprintln!("{:>5} s: {faults} faults, {}", begin.elapsed().as_secs(), progress());
                next_report += REPORT_EVERY;
            }
        }
        Ok(())
    }

    /// Mends everything and waits until all processes are ready.
    pub(super) async fn relent(&mut self, cluster: &mut Cluster) -> anyhow::Result<()> {
        let last = self.cures.iter().map(|(at, _)| *at).max().unwrap_or_else(Instant::now);
        self.mend(cluster, last).await?;
        cluster.start_all()?;
        cluster.ready().await
    }

    fn draw(&mut self) -> Fault {
        if self.deck.is_empty() {
            self.deck = Fault::OTHERS.to_vec();
            self.deck.shuffle(&mut self.rng);
        }
        self.deck.pop().unwrap_or(Fault::Cut)
    }

    /// Carries out the cures that are due.
    async fn mend(&mut self, cluster: &mut Cluster, now: Instant) -> anyhow::Result<()> {
        let (due, later) = self.cures.drain(..).partition(|(at, _)| *at <= now);
        self.cures = later;
        let due: Vec<(Instant, Cure)> = due;
        for (_, cure) in due {
            match cure {
                Cure::Start { service } => cluster.services[service].start()?,
                Cure::Resume { service } => cluster.services[service].resume(),
                Cure::Clear { service, link } => link.of(&cluster.services[service]).set(Weather::Clear),
                Cure::StartRedis => cluster.redis.start_again().await,
                Cure::StartPostgres => cluster.postgres.start_again().await,
            }
        }
        Ok(())
    }

    async fn strike(&mut self, fault: Fault, cluster: &mut Cluster) -> anyhow::Result<()> {
        *self.counts.entry(fault).or_default() += 1;
        match fault {
            Fault::Kill => {
                let service = self.rng.random_range(0..cluster.services.len());
                cluster.services[service].kill();
                self.cure(0..1_000, Cure::Start { service });
            }
            Fault::Pause => {
                let workers: Vec<usize> = (0..cluster.services.len())
                    .filter(|&index| cluster.services[index].kind == Kind::Worker)
                    .collect();
                let service = workers[self.rng.random_range(0..workers.len())];
                cluster.services[service].pause();
                self.cure(LEASE_MS + 300..LEASE_MS + 3_000, Cure::Resume { service });
            }
            Fault::FlushRedis => {
                // it may be down at this moment, and then it is as empty as can be
                let url = cluster.redis.url();
                if let Ok(mut redis) = redis::Client::open(url)?.get_multiplexed_async_connection().await {
                    let _ = redis::cmd("FLUSHALL").exec_async(&mut redis).await;
                }
            }
            Fault::KillRedis => {
                cluster.redis.stop();
                self.cure(100..3_000, Cure::StartRedis);
            }
            Fault::CrashPostgres => {
                cluster.postgres.stop_immediately();
                self.cure(100..2_000, Cure::StartPostgres);
            }
            Fault::Cut => self.at_some_link(cluster).2.cut(),
            Fault::Delay => {
                let delay = Duration::from_millis(self.rng.random_range(20..800));
                self.change(cluster, Weather::Slow(delay));
            }
            Fault::HalfOpen => {
                let weather = if self.rng.random() { Weather::DeafServer } else { Weather::DeafClient };
                self.change(cluster, weather);
            }
        }
        Ok(())
    }

    /// Changes the weather somewhere for a while.
    fn change(&mut self, cluster: &Cluster, weather: Weather) {
        let (service, link, proxy) = self.at_some_link(cluster);
        proxy.set(weather);
        self.cure(1_000..8_000, Cure::Clear { service, link });
    }

    fn at_some_link<'a>(&mut self, cluster: &'a Cluster) -> (usize, Link, &'a Proxy) {
        let service = self.rng.random_range(0..cluster.services.len());
        let link = Link::ALL[self.rng.random_range(0..Link::ALL.len())];
        (service, link, link.of(&cluster.services[service]))
    }

    fn cure(&mut self, after_ms: std::ops::Range<u64>, cure: Cure) {
        let after = Duration::from_millis(self.rng.random_range(after_ms));
        self.cures.push((Instant::now() + after, cure));
    }
}
