//! What all processes of a simulation share: servers, time, chance, and the record of what happened.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use domain::{OrderId, ports::BusMessage};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use testkit::MemoryStore;
use tokio::sync::{Notify, mpsc};
use venues::simulated::ledger::{Entry, Ledger, MemoryLedger};

use super::{clock::SimulatedClock, controls::Control, plan::Plan};

/// Everything outside of the processes.
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) plan: Plan,
    pub(super) control: Option<Control>,
    pub(super) clock: Arc<SimulatedClock>,
    pub(super) store: Arc<MemoryStore>,
    pub(super) ledger: Arc<MemoryLedger>,
    pub(super) hints: Mutex<VecDeque<OrderId>>,
    pub(super) hint_came: Notify,
    pub(super) subscribers: Mutex<Vec<mpsc::UnboundedSender<BusMessage>>>,
    is_calm: AtomicBool,
    rng: Mutex<ChaCha8Rng>,
    trace: Mutex<Vec<String>>,
}

impl World {
    pub(super) fn new(seed: u64, control: Option<Control>) -> Arc<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut plan = Plan::draw(&mut rng);
        if let Some(control) = control {
            control.provoke(&mut plan);
        }
        let clock = Arc::new(SimulatedClock::new());
        Arc::new(Self {
            seed,
            plan,
            control,
            store: Arc::new(MemoryStore::new(clock.clone())),
            ledger: Arc::new(MemoryLedger::new(clock.clone())),
            clock,
            hints: Mutex::default(),
            hint_came: Notify::new(),
            subscribers: Mutex::default(),
            is_calm: AtomicBool::new(false),
            rng: Mutex::new(rng),
            trace: Mutex::default(),
        })
    }

    /// From now on nothing goes wrong any more.
    pub(super) fn calm(&self) {
        self.note("world", "calm");
        self.is_calm.store(true, Ordering::Relaxed);
    }

    /// Whether the faults are over.
    pub(super) fn is_calm(&self) -> bool {
        self.is_calm.load(Ordering::Relaxed)
    }

    /// Whether something of this chance, of 10,000, happens now. Never once it is calm.
    pub(super) fn happens(&self, chance: u32) -> bool {
        chance > 0 && !self.is_calm() && self.between(0, 10_000) < u64::from(chance)
    }

    /// A number from `low` up to below `high`.
    pub(super) fn between(&self, low: u64, high: u64) -> u64 {
        lock(&self.rng).random_range(low..high)
    }

    /// A generator of its own for somebody.
    pub(super) fn fork_rng(&self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(lock(&self.rng).random())
    }

    /// Writes down what happened.
    pub(super) fn note(&self, who: &str, what: &str) {
        let at = self.clock.now_here();
        lock(&self.trace).push(format!("{at} {who:<10} {what}"));
    }

    pub(super) fn trace(&self) -> Vec<String> {
        lock(&self.trace).clone()
    }

    /// What the chain holds.
    pub(super) async fn ledger_entries(&self) -> Vec<Entry> {
        self.ledger.entries().await.unwrap_or_default()
    }
}

/// The simulation has one thread, so a poisoned lock only follows a panic that is reported anyway.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
