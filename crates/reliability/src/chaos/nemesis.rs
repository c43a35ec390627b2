//! Decides what breaks, for whom and for how long: one seed, one plan. What is drawn may meet
//! nothing that it could break; then it happens to the next in line, or later, and only what had an
//! effect is counted.

use std::{ops::Range, time::Duration};

use rand::{RngExt, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use tokio::time::{Instant, sleep_until, timeout};

use super::{
    Options,
    cluster::Cluster,
    fault::{Fault, Tally},
    proxy::{Proxy, Weather},
    service::{Kind, LEASE_MS},
};

/// How often it says how far it is.
const REPORT_EVERY: Duration = Duration::from_secs(10);
/// How often it looks for processes that ended on their own.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a Redis that is alive takes for `FLUSHALL` at most.
const FLUSHED_WITHIN: Duration = Duration::from_secs(2);

/// What must be made good, and when.
#[derive(Debug, Clone, Copy)]
enum Cure {
    Start { service: usize },
    Resume { service: usize },
    Clear { place: Place, fault: Fault, suffered_before: u64 },
    StartRedis,
    StartPostgres,
}

/// One of a process's ways in or out.
#[derive(Debug, Clone, Copy)]
struct Place {
    service: usize,
    link: usize,
}

impl Place {
    fn of(self, cluster: &Cluster) -> Option<&Proxy> {
        cluster.services[self.service].links().nth(self.link)
    }
}

/// Breaks things.
pub(super) struct Nemesis {
    /// What happened so far.
    pub(super) tally: Tally,
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
            tally: Tally::default(),
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
        let (mut next_report, mut next_look) = (begin + REPORT_EVERY, begin + LOOK_EVERY);
        while Instant::now() < end {
            let next_cure = self.cures.iter().map(|(at, _)| *at).min().unwrap_or(end);
            sleep_until(next_kill.min(next_fault).min(next_cure).min(next_look).min(end)).await;
            let now = Instant::now();
            self.mend(cluster, now).await?;
            if now >= next_look {
                self.supervise(cluster)?;
                next_look = now + LOOK_EVERY;
            }
            if now >= next_kill {
                self.strike(Fault::Kill, cluster).await?;
                next_kill += self.kill_every;
            }
            if now >= next_fault {
                let fault = self.draw();
                if !self.strike(fault, cluster).await? {
                    self.deck.insert(0, fault);
                }
                next_fault += self.fault_every;
            }
            if now >= next_report {
                let (seconds, faults) = (begin.elapsed().as_secs(), self.tally.total());
                eprintln!("{seconds:>5} s: {faults} faults, {}", progress());
                next_report += REPORT_EVERY;
            }
        }
        Ok(())
    }

    /// Mends everything and waits until all processes are ready.
    pub(super) async fn relent(&mut self, cluster: &mut Cluster) -> anyhow::Result<()> {
        let last = self.cures.iter().map(|(at, _)| *at).max().unwrap_or_else(Instant::now);
        self.mend(cluster, last).await?;
        self.supervise(cluster)?;
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

    /// Starts again what ended on its own.
    fn supervise(&mut self, cluster: &mut Cluster) -> anyhow::Result<()> {
        for service in &mut cluster.services {
            let Some(ended) = service.supervise()? else { continue };
            if ended.was_ready {
                self.tally.ended_working.push(format!("{}: {}", service.name, ended.status));
            } else {
                self.tally.gave_up_starting += 1;
            }
        }
        Ok(())
    }

    /// Carries out the cures that are due.
    async fn mend(&mut self, cluster: &mut Cluster, now: Instant) -> anyhow::Result<()> {
        let cures = std::mem::take(&mut self.cures);
        let (due, later): (Vec<_>, Vec<_>) = cures.into_iter().partition(|(at, _)| *at <= now);
        self.cures = later;
        for (_, cure) in due {
            match cure {
                Cure::Start { service } => cluster.services[service].start()?,
                Cure::Resume { service } => {
                    let lasted = cluster.services[service].resume();
                    if lasted.is_some_and(|lasted| lasted > Duration::from_millis(LEASE_MS)) {
                        self.tally.count(Fault::Pause);
                    }
                }
                Cure::Clear { place, fault, suffered_before } => {
                    let Some(proxy) = place.of(cluster) else { continue };
                    proxy.set(Weather::Clear);
                    if proxy.suffered() > suffered_before {
                        self.tally.count(fault);
                    }
                }
                Cure::StartRedis => cluster.redis.start_again().await,
                Cure::StartPostgres => cluster.postgres.start_again().await,
            }
        }
        Ok(())
    }

    /// Whether there was something to break. What lasts is counted by its cure, the rest here.
    async fn strike(&mut self, fault: Fault, cluster: &mut Cluster) -> anyhow::Result<bool> {
        let has_happened = match fault {
            Fault::Kill => self.kill(cluster),
            Fault::FlushRedis => flush(cluster).await?,
            Fault::KillRedis | Fault::RewindRedis => self.kill_redis(fault, cluster),
            Fault::CrashPostgres => {
                let is_running = cluster.postgres.is_running();
                if is_running {
                    cluster.postgres.stop_immediately();
                    self.cure(100..2_000, Cure::StartPostgres);
                }
                is_running
            }
            Fault::Cut => {
                let place = self.somewhere(cluster, |_| true);
                let proxy = place.and_then(|place| place.of(cluster));
                proxy.inspect(|proxy| proxy.cut()).is_some()
            }
            Fault::Pause => return Ok(self.pause(cluster)),
            Fault::Delay => {
                let delay = Duration::from_millis(self.rng.random_range(20..800));
                return Ok(self.change(cluster, fault, Weather::Slow(delay)));
            }
            Fault::HalfOpen => {
                let weather = if self.rng.random() { Weather::DeafServer } else { Weather::DeafClient };
                return Ok(self.change(cluster, fault, weather));
            }
        };
        if has_happened {
            self.tally.count(fault);
        }
        Ok(has_happened)
    }

    fn kill(&mut self, cluster: &mut Cluster) -> bool {
        let mut services: Vec<usize> = (0..cluster.services.len()).collect();
        services.shuffle(&mut self.rng);
        let Some(service) = services.into_iter().find(|&it| cluster.services[it].is_running()) else {
            return false;
        };
        cluster.services[service].kill();
        self.cure(0..1_000, Cure::Start { service });
        true
    }

    fn pause(&mut self, cluster: &mut Cluster) -> bool {
        let mut workers: Vec<usize> =
            (0..cluster.services.len()).filter(|&it| cluster.services[it].kind == Kind::Worker).collect();
        workers.shuffle(&mut self.rng);
        let Some(service) = workers.into_iter().find(|&it| cluster.services[it].is_working()) else {
            return false;
        };
        cluster.services[service].pause();
        self.cure(LEASE_MS + 300..LEASE_MS + 3_000, Cure::Resume { service });
        true
    }

    fn kill_redis(&mut self, fault: Fault, cluster: &mut Cluster) -> bool {
        let is_possible =
            cluster.redis.is_running() && (fault == Fault::KillRedis || cluster.redis.has_snapshot());
        if is_possible {
            cluster.redis.stop();
            if fault == Fault::KillRedis {
                cluster.redis.forget_snapshot();
            }
            self.cure(100..3_000, Cure::StartRedis);
        }
        is_possible
    }

    /// Changes the weather somewhere for a while.
    fn change(&mut self, cluster: &Cluster, fault: Fault, weather: Weather) -> bool {
        let Some(place) = self.somewhere(cluster, Proxy::is_clear) else { return false };
        let Some(proxy) = place.of(cluster) else { return false };
        let suffered_before = proxy.suffered();
        proxy.set(weather);
        self.cure(1_000..8_000, Cure::Clear { place, fault, suffered_before });
        true
    }

    /// A way that somebody uses now.
    fn somewhere(&mut self, cluster: &Cluster, is_fit: impl Fn(&Proxy) -> bool) -> Option<Place> {
        let of_each = cluster.services.iter().enumerate();
        let mut places: Vec<Place> = of_each
            .flat_map(|(service, it)| (0..it.links().count()).map(move |link| Place { service, link }))
            .collect();
        places.shuffle(&mut self.rng);
        places
            .into_iter()
            .find(|place| place.of(cluster).is_some_and(|proxy| proxy.is_used() && is_fit(proxy)))
    }

    fn cure(&mut self, after_ms: Range<u64>, cure: Cure) {
        let after = Duration::from_millis(self.rng.random_range(after_ms));
        self.cures.push((Instant::now() + after, cure));
    }
}

/// Empties Redis, unless it is down.
async fn flush(cluster: &Cluster) -> anyhow::Result<bool> {
    if !cluster.redis.is_running() {
        return Ok(false);
    }
    let client = redis::Client::open(cluster.redis.url())?;
    let flush = async {
        let mut redis = client.get_multiplexed_async_connection().await?;
        redis::cmd("FLUSHALL").exec_async(&mut redis).await
    };
    Ok(timeout(FLUSHED_WITHIN, flush).await.is_ok_and(|flushed| flushed.is_ok()))
}
