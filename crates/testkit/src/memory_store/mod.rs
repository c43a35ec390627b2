//! An order store in memory.

mod feed;
mod record;
mod state;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    AccountId, CancelRequest, Event, Order, OrderId, Phase,
    ports::{
        Acceptance, Accepted, ActiveOrders, Attempt, Cancel, Cancellation, Claim, Clock, Commit,
        CommitOutcome, DueAction, DueOrder, FeedCursor, FeedPage, FeedScope, Fence, OrderFilter, OrderStore,
        StoreError,
    },
};
use tokio::sync::watch;

use self::{record::Record, state::State};

/// An order store in memory, by the clock it is given: the shortest code that keeps the contract.
/// It starts nothing and never waits unless it is told to hang, so a simulation that uses it is deterministic.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    hangs: watch::Sender<bool>,
    refuses_commits: AtomicBool,
}

/// What a commit is checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each guard")]
pub struct Guards {
    /// The claim still holds.
    pub fence: bool,
    /// Nothing was written since.
    pub sequence: bool,
    /// The attempt record is as the commit expects it: no second attempt while one is unresolved.
    pub one_unresolved_attempt: bool,
    /// Nothing leads to an attempt once the owner has asked to cancel the order.
    pub cancel_request: bool,
}

impl Guards {
    /// What the port promises.
    pub const ALL: Self =
        Self { fence: true, sequence: true, one_unresolved_attempt: true, cancel_request: true };
}

impl MemoryStore {
    /// An empty store with the default account.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            state: Mutex::new(State::new()),
            hangs: watch::Sender::new(false),
            refuses_commits: AtomicBool::new(false),
        }
    }

    /// Adds an account.
    pub fn add_account(&self, account: AccountId) {
        self.lock().accounts.insert(account);
    }

    /// Every order with its idempotency key, oldest first.
    pub fn keys(&self) -> Vec<(OrderId, Option<String>)> {
        let state = self.lock();
        state.orders.iter().map(|(id, record)| (*id, record.idempotency_key.clone())).collect()
    }

    /// Commits as far as these guards allow: negative controls take some of them out.
    ///
    /// # Errors
    /// As [`OrderStore::commit`].
    pub fn commit_guarded(&self, commit: Commit, guards: Guards) -> Result<CommitOutcome, StoreError> {
        let now = self.clock.steady();
        self.open()?.commit(commit, guards, now)
    }

    /// Cancels, and claims an order also while an attempt of it is unresolved if that is not guarded against:
    /// a negative control.
    ///
    /// # Errors
    /// As [`OrderStore::cancel`].
    pub fn cancel_guarded(
        &self,
        cancel: &Cancel,
        guards_unresolved: bool,
    ) -> Result<Cancellation, StoreError> {
        let now = self.clock.steady();
        let mut state = self.open()?;
        let of_account = |record: &&mut Record| record.order.account == cancel.account;
        let Some(record) = state.orders.get_mut(&cancel.id).filter(of_account) else {
            return Ok(Cancellation::Unknown);
        };
        if record.order.status.is_terminal() {
            return Ok(Cancellation::Ended(Box::new(record.order.clone())));
        }
        let request = CancelRequest { at: cancel.at, after_seq: record.order.last_seq };
        record.order.cancel_request.get_or_insert(request);
        let may_land = guards_unresolved && record.unresolved().is_some();
        if may_land || (record.is_executing(now) && !record.is_parked()) {
            return Ok(Cancellation::Requested(Box::new(record.order.clone())));
        }
        Ok(Cancellation::Claimed(Box::new(record.claim(now, cancel.lease))))
    }

    /// While it hangs, orders that are to be accepted wait.
    pub fn hang(&self, hangs: bool) {
        self.hangs.send_replace(hangs);
    }

    /// While it refuses commits, orders can still be claimed.
    pub fn refuse_commits(&self, refuses: bool) {
        self.refuses_commits.store(refuses, Ordering::Relaxed);
    }

    /// While it is held, the feed shows nothing new, as if a transaction stayed open in the database.
    pub fn hold_feed(&self, holds: bool) {
        let mut state = self.lock();
        state.feed_held_at = holds.then_some(state.feed.len());
    }

    /// While it is down, every call ends in a [`StoreError`].
    pub fn set_down(&self, is_down: bool) {
        self.lock().is_down = is_down;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.lock();
        if state.is_down { Err(StoreError::Unavailable("the store is down".into())) } else { Ok(state) }
    }
}

#[async_trait]
impl OrderStore for MemoryStore {
    async fn accept(&self, acceptance: Acceptance) -> Result<Accepted, StoreError> {
        let _ = self.hangs.subscribe().wait_for(|hangs| !hangs).await;
        let now = self.clock.steady();
        self.open()?.accept(acceptance, now)
    }

    async fn claim(&self, id: OrderId, _worker: &str, lease: Duration) -> Result<Option<Claim>, StoreError> {
        let now = self.clock.steady();
        let mut state = self.open()?;
        let Some(record) = state.orders.get_mut(&id) else { return Ok(None) };
        if record.order.status.is_terminal() || record.lease_until.is_some_and(|until| until > now) {
            return Ok(None);
        }
        Ok(Some(record.claim(now, lease)))
    }

    async fn renew(&self, fence: Fence, lease: Duration) -> Result<bool, StoreError> {
        let now = self.clock.steady();
        let mut state = self.open()?;
        let Some(record) = state.held(fence) else { return Ok(false) };
        record.hold(now, lease);
        Ok(true)
    }

