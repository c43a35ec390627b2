use std::{
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
    time::Duration,
};

use domain::{Timestamp, ports::Clock};

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock {
    steady_micros: AtomicI64,
    /// How far the wall clock has stepped.
    stepped_micros: AtomicI64,
    is_restless: AtomicBool,
}

impl ManualClock {
    /// A clock that shows `now`.
    pub fn new(now: Timestamp) -> Self {
        Self {
            steady_micros: AtomicI64::new(now.unix_micros()),
            stepped_micros: AtomicI64::new(0),
            is_restless: AtomicBool::new(false),
        }
    }

    /// Moves it on.
    pub fn advance(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        self.steady_micros.fetch_add(micros, Ordering::SeqCst);
    }

    /// From now on every reading of the wall clock moves it by a millisecond: who reads it twice gets two times.
    pub fn make_restless(&self) {
        self.is_restless.store(true, Ordering::SeqCst);
    }

    /// Steps the wall clock, while the steady one goes on.
    pub fn step(&self, seconds: i64) {
        self.stepped_micros.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new(Timestamp::from_unix_millis(1_800_000_000_000))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        if self.is_restless.load(Ordering::SeqCst) {
            self.advance(Duration::from_millis(1));
        }
        let stepped = self.stepped_micros.load(Ordering::SeqCst);
        Timestamp::from_unix_micros(self.steady().unix_micros() + stepped)
    }

    fn steady(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.steady_micros.load(Ordering::SeqCst))
    }
}
