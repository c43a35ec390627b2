//! The real clocks.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{Timestamp, ports::Clock};
use time::OffsetDateTime;

/// A difference between the clocks that changes by this much is a step. Less is normal clock adjustment.
const STEP: Duration = Duration::from_secs(1);

/// The machine's clocks. Every reading also detects steps of the wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

static CLOCKS: OnceLock<Clocks> = OnceLock::new();

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        read().0
    }

    fn steady(&self) -> Timestamp {
        read().1
    }
}

/// The wall clock and the steady one.
fn read() -> (Timestamp, Timestamp) {
    let clocks = CLOCKS.get_or_init(|| Clocks::starting_at(wall()));
    let (wall, steady) = (wall(), clocks.began_at + clocks.began.elapsed());
    if let Some(step) = clocks.step(wall, steady) {
        tracing::warn!(
            seconds = %format_args!("{:+.1}", seconds(step)),
            "the wall clock stepped; waits follow the monotonic clock"
        );
    }
    (wall, steady)
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
fn wall() -> Timestamp {
    OffsetDateTime::now_utc().into()
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

/// The monotonic clock, pinned to what the wall clock was at the first look.
struct Clocks {
    began_at: Timestamp,
    began: Instant,
    /// How far the wall clock is ahead of the steady one, as far as it was logged.
    noted_micros: AtomicI64,
}

impl Clocks {
    fn starting_at(began_at: Timestamp) -> Self {
        Self { began_at, began: Instant::now(), noted_micros: AtomicI64::new(0) }
    }

    /// By how many microseconds the wall clock has stepped since it was last noted; every step is reported once.
    fn step(&self, wall: Timestamp, steady: Timestamp) -> Option<i64> {
        let ahead = wall.unix_micros().saturating_sub(steady.unix_micros());
        let noted = self.noted_micros.load(Ordering::Relaxed);
        let step = ahead.saturating_sub(noted);
        let is_step = Duration::from_micros(step.unsigned_abs()) >= STEP;
        let is_first =
            || self.noted_micros.compare_exchange(noted, ahead, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        (is_step && is_first()).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_of_the_wall_clock_is_reported_once() {
        let start = Timestamp::from_unix_millis(1_800_000_000_000);
        let hour = Duration::from_hours(1);
        let clocks = Clocks::starting_at(start);
        let steady = start + Duration::from_secs(5);
        assert_eq!(clocks.step(steady, steady), None);
        assert_eq!(clocks.step(steady + Duration::from_millis(300), steady), None, "kept right, not stepped");
        assert_eq!(clocks.step(steady + hour, steady), Some(3_600_000_000));
        assert_eq!(clocks.step(steady + hour, steady), None, "reported already");
        assert_eq!(clocks.step(steady, steady), Some(-3_600_000_000));
        assert_eq!(clocks.step(steady, steady), None);
    }
}
