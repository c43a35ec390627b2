//! What all processes of a simulation share: servers, time, chance, and the record of what happened.

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{OrderId, ports::BusMessage};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use testkit::MemoryStore;
use tokio::{
    sync::{Notify, mpsc},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use venues::simulated::{
    PoolMemory,
    transaction_log::{Entry, MemoryLog, TransactionLog},
};

use super::{
    clock::{SimulatedClock, SkewedClock},
    controls::Control,
    plan::Plan,
};

/// Everything outside of the processes.
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) plan: Plan,
    pub(super) control: Option<Control>,
    pub(super) clock: Arc<SimulatedClock>,
    pub(super) store: Arc<MemoryStore>,
    pub(super) log: Arc<MemoryLog>,
    /// What the pools have traded, as every process knows it.
    pub(super) pools: Option<Arc<PoolMemory>>,
    pub(super) hints: Mutex<VecDeque<OrderId>>,
    pub(super) hint_came: Notify,
    pub(super) subscribers: Mutex<Vec<mpsc::UnboundedSender<BusMessage>>>,
    /// Cancelled once the faults are over.
    heal: CancellationToken,
    rng: Mutex<ChaCha8Rng>,
    trace: Mutex<Vec<String>>,
    fingerprint: Mutex<DefaultHasher>,
}

impl World {
    pub(super) fn new(seed: u64, control: Option<Control>) -> Arc<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut plan = Plan::draw(&mut rng);
        if let Some(control) = control {
            control.provoke(&mut plan);
        }
        let waits_by_wall_clock = control == Some(Control::WaitsByWallClock);
        let clock = Arc::new(SimulatedClock::new(waits_by_wall_clock));
        let store = Arc::new(MemoryStore::new(clock.clone()));
        if let Some(fault) = control.and_then(Control::books_fault) {
            store.break_books(fault);
        }
        let log = Arc::new(MemoryLog::new(clock.clone()));
        let pools = PoolMemory::over(log.clone(), plan.conditions.pool_half_life());
        Arc::new(Self {
            seed,
            plan,
            control,
            store,
            pools,
            log,
            clock,
            hints: Mutex::default(),
            hint_came: Notify::new(),
            subscribers: Mutex::default(),
            heal: CancellationToken::new(),
            rng: Mutex::new(rng),
            trace: Mutex::default(),
            fingerprint: Mutex::default(),
        })
    }

    /// From now on nothing goes wrong any more.
    pub(super) fn heal(&self) {
        self.note("world", "heal");
        self.heal.cancel();
    }

    /// Whether the faults are over.
    pub(super) fn is_calm(&self) -> bool {
        self.heal.is_cancelled()
    }

    /// Whether an event with this chance, of 10,000, happens now. Never once the faults are over.
    pub(super) fn happens(&self, chance: u32) -> bool {
        chance > 0 && !self.is_calm() && self.between(0, 10_000) < u64::from(chance)
    }

    /// A number from `low` up to below `high`.
    pub(super) fn between(&self, low: u64, high: u64) -> u64 {
        lock(&self.rng).random_range(low..high)
    }

    /// An independent generator.
    pub(super) fn fork_rng(&self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(lock(&self.rng).random())
    }

    /// A clock for a process.
    pub(super) fn some_clock(&self) -> SkewedClock {
        let most = u64::try_from(self.plan.skew.as_millis()).unwrap_or(0) + 1;
        let off = || Duration::from_millis(self.between(0, most));
        SkewedClock { behind: off(), ahead: off(), right: (*self.clock).clone() }
    }

    /// The wall clock of every machine is set, an hour or two back or ahead.
    pub(super) fn step_the_wall_clock(&self) {
        let micros = i64::try_from(self.between(1_000_000, 7_200_000_000)).unwrap_or(0);
        let micros = if self.between(0, 2) == 0 { -micros } else { micros };
        self.note("world", &format!("the wall clock steps by {} ms", micros / 1_000));
        self.clock.step(micros);
    }

    /// Counts something into the fingerprint of the run.
    pub(super) fn mark(&self, who: &str, what: &str) {
        let mut fingerprint = lock(&self.fingerprint);
        (self.clock.now_here().unix_micros(), who, what).hash(&mut *fingerprint);
    }

    /// A number that any difference between two runs changes.
    pub(super) fn fingerprint(&self) -> u64 {
        lock(&self.fingerprint).finish()
    }

    /// Waits, but no longer than until the faults are over.
    pub(super) async fn linger(&self, time: Duration) {
        let _ = timeout(time, self.heal.cancelled()).await;
    }

    /// Adds a line to the trace.
    pub(super) fn note(&self, who: &str, what: &str) {
        self.mark(who, what);
        let at = self.clock.now_here();
        lock(&self.trace).push(format!("{at} {who:<10} {what}"));
    }

    pub(super) fn trace(&self) -> Vec<String> {
        lock(&self.trace).clone()
    }

    /// What the chain holds.
    pub(super) async fn log_entries(&self) -> Vec<Entry> {
        self.log.entries().await.unwrap_or_default()
    }
}

/// The simulation has one thread, so a poisoned lock only follows a panic that is reported anyway.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
