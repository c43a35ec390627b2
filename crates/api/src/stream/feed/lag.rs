use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::ports::EventFeed;
use metrics::gauge;
use telemetry::{Outage, metrics::catalogue};
use tokio::time::{Instant, sleep};

/// How far the feed is behind what is committed.
///
/// The feed shows nothing from the oldest open transaction on, so one that is forgotten stops every stream
/// of many orders while everything else works. The lag is measured from when this process first saw an
/// event wait, by the monotonic clock: the times of events come from other machines.
pub(crate) struct FeedLag {
    /// The lag at which the feed counts as behind.
    max: Duration,
    seen: Mutex<Seen>,
    outage: Outage,
}

#[derive(Default)]
struct Seen {
    /// The event that waits, and since when.
    waiting: Option<(u64, Instant)>,
    lag: Duration,
}

impl FeedLag {
    /// No lag known.
    pub(crate) fn new(max: Duration) -> Self {
        Self { max, seen: Mutex::default(), outage: Outage::new("feed of all orders") }
    }

    /// The last measured lag.
    pub(crate) fn now(&self) -> Duration {
        self.seen().lag
    }

    /// Whether the lag is worth an operator's attention.
    pub(crate) fn is_behind(&self) -> bool {
        self.outage.is_down()
    }

    /// Measures for ever.
    pub(crate) async fn run(&self, store: &dyn EventFeed, every: Duration) {
        loop {
            // While the store does not answer, the last measurement stands: the outage is reported elsewhere.
            if let Ok(held_at) = store.feed_held_at().await {
                self.observe(held_at, Instant::now());
                gauge!(catalogue::FEED_LAG).set(self.now().as_secs_f64());
            }
            sleep(every).await;
        }
    }

    /// `held_at` is the position of the oldest event that waits. Under load there is always one, but never
    /// the same for long.
    fn observe(&self, held_at: Option<u64>, now: Instant) {
        let mut seen = self.seen();
        seen.waiting = held_at.map(|position| match seen.waiting {
            // A smaller one was committed meanwhile and waits for the same transaction.
            Some((known, since)) if position <= known => (known, since),
            _ => (position, now),
        });
        seen.lag = seen.waiting.map_or(Duration::ZERO, |(_, since)| now.duration_since(since));
        if seen.lag > self.max {
            self.outage.failed(
                "a transaction that is still open in PostgreSQL, perhaps in another database, keeps it from showing \
                 newer events; `engine doctor` names it",
            );
        } else {
            self.outage.over();
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_event_that_goes_on_waiting_is_a_lag() {
        let lag = FeedLag::new(Duration::from_secs(5));
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let measured = |held_at, seconds| {
            lag.observe(held_at, at(seconds));
            (lag.now().as_secs(), lag.is_behind())
        };
        for seconds in 0..20 {
            assert_eq!(measured(Some(100 + seconds), seconds), (0, false), "each waits for a moment only");
        }
        assert_eq!(measured(Some(200), 20), (0, false));
        assert_eq!(measured(Some(200), 25), (5, false));
        assert_eq!(measured(Some(190), 26), (6, true), "a late one waits for the same transaction");
        assert_eq!(measured(Some(190), 80), (60, true));
        assert_eq!(measured(Some(300), 81), (0, false), "another one waits now");
        assert_eq!(measured(None, 82), (0, false));
        assert_eq!(measured(Some(300), 90), (0, false));
    }
}