    async fn release(&self, fence: Fence, due_after: Duration) -> Result<(), StoreError> {
        let due_at = Some(self.clock.steady() + due_after);
        if let Some(record) = self.open()?.held(fence) {
            record.lost_claims = record.lost_claims.saturating_sub(1);
            record.end_lease(due_at, due_at);
        }
        Ok(())
    }

    async fn unpark(&self, account: AccountId, id: OrderId) -> Result<bool, StoreError> {
        let now = self.clock.steady();
        let mut state = self.open()?;
        let record =
            state.orders.get_mut(&id).filter(|record| record.order.account == account && record.is_parked());
        let Some(record) = record else { return Ok(false) };
        record.lost_claims = 0;
        record.end_lease(None, Some(now));
        Ok(true)
    }

    async fn cancel(&self, cancel: Cancel) -> Result<Cancellation, StoreError> {
        self.cancel_guarded(&cancel, true)
    }

    async fn commit(&self, commit: Commit) -> Result<CommitOutcome, StoreError> {
        if self.refuses_commits.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("no commits are taken".into()));
        }
        self.commit_guarded(commit, Guards::ALL)
    }

    async fn lease_due(&self, limit: u32, redeliver_after: Duration) -> Result<Vec<DueOrder>, StoreError> {
        let now = self.clock.steady();
        let mut state = self.open()?;
        let mut due: Vec<&mut Record> =
            state.orders.values_mut().filter(|record| record.wake_at.is_some_and(|at| at <= now)).collect();
        due.sort_by_key(|record| (record.wake_at, record.order.id));
        due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(due
            .into_iter()
            .map(|record| {
                record.wake_at = Some(now + redeliver_after);
                DueOrder { id: record.order.id, action: DueAction::of(record.order.status) }
            })
            .collect())
    }

    async fn order(&self, account: AccountId, id: OrderId) -> Result<Option<Order>, StoreError> {
        Ok(self.open()?.of(account, id).map(|record| record.order.clone()))
    }

    async fn orders(&self, account: AccountId, filter: OrderFilter) -> Result<Vec<Order>, StoreError> {
        let state = self.open()?;
        let records = state.orders.values().rev();
        Ok(records
            .filter(|record| !filter.parked || record.is_parked())
            .filter(|record| filter.tag.is_none() || record.order.spec.tag == filter.tag)
            .map(|record| &record.order)
            .filter(|order| order.account == account)
            .filter(|order| filter.phase.is_none_or(|phase| order.status.phase() == phase))
            .filter(|order| filter.status.is_none_or(|status| order.status == status))
            .filter(|order| filter.before.is_none_or(|before| order.id < before))
            .take(usize::try_from(filter.limit).unwrap_or(usize::MAX))
            .cloned()
            .collect())
    }

    async fn events(
        &self,
        account: AccountId,
        id: OrderId,
        after: u32,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let state = self.open()?;
        let events = state.of(account, id).map_or(&[][..], |record| &record.events);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(events.iter().filter(|event| event.seq > after).take(limit).cloned().collect())
    }

    async fn feed(
        &self,
        account: AccountId,
        scope: &FeedScope,
        after: FeedCursor,
        limit: u32,
    ) -> Result<FeedPage, StoreError> {
        Ok(self.open()?.feed(account, scope, after, limit))
    }

    async fn feed_end(&self) -> Result<FeedCursor, StoreError> {
        Ok(self.open()?.feed_end())
    }

    async fn feed_has(&self, cursor: FeedCursor) -> Result<bool, StoreError> {
        Ok(self.open()?.feed_has(cursor))
    }

    async fn feed_held_at(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.open()?.held_at())
    }

    async fn last_seqs(&self, ids: &[OrderId]) -> Result<Vec<(OrderId, u32)>, StoreError> {
        let state = self.open()?;
        Ok(ids
            .iter()
            .filter_map(|id| state.orders.get(id))
            .map(|record| (record.order.id, record.order.last_seq))
            .collect())
    }

    async fn lost_claims(&self, account: AccountId, id: OrderId) -> Result<Option<u32>, StoreError> {
        let state = self.open()?;
        let active = state.of(account, id).filter(|record| !record.order.status.is_terminal());
        Ok(active.map(|record| record.lost_claims.saturating_sub(1)))
    }

    async fn attempts(&self, account: AccountId, id: OrderId) -> Result<Vec<Attempt>, StoreError> {
        Ok(self.open()?.of(account, id).map_or_else(Vec::new, |record| record.attempts.clone()))
    }

    async fn in_flight(&self, at_most: u32) -> Result<u32, StoreError> {
        let state = self.open()?;
        let in_flight = state.orders.values().filter(|record| record.order.status.phase() == Phase::InFlight);
        Ok(u32::try_from(in_flight.count()).unwrap_or(u32::MAX).min(at_most))
    }

    async fn resting(&self, account: AccountId, at_most: u32) -> Result<u32, StoreError> {
        let state = self.open()?;
        let of_account = state.orders.values().filter(|record| record.order.account == account);
        let resting = of_account.filter(|record| record.order.status.phase() == Phase::Resting);
        Ok(u32::try_from(resting.count()).unwrap_or(u32::MAX).min(at_most))
    }

    async fn active_by_status(&self, at_most: u32) -> Result<ActiveOrders, StoreError> {
        let state = self.open()?;
        let mut counts = ActiveOrders::default();
        for status in state.orders.values().map(|record| record.order.status) {
            if !status.is_terminal() && counts.in_phase(status.phase()) < at_most {
                *counts.0.entry(status).or_default() += 1;
            }
        }
        Ok(counts)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.open().map(|_| ())
    }
}
