//! Admission control: rejects orders while too many are in flight, before anything is stored.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use domain::{AccountId, Phase, ports::OrderCounts};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::problem::{Code, Problem};

/// How often the orders in flight are counted. Between counts an API adds what it accepted itself, and
/// subtracts nothing: the limit is overshot by at most what the other APIs accept in that time, and undershot
/// by what is executed.
const COUNT_EVERY: Duration = Duration::from_millis(250);
/// The longest wait between counts.
const COUNT_WITHIN: Duration = Duration::from_secs(1);
/// Counting looks at every order in flight. The wait after a count is this many times as long as the count
/// took, so that it costs the database little also with many of them.
const COUNT_SHARE: u32 = 50;

/// Closes at `max_in_flight` and reopens below 90 % of it (hysteresis). Orders that rest use no worker, so they
/// have a budget of their own, for each account.
pub(crate) struct Admission {
    max_in_flight: u32,
    max_resting: u32,
    /// Orders in flight when they were last counted.
    counted: AtomicU32,
    /// Accepted by this API since then.
    accepted: AtomicU32,
    is_closed: AtomicBool,
    /// One permit for each order on its way into the store.
    entries: Arc<Semaphore>,
}

impl Admission {
    /// Open at first. At most `max_entering` orders are on their way into the store at once.
    pub(crate) fn new(max_in_flight: u32, max_resting: u32, max_entering: usize) -> Self {
        Self {
            max_in_flight,
            max_resting,
            counted: AtomicU32::new(0),
            accepted: AtomicU32::new(0),
            is_closed: AtomicBool::new(false),
            entries: Arc::new(Semaphore::new(max_entering)),
        }
    }

    /// Admits an order that starts in `phase`. The permit is held until the order is durable or
    /// rejected.
    ///
    /// # Errors
    /// The problem `overloaded` or `too_many_open_orders`; nothing was stored.
    pub(crate) async fn enter(
        &self,
        phase: Phase,
        account: AccountId,
        store: &dyn OrderCounts,
    ) -> Result<OwnedSemaphorePermit, Problem> {
        match phase {
            Phase::Resting => self.check_resting(account, store).await?,
            Phase::InFlight | Phase::Terminal if self.is_closed() => {
                return Err(overloaded("more orders are in flight than can be executed soon"));
            }
            Phase::InFlight | Phase::Terminal => {}
        }
        let permit = self.entries.clone().try_acquire_owned();
        permit.map_err(|_| overloaded("too many orders are being written to the store"))
    }

    /// The count is exact but for orders that are accepted at the same moment.
    async fn check_resting(&self, account: AccountId, store: &dyn OrderCounts) -> Result<(), Problem> {
        let resting = store.resting(account, self.max_resting).await;
        if resting.map_err(|error| Problem::store_unavailable(&error))? < self.max_resting {
            return Ok(());
        }
        let detail = format!(
            "the account has {} open orders, which is the limit; cancel some first",
            self.max_resting
        );
        Err(Problem::new(Code::TooManyOpenOrders, detail))
    }

    /// Counts an order that was accepted.
    pub(crate) fn accepted(&self) {
        let since = self.accepted.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if self.counted.load(Ordering::Relaxed).saturating_add(since) >= self.max_in_flight {
            self.close();
        }
    }

    /// Whether orders are refused.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    /// Counts the orders in flight periodically until `stop`.
    pub(crate) async fn run(&self, store: &dyn OrderCounts, stop: CancellationToken) {
        let counting = async {
            loop {
                let began = Instant::now();
                let has_counted = self.count(store).await;
                sleep(self.wait(has_counted, began.elapsed())).await;
            }
        };
        stop.run_until_cancelled(counting).await;
    }

    /// The wait before the next count. A closed door should open soon, and a store that did not
    /// answer gives no measure of what a count costs.
    fn wait(&self, has_counted: bool, took: Duration) -> Duration {
        if !has_counted || self.is_closed() {
            return COUNT_EVERY;
        }
        took.saturating_mul(COUNT_SHARE).clamp(COUNT_EVERY, COUNT_WITHIN)
    }

