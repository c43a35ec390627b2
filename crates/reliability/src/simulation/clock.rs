use std::time::Duration;

use domain::{Timestamp, ports::Clock};
use tokio::time::Instant;

/// The simulated time: it goes on when everybody sleeps.
#[derive(Debug, Clone, Copy)]
pub(super) struct SimulatedClock {
    began: Instant,
}

/// When every simulation begins.
const BEGAN_AT: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

impl SimulatedClock {
    pub(super) fn new() -> Self {
        Self { began: Instant::now() }
    }

    pub(super) fn now_here(&self) -> Timestamp {
        BEGAN_AT + self.began.elapsed()
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        self.now_here()
    }
}

/// The clock of one process, which is wrong by a constant.
#[derive(Debug, Clone, Copy)]
pub(super) struct SkewedClock {
    pub(super) behind: Duration,
    pub(super) ahead: Duration,
    pub(super) right: SimulatedClock,
}

impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        let ahead = self.right.now_here() + self.ahead;
        let behind = i64::try_from(self.behind.as_micros()).unwrap_or(0);
        Timestamp::from_unix_micros(ahead.unix_micros() - behind)
    }
}
