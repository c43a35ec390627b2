use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use domain::{Timestamp, ports::Clock};
use tokio::time::Instant;

/// The simulated time: it advances when every task sleeps. Its wall clock steps when the world says so.
#[derive(Debug, Clone)]
pub(super) struct SimulatedClock {
    began: Instant,
    /// How far the wall clock is off, microseconds.
    stepped: Arc<AtomicI64>,
    /// Takes the protection out: waits go by the wall clock too.
    waits_by_wall_clock: bool,
}

/// When every simulation begins.
const BEGAN_AT: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

impl SimulatedClock {
    pub(super) fn new(waits_by_wall_clock: bool) -> Self {
        Self { began: Instant::now(), stepped: Arc::default(), waits_by_wall_clock }
    }

    /// Steps the wall clock of all processes.
    pub(super) fn step(&self, micros: i64) {
        self.stepped.fetch_add(micros, Ordering::Relaxed);
    }

    fn wall(&self) -> Timestamp {
        let stepped = self.stepped.load(Ordering::Relaxed);
        Timestamp::from_unix_micros(self.now_here().unix_micros().saturating_add(stepped))
    }

    pub(super) fn now_here(&self) -> Timestamp {
        BEGAN_AT + self.began.elapsed()
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        self.wall()
    }

    fn steady(&self) -> Timestamp {
        if self.waits_by_wall_clock { self.wall() } else { self.now_here() }
    }
}

/// The clock of one process, which is wrong by a constant.
#[derive(Debug, Clone)]
pub(super) struct SkewedClock {
    pub(super) behind: Duration,
    pub(super) ahead: Duration,
    pub(super) right: SimulatedClock,
}

impl SkewedClock {
    fn off(&self, right: Timestamp) -> Timestamp {
        let ahead = right + self.ahead;
        let behind = i64::try_from(self.behind.as_micros()).unwrap_or(0);
        Timestamp::from_unix_micros(ahead.unix_micros() - behind)
    }
}

impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        self.off(self.right.now())
    }

    fn steady(&self) -> Timestamp {
        self.off(self.right.steady())
    }
}
