//! Events of the last minute.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use domain::{OrderStatus, Timestamp};

/// How far back it goes, seconds.
const SECONDS: i64 = 60;
/// Seconds over which a rate is the mean.
const RATE_SECONDS: i64 = 10;
/// Seconds that are kept at most.
const MAX_SECONDS: usize = 120;
/// Latencies that are kept; with more than that in a minute the newest count.
const MAX_LATENCIES: usize = 20_000;

/// Events of one second.
#[derive(Debug, Clone, Copy, Default)]
struct Second {
    accepted: u64,
    confirmed: u64,
    failed: u64,
    /// Canceled or expired, which is neither a success nor a failure.
    withdrawn: u64,
}

/// Counts and latencies of the last minute, by the times of the events.
#[derive(Debug, Default)]
pub(super) struct Window {
    seconds: BTreeMap<i64, Second>,
    latencies: VecDeque<(i64, Duration)>,
}

/// The latency at a percentile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Percentiles {
    pub(super) p50: Duration,
    pub(super) p95: Duration,
    pub(super) p99: Duration,
}

impl Window {
    pub(super) fn accept(&mut self, at: Timestamp) {
        self.second(at).accepted += 1;
    }

    /// An order ended, and took so long if its beginning is known.
    pub(super) fn end(&mut self, at: Timestamp, status: OrderStatus, took: Option<Duration>) {
        let second = self.second(at);
        match status {
            OrderStatus::Confirmed => second.confirmed += 1,
            OrderStatus::Failed => second.failed += 1,
            _ => second.withdrawn += 1,
        }
        self.latencies.extend(took.map(|took| (second_of(at), took)));
        if self.latencies.len() > MAX_LATENCIES {
            self.latencies.pop_front();
        }
    }

    fn second(&mut self, at: Timestamp) -> &mut Second {
        // a burst of what was missed must not grow this until it is looked at
        while self.seconds.len() >= MAX_SECONDS {
            self.seconds.pop_first();
        }
        self.seconds.entry(second_of(at)).or_default()
    }

    /// Forgets what is older than a minute.
    pub(super) fn move_to(&mut self, now: Timestamp) {
        let first = second_of(now) - SECONDS;
        self.seconds = self.seconds.split_off(&first);
        self.latencies.retain(|(second, _)| *second >= first);
    }

    /// Orders accepted in each second, the last one the second before `now`.
    pub(super) fn accepted_by_second(&self, now: Timestamp) -> Vec<u64> {
        let now = second_of(now);
        (now - SECONDS..now).map(|second| self.seconds.get(&second).map_or(0, |it| it.accepted)).collect()
    }

    /// Orders accepted and ended a second.
    pub(super) fn rates(&self, now: Timestamp) -> (f64, f64) {
        let now = second_of(now);
        let (accepted, ended) =
            self.seconds.range(now - RATE_SECONDS..now).fold((0, 0), |(accepted, ended), (_, it)| {
                (accepted + it.accepted, ended + it.confirmed + it.failed + it.withdrawn)
            });
        (ratio(accepted, RATE_SECONDS.unsigned_abs()), ratio(ended, RATE_SECONDS.unsigned_abs()))
    }

    /// The part that was confirmed of the orders that were confirmed or failed, if there were any.
    pub(super) fn success(&self) -> Option<f64> {
        let (confirmed, failed) = self
            .seconds
            .values()
            .fold((0, 0), |(confirmed, failed), it| (confirmed + it.confirmed, failed + it.failed));
        (confirmed + failed > 0).then(|| ratio(confirmed, confirmed + failed))
    }

    pub(super) fn percentiles(&self) -> Option<Percentiles> {
        let mut sorted: Vec<Duration> = self.latencies.iter().map(|(_, took)| *took).collect();
        sorted.sort_unstable();
        let last = sorted.len().checked_sub(1)?;
        let at = |percent: usize| sorted[(sorted.len() * percent).div_ceil(100).saturating_sub(1).min(last)];
        Some(Percentiles { p50: at(50), p95: at(95), p99: at(99) })
    }
}

fn second_of(at: Timestamp) -> i64 {
    at.unix_millis().div_euclid(1_000)
}

/// One number by another, to be shown.
#[expect(clippy::cast_precision_loss, reason = "for people's eyes")]
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(is_confirmed: bool) -> OrderStatus {
        if is_confirmed { OrderStatus::Confirmed } else { OrderStatus::Failed }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_millis(second * 1_000)
    }

    #[test]
    fn a_minute_is_remembered_and_no_more() {
        let mut window = Window::default();
        for second in 0..200 {
            window.accept(at(second));
            window.end(at(second), ended(second % 4 != 0), Some(Duration::from_secs(1)));
        }
        window.move_to(at(200));
        assert_eq!(window.accepted_by_second(at(200)), [1; 60]);
        assert_eq!((window.seconds.len(), window.latencies.len()), (60, 60));
        assert_eq!(window.rates(at(200)), (1.0, 1.0));
        assert_eq!(window.success(), Some(0.75));
        window.move_to(at(300));
        assert_eq!((window.success(), window.percentiles()), (None, None));
    }

    #[test]
    fn percentiles_are_latencies_that_were_seen() {
        let mut window = Window::default();
        for millis in 1..=100 {
            window.end(at(0), OrderStatus::Confirmed, Some(Duration::from_millis(millis)));
        }
        let Percentiles { p50, p95, p99 } = window.percentiles().unwrap();
        assert_eq!([p50, p95, p99].map(|it| it.as_millis()), [50, 95, 99]);
        let mut one = Window::default();
        one.end(at(0), OrderStatus::Failed, Some(Duration::from_millis(7)));
        assert_eq!(one.percentiles().unwrap().p99.as_millis(), 7);
    }

    #[test]
    fn memory_is_bounded_however_much_comes_before_a_look() {
        let mut window = Window::default();
        for second in 0..50_000 {
            window.end(at(second), OrderStatus::Confirmed, Some(Duration::ZERO));
        }
        assert!(window.latencies.len() <= MAX_LATENCIES && window.seconds.len() <= MAX_SECONDS);
    }
}
