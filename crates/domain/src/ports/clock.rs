use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use crate::Timestamp;

/// Where the time comes from, so that it can be simulated.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock: what people are shown. It may step in either direction, so nothing may wait by it.
    fn now(&self) -> Timestamp;

    /// The time that waits go by. It passes evenly and never steps while the process lives; it started as
    /// the wall clock.
    fn steady(&self) -> Timestamp {
        self.now()
    }
}

/// A time that continues from a recorded one and never goes back, whatever happened to the wall clock
/// while no process was running.
pub struct OnwardTime {
    clock: Arc<dyn Clock>,
    ahead_micros: AtomicI64,
}

impl OnwardTime {
    /// The steady time of `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, ahead_micros: AtomicI64::new(0) }
    }

    /// A time that is `at` now.
    pub fn starting_at(clock: Arc<dyn Clock>, at: Timestamp) -> Self {
        let ahead_micros = AtomicI64::new(ahead(&*clock, at));
        Self { clock, ahead_micros }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        let ahead = self.ahead_micros.load(Ordering::Relaxed);
        Timestamp::from_unix_micros(self.clock.steady().unix_micros().saturating_add(ahead))
    }

    /// Makes the time no earlier than `at`, which is known to have been reached.
    pub fn reach(&self, at: Timestamp) {
        self.ahead_micros.fetch_max(ahead(&*self.clock, at), Ordering::Relaxed);
    }
}

fn ahead(clock: &dyn Clock, at: Timestamp) -> i64 {
    at.unix_micros().saturating_sub(clock.steady().unix_micros())
}
