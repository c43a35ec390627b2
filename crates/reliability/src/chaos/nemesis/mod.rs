//! Decides what breaks, for whom and for how long: one seed, one plan. What is drawn may meet
//! nothing that it could break; then it happens to the next in line, or later, and only what had an
//! effect is counted.

mod servers;

use std::{ops::Range, time::Duration};

use rand::{RngExt, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    Options,
    cluster::Cluster,
    fault::{Fault, Tally},
    proxy::{Proxy, Weather},
    service::{Kind, LEASE_MS, Service},
};

/// How often it reports progress.
const REPORT_EVERY: Duration = Duration::from_secs(10);
/// How often it looks for processes that ended on their own.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Wrong times of a wall clock, seconds.
const STEPS: [i64; 6] = [-3_600, -60, -3, 3, 60, 3_600];
/// The pause before the end of a fault is tried again on a server that could not be reached.
const TELL_AGAIN_AFTER: Duration = Duration::from_millis(300);

/// Makes Redis a replica of a server that is not there, and a primary again.
const DEMOTE: [&str; 3] = ["REPLICAOF", "127.0.0.1", "1"];
const PROMOTE: [&str; 3] = ["REPLICAOF", "NO", "ONE"];

/// A fault to heal, and when.
#[derive(Debug, Clone, Copy)]
enum Cure {
    Start { service: usize },
    Resume { service: usize },
    Clear { place: Place, fault: Fault, suffered_before: u64 },
    StartRedis,
    PromoteRedis,
    StartPostgres,
    UnlockPostgres,
    SetClock { service: usize },
}

impl Cure {
    /// Whether others need it first.
    fn starts_server(self) -> bool {
        matches!(self, Self::StartRedis | Self::StartPostgres)
    }
}