    /// Counts; returns whether the store answered. If it did not nothing changes: it accepts nothing
    /// either. An idle API that found nothing in flight need not ask again.
    async fn count(&self, store: &dyn OrderCounts) -> bool {
        let accepted = self.accepted.load(Ordering::Relaxed);
        if accepted == 0 && self.counted.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let Ok(in_flight) = store.in_flight(self.max_in_flight).await else { return false };
        self.counted.store(in_flight, Ordering::Relaxed);
        // what was accepted while the store counted may or may not be among the counted
        self.accepted.fetch_sub(accepted, Ordering::Relaxed);
        let reopens_below = self.max_in_flight - self.max_in_flight / 10;
        if in_flight >= self.max_in_flight {
            self.close();
        } else if in_flight < reopens_below && self.is_closed.swap(false, Ordering::Relaxed) {
            tracing::info!(in_flight, "accepting orders again");
        }
        true
    }

    fn close(&self) {
        if !self.is_closed.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                max_in_flight = self.max_in_flight,
                "too many orders in flight; refusing new ones"
            );
        }
    }
}

fn overloaded(detail: &str) -> Problem {
    Problem::new(Code::Overloaded, format!("{detail}; repeat the request with the same Idempotency-Key"))
}

#[cfg(test)]
mod tests {
    use domain::ports::OrderIntake;
    use testkit::{ManualClock, MemoryStore, samples};

    use super::*;

    async fn store_with(open: usize) -> MemoryStore {
        let store = MemoryStore::new(Arc::new(ManualClock::default()));
        for _ in 0..open {
            store.accept(samples::acceptance()).await.unwrap();
        }
        store
    }

    #[tokio::test]
    async fn it_closes_at_the_mark_and_opens_below_nine_tenths_of_it() {
        let door = Admission::new(100, 1, 1);
        for _ in 0..99 {
            door.accepted();
        }
        assert!(!door.is_closed());
        door.accepted();
        assert!(door.is_closed(), "before the first count");
        door.count(&store_with(90).await).await;
        assert!(door.is_closed(), "not few enough");
        door.count(&store_with(89).await).await;
        assert!(!door.is_closed());
        door.count(&store_with(150).await).await;
        assert!(door.is_closed(), "whichever process accepted them");
    }

    #[tokio::test]
    async fn a_door_for_few_opens_again_too() {
        let door = Admission::new(4, 1, 1);
        for _ in 0..4 {
            door.accepted();
        }
        assert!(door.is_closed());
        door.count(&store_with(3).await).await;
        assert!(!door.is_closed());
    }

    #[tokio::test]
    async fn what_was_counted_is_not_added_again() {
        let door = Admission::new(100, 1, 1);
        for _ in 0..60 {
            door.accepted();
        }
        door.count(&store_with(60).await).await;
        for _ in 0..39 {
            door.accepted();
        }
        assert!(!door.is_closed());
        door.accepted();
        assert!(door.is_closed());
    }

    #[test]
    fn a_count_that_takes_long_is_made_less_often_but_never_keeps_the_door_closed() {
        let door = Admission::new(1, 1, 1);
        let wait = |millis| door.wait(true, Duration::from_millis(millis));
        assert_eq!(
            [wait(1), wait(10), wait(60_000)],
            [COUNT_EVERY, 50 * Duration::from_millis(10), COUNT_WITHIN]
        );
        assert_eq!(door.wait(false, Duration::from_mins(1)), COUNT_EVERY, "the store did not answer");
        door.accepted();
        assert_eq!(door.wait(true, Duration::from_mins(1)), COUNT_EVERY, "the door is closed");
    }

    #[tokio::test]
    async fn orders_that_rest_have_a_budget_of_their_own() {
        let door = Admission::new(1, 2, 10);
        door.accepted();
        let store = store_with(0).await;
        let enter = async |phase| door.enter(phase, AccountId::DEFAULT, &store).await.map(drop);
        assert_eq!(enter(Phase::InFlight).await.unwrap_err().code, Code::Overloaded);
        for _ in 0..2 {
            enter(Phase::Resting).await.unwrap();
            let mut asked = samples::acceptance();
            asked.order.status = domain::OrderStatus::Open;
            store.accept(asked).await.unwrap();
        }
        assert_eq!(enter(Phase::Resting).await.unwrap_err().code, Code::TooManyOpenOrders);
        let other = door.enter(Phase::Resting, samples::account_id(), &store).await;
        assert!(other.is_ok(), "another account's budget");
    }

    #[tokio::test]
    async fn a_store_that_is_down_changes_nothing() {
        let door = Admission::new(10, 1, 1);
        for _ in 0..10 {
            door.accepted();
        }
        let store = store_with(0).await;
        store.set_down(true);
        door.count(&store).await;
        assert!(door.is_closed());
    }
}
