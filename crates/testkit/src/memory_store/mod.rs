//! An order store in memory.

mod books;
mod feed;
mod port;
mod record;
mod state;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use domain::{
    AccountId, CancelRequest, OrderId,
    ports::{Cancel, Cancellation, Clock, Commit, CommitOutcome, StoreError},
};
use tokio::sync::watch;

pub use self::books::BooksFault;
use self::{record::Record, state::State};

/// An order store in memory, by the clock it is given: the shortest code that keeps the contract.
/// It starts nothing and never waits unless made to hang, so a simulation that uses it is deterministic.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    hangs: watch::Sender<bool>,
    refuses_commits: AtomicBool,
    events_read: AtomicUsize,
}

/// What a commit is checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each guard")]
pub struct Guards {
    pub fence: bool,
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
            events_read: AtomicUsize::new(0),
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
    /// As [`Executions::commit`](domain::ports::Executions::commit).
    pub fn commit_guarded(&self, commit: Commit, guards: Guards) -> Result<CommitOutcome, StoreError> {
        let now = self.clock.steady();
        self.open()?.commit(commit, guards, now)
    }

    /// Cancels, and claims an order also while an attempt of it is unresolved if that is not guarded against:
    /// a negative control.
    ///
    /// # Errors
    /// As [`OrderIntake::cancel`](domain::ports::OrderIntake::cancel).
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
        Ok(Cancellation::Claimed(Box::new(record.claim(&cancel.by, now, cancel.lease))))
    }

    /// From now on the books are kept wrongly: a negative control.
    pub fn break_books(&self, fault: BooksFault) {
        self.lock().books.fault = Some(fault);
    }

    /// While it hangs, acceptances, commits and releases wait.
    pub fn hang(&self, hangs: bool) {
        self.hangs.send_replace(hangs);
    }

    /// While it refuses commits, orders can still be claimed.
    pub fn refuse_commits(&self, refuses: bool) {
        self.refuses_commits.store(refuses, Ordering::Relaxed);
    }

    /// How many events of single orders were read so far.
    pub fn events_read(&self) -> usize {
        self.events_read.load(Ordering::Relaxed)
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

    async fn wait_while_it_hangs(&self) {
        let _ = self.hangs.subscribe().wait_for(|hangs| !hangs).await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.lock();
        if state.is_down { Err(StoreError::unavailable("the store is down")) } else { Ok(state) }
    }
}