/// One of a process's proxies.
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
    pub(super) tally: Tally,
    rng: ChaCha8Rng,
    kill_every: Duration,
    fault_every: Duration,
    cures: Vec<(Instant, Cure)>,
    faults: Vec<Fault>,
    /// They are drawn like cards, so that all of them come equally often.
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
            faults: if options.faults.is_empty() {
                Fault::others().collect()
            } else {
                options.faults.clone()
            },
            deck: Vec::new(),
        }
    }

    /// Breaks and heals until `end`.
    pub(super) async fn inject_faults(
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
            self.heal(cluster, now).await?;
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

    /// Heals everything and waits until all processes are ready.
    pub(super) async fn relent(&mut self, cluster: &mut Cluster) -> anyhow::Result<()> {
        while let Some(last) = self.cures.iter().map(|(at, _)| *at).max() {
            self.heal(cluster, last).await?;
        }
        self.supervise(cluster)?;
        while cluster.services.iter().any(Service::is_stopping) {
            sleep(LOOK_EVERY).await;
            self.supervise(cluster)?;
        }
        cluster.start_all()?;
        cluster.ready().await
    }

    fn draw(&mut self) -> Fault {
        if self.deck.is_empty() {
            self.deck.clone_from(&self.faults);
            self.deck.shuffle(&mut self.rng);
        }
        self.deck.pop().unwrap_or(Fault::Cut)
    }

    /// Starts again what ended on its own.
    fn supervise(&mut self, cluster: &mut Cluster) -> anyhow::Result<()> {
        for service in &mut cluster.services {
            if service.is_stuck() {
                self.tally.ended_working.push(format!("{}: did not stop when it was asked to", service.name));
                service.kill();
                service.start()?;
            }
            let Some(ended) = service.supervise()? else { continue };
            if ended.was_asked && ended.status.success() {
                self.tally.count(Fault::Terminate);
            } else if ended.was_ready {
                self.tally.ended_working.push(format!("{}: {}", service.name, ended.status));
            } else {
                self.tally.gave_up_starting += 1;
            }
        }
        Ok(())
    }

    /// Carries out the cures that are due.
    async fn heal(&mut self, cluster: &mut Cluster, now: Instant) -> anyhow::Result<()> {
        let cures = std::mem::take(&mut self.cures);
        let (mut due, later): (Vec<_>, Vec<_>) = cures.into_iter().partition(|(at, _)| *at <= now);
        self.cures = later;
        due.sort_by_key(|(_, cure)| !cure.starts_server());
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
                Cure::PromoteRedis => {
                    // one that was started again meanwhile is no replica
                    if cluster.redis.is_running() && !servers::ask_redis(cluster, &PROMOTE).await? {
                        self.cures.push((Instant::now() + TELL_AGAIN_AFTER, cure));
                    }
                }
                Cure::StartPostgres => cluster.postgres.start_again().await,
                Cure::UnlockPostgres => {
                    if !servers::set_read_only(cluster, false).await {
                        self.cures.push((Instant::now() + TELL_AGAIN_AFTER, cure));
                    }
                }
                Cure::SetClock { service } => {
                    cluster.services[service].clock.set(0);
                    self.tally.count(Fault::StepClock);
                }
            }
        }
        Ok(())
    }

    /// Whether there was something to break. Lasting faults are counted when they are healed, the rest here.
    async fn strike(&mut self, fault: Fault, cluster: &mut Cluster) -> anyhow::Result<bool> {
        let has_happened = match fault {
            Fault::Kill => self.kill(cluster),
            Fault::FlushRedis => servers::ask_redis(cluster, &["FLUSHALL"]).await?,
            Fault::DemoteRedis => {
                let is_demoted = servers::ask_redis(cluster, &DEMOTE).await?;
                if is_demoted {
                    self.cure(500..4_000, Cure::PromoteRedis);
                }
                is_demoted
            }
            Fault::KillRedis | Fault::RewindRedis => self.kill_redis(fault, cluster),
            Fault::CrashPostgres | Fault::CrashBusyPostgres => {
                let is_possible = cluster.postgres.is_alive()
                    && (fault == Fault::CrashPostgres || servers::use_up_ids(cluster).await);
                if is_possible {
                    cluster.postgres.stop_immediately();
                    self.cure(100..2_000, Cure::StartPostgres);
                }
                is_possible
            }
            Fault::FillDisk => {
                let is_possible = cluster.postgres.is_alive();
                if is_possible {
                    cluster.postgres.fill_disk();
                    self.cure(500..3_000, Cure::StartPostgres);
                }
                is_possible && servers::cannot_write(cluster).await
            }
            Fault::LockPostgres => {
                let is_locked = servers::set_read_only(cluster, true).await;
                // also if that is not known
                self.cure(500..4_000, Cure::UnlockPostgres);
                is_locked
            }
            Fault::HoldRows => {
                let lasts = Duration::from_millis(self.rng.random_range(500..6_000));
                servers::hold_rows(cluster, lasts).await
            }
            Fault::StepClock => return Ok(self.step_clock(cluster)),
            Fault::Terminate => return Ok(self.terminate(cluster)),
            Fault::Silence => {
                let place = self.somewhere(cluster, Proxy::is_clear);
                let proxy = place.and_then(|place| place.of(cluster));
                proxy.inspect(|proxy| proxy.silence()).is_some()
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
        // one that stops is left to it: whether it can is looked at
        let mut is_fit = |it: usize| cluster.services[it].is_running() && !cluster.services[it].is_stopping();
        let Some(service) = services.into_iter().find(|&it| is_fit(it)) else { return false };
        cluster.services[service].kill();
        self.cure(0..1_000, Cure::Start { service });
        true
    }

    fn terminate(&mut self, cluster: &mut Cluster) -> bool {
        let Some(service) = self.somebody(cluster, |_| true) else { return false };
        cluster.services[service].terminate();
        true
    }

    fn step_clock(&mut self, cluster: &mut Cluster) -> bool {
        let Some(service) = self.somebody(cluster, |_| true) else { return false };
        cluster.services[service].clock.set(STEPS[self.rng.random_range(0..STEPS.len())]);
        self.cure(2_000..10_000, Cure::SetClock { service });
        true
    }

    /// A process that works.
    fn somebody(&mut self, cluster: &mut Cluster, is_fit: impl Fn(Kind) -> bool) -> Option<usize> {
        let mut services: Vec<usize> =
            (0..cluster.services.len()).filter(|&it| is_fit(cluster.services[it].kind)).collect();
        services.shuffle(&mut self.rng);
        services.into_iter().find(|&it| cluster.services[it].is_working())
    }

    fn pause(&mut self, cluster: &mut Cluster) -> bool {
        let Some(service) = self.somebody(cluster, |kind| kind == Kind::Worker) else { return false };
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

    /// Disturbs a proxy for a while.
    fn change(&mut self, cluster: &Cluster, fault: Fault, weather: Weather) -> bool {
        let Some(place) = self.somewhere(cluster, Proxy::is_clear) else { return false };
        let Some(proxy) = place.of(cluster) else { return false };
        let suffered_before = proxy.suffered();
        proxy.set(weather);
        self.cure(1_000..8_000, Cure::Clear { place, fault, suffered_before });
        true
    }

    /// A proxy with open connections.
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
