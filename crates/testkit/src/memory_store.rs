use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    AccountId, Event, Order, OrderId, OrderStatus, Timestamp,
    ports::{
        Acceptance, Accepted, Attempt, AttemptState, Beyond, Claim, Clock, Commit, CommitOutcome, FeedCursor,
        FeedEvent, FeedPage, FeedScope, Fence, LedgerEntry, OpenOrders, OrderFilter, OrderStore, StoreError,
        Then,
    },
};
use tokio::sync::watch;

/// An order store in memory, by the clock it is given: the shortest code that keeps the contract.
/// It starts nothing and never waits unless it is told to hang, so a simulation that uses it is deterministic.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    hangs: watch::Sender<bool>,
}

/// What a commit is checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guards {
    /// The claim still holds.
    pub fence: bool,
    /// Nothing was written since.
    pub sequence: bool,
    /// The attempt ledger is as the commit expects it: no second attempt while one is unresolved.
    pub one_unresolved_attempt: bool,
}

impl Guards {
    /// What the port promises.
    pub const ALL: Self = Self { fence: true, sequence: true, one_unresolved_attempt: true };
}

struct State {
    is_down: bool,
    accounts: BTreeSet<AccountId>,
    orders: BTreeMap<OrderId, Record>,
    /// Every event's order and sequence number, as they were written.
    feed: Vec<(OrderId, u32)>,
}

struct Record {
    order: Order,
    events: Vec<Event>,
    attempts: Vec<Attempt>,
    idempotency_key: Option<String>,
    fingerprint: [u8; 32],
    wake_at: Option<Timestamp>,
    lease_epoch: u64,
    lease_until: Option<Timestamp>,
}

impl MemoryStore {
    /// An empty store with the default account.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let state = State {
            is_down: false,
            accounts: BTreeSet::from([AccountId::DEFAULT]),
            orders: BTreeMap::new(),
            feed: Vec::new(),
        };
        Self { clock, state: Mutex::new(state), hangs: watch::Sender::new(false) }
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
        let now = self.clock.now();
        self.open()?.commit(commit, guards, now)
    }

    /// While it hangs, orders that are to be accepted wait.
    pub fn hang(&self, hangs: bool) {
        self.hangs.send_replace(hangs);
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
        if state.is_down { Err(StoreError("the store is down".into())) } else { Ok(state) }
    }
}

impl State {
    /// The order, if it is this account's.
    fn of(&self, account: AccountId, id: OrderId) -> Option<&Record> {
        self.orders.get(&id).filter(|record| record.order.account == account)
    }

    /// The order that `fence` still holds.
    fn held(&mut self, fence: Fence) -> Option<&mut Record> {
        self.orders.get_mut(&fence.order_id).filter(|record| record.lease_epoch == fence.lease_epoch)
    }

    /// Orders that are the same as this one by any of its identities, the idempotency key's first.
    fn same_as(&self, asked: &Acceptance) -> Vec<&Record> {
        let of_account = || self.orders.values().filter(|known| known.order.account == asked.order.account);
        let by_key = of_account()
            .find(|known| known.idempotency_key.is_some() && known.idempotency_key == asked.idempotency_key);
        let by_client_id = of_account().find(|known| {
            known.order.client_order_id.is_some()
                && known.order.client_order_id == asked.order.client_order_id
        });
        let by_id = self.orders.get(&asked.order.id);
        by_key.into_iter().chain(by_client_id).chain(by_id).collect()
    }

    fn accept(&mut self, asked: Acceptance, now: Timestamp) -> Result<Accepted, StoreError> {
        if !self.accounts.contains(&asked.order.account) {
            return Err(StoreError(format!("unknown account {}", asked.order.account)));
        }
        let same = self.same_as(&asked);
        if let Some(known) = same.first() {
            if same.iter().any(|other| other.order.account != asked.order.account) {
                return Err(StoreError(format!("order id {} is taken", asked.order.id)));
            }
            let is_one = same.iter().all(|other| other.order.id == known.order.id);
            return Ok(if is_one && known.fingerprint == asked.fingerprint {
                Accepted::Replayed(Box::new(known.order.clone()))
            } else {
                Accepted::Conflict(known.order.id)
            });
        }
        self.feed.push((asked.order.id, asked.event.seq));
        self.orders.insert(
            asked.order.id,
            Record {
                order: asked.order,
                events: vec![asked.event],
                attempts: Vec::new(),
                idempotency_key: asked.idempotency_key,
                fingerprint: asked.fingerprint,
                wake_at: Some(now + asked.grace),
                lease_epoch: 0,
                lease_until: None,
            },
        );
        Ok(Accepted::Created)
    }

    fn commit(
        &mut self,
        commit: Commit,
        guards: Guards,
        now: Timestamp,
    ) -> Result<CommitOutcome, StoreError> {
        let taken = match &commit.ledger {
            Some(LedgerEntry::Open(attempt)) => self.is_taken(attempt),
            _ => false,
        };
        let Some(record) = self.orders.get_mut(&commit.fence.order_id) else {
            return Ok(CommitOutcome::Fenced);
        };
        let is_held = record.lease_epoch == commit.fence.lease_epoch;
        let follows = record.order.last_seq == commit.expected_seq();
        let fits_ledger = record.follows_ledger(commit.ledger.as_ref());
        if (guards.fence && !is_held)
            || (guards.sequence && !follows)
            || (guards.one_unresolved_attempt && !fits_ledger)
        {
            return Ok(CommitOutcome::Fenced);
        }
        if guards == Guards::ALL {
            if taken {
                return Err(StoreError("the attempt's number or signature is taken".into()));
            }
            record.check(&commit)?;
        }
        self.apply(commit, now);
        Ok(CommitOutcome::Committed)
    }

    fn apply(&mut self, commit: Commit, now: Timestamp) {
        let Some(record) = self.orders.get_mut(&commit.order.id) else { return };
        self.feed.extend(commit.events.iter().map(|event| (commit.order.id, event.seq)));
        record.order = commit.order;
        record.events.extend(commit.events);
        match commit.ledger {
            Some(LedgerEntry::Open(attempt)) => record.attempts.push(attempt),
            Some(LedgerEntry::Resolve { number, state, .. }) => {
                if let Some(attempt) = record.attempts.iter_mut().find(|attempt| attempt.number == number) {
                    attempt.state = state;
                }
            }
            None => {}
        }
        match commit.then {
            Then::Continue => {}
            Then::RetryAfter(delay) => record.end_lease(Some(now + delay), Some(now + delay)),
            Then::Finish => record.end_lease(None, None),
        }
    }

    fn cursor(&self, index: usize) -> FeedCursor {
        let (order_id, seq) = self.feed[index];
        FeedCursor { position: u64::try_from(index + 1).unwrap_or(u64::MAX), order_id, seq }
    }

    fn feed_end(&self) -> FeedCursor {
        self.feed.len().checked_sub(1).map_or(FeedCursor::START, |last| self.cursor(last))
    }

    fn feed(&self, account: AccountId, scope: &FeedScope, after: FeedCursor, limit: u32) -> FeedPage {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let begin = usize::try_from(after.position).unwrap_or(usize::MAX).min(self.feed.len());
        let mut page = FeedPage { events: Vec::new(), next: after, beyond: Beyond::Nothing };
        for index in begin..self.feed.len() {
            if page.events.len() == limit {
                page.beyond = Beyond::More;
                break;
            }
            let (cursor, (order_id, seq)) = (self.cursor(index), self.feed[index]);
            page.next = cursor;
            let is_named = match scope {
                FeedScope::All => true,
                FeedScope::Orders(ids) => ids.contains(&order_id),
            };
            let Some(record) = self.of(account, order_id).filter(|_| is_named) else { continue };
            let event = record.events.iter().find(|event| event.seq == seq);
            let request = record.order.spec.request;
            page.events.extend(event.cloned().map(|event| FeedEvent {
                cursor,
                order_id,
                account,
                request,
                event,
            }));
        }
        page
    }

    /// Whether another attempt has the signature, or one of the same order the number.
    fn is_taken(&self, new: &Attempt) -> bool {
        self.orders.values().flat_map(|record| &record.attempts).any(|known| {
            known.transaction.signature == new.transaction.signature
                || (known.order_id, known.number) == (new.order_id, new.number)
        })
    }
}

impl Record {
    fn unresolved(&self) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.state == AttemptState::Unresolved)
    }

    /// Whether the ledger still is as the change expects it.
    fn follows_ledger(&self, change: Option<&LedgerEntry>) -> bool {
        match change {
            None => true,
            Some(LedgerEntry::Open(_)) => self.unresolved().is_none(),
            Some(LedgerEntry::Resolve { number, signature, .. }) => {
                self.unresolved().is_some_and(|attempt| {
                    attempt.number == *number && attempt.transaction.signature == *signature
                })
            }
        }
    }

    /// What a correct execution never breaks.
    fn check(&self, commit: &Commit) -> Result<(), StoreError> {
        let is_gapless =
            (self.order.last_seq + 1..=commit.order.last_seq).eq(commit.events.iter().map(|event| event.seq));
        let is_terminal = commit.order.status.is_terminal();
        let finishes = commit.then == Then::Finish;
        let leaves_unresolved = match commit.ledger {
            Some(LedgerEntry::Open(_)) => true,
            Some(LedgerEntry::Resolve { .. }) => false,
            None => self.unresolved().is_some(),
        };
        let fills = commit.order.fill.is_some() == (commit.order.status == OrderStatus::Confirmed);
        if is_gapless && is_terminal == finishes && fills && !(is_terminal && leaves_unresolved) {
            Ok(())
        } else {
            Err(StoreError("the commit breaks an invariant of the order".into()))
        }
    }

    fn end_lease(&mut self, lease_until: Option<Timestamp>, wake_at: Option<Timestamp>) {
        self.lease_epoch += 1;
        self.lease_until = lease_until;
        self.wake_at = wake_at;
    }
}

#[async_trait]
impl OrderStore for MemoryStore {
    async fn accept(&self, acceptance: Acceptance) -> Result<Accepted, StoreError> {
        let _ = self.hangs.subscribe().wait_for(|hangs| !hangs).await;
        let now = self.clock.now();
        self.open()?.accept(acceptance, now)
    }

    async fn claim(&self, id: OrderId, _worker: &str, lease: Duration) -> Result<Option<Claim>, StoreError> {
        let now = self.clock.now();
        let mut state = self.open()?;
        let Some(record) = state.orders.get_mut(&id) else { return Ok(None) };
        if record.order.status.is_terminal() || record.lease_until.is_some_and(|until| until > now) {
            return Ok(None);
        }
        record.lease_epoch += 1;
        record.lease_until = Some(now + lease);
        record.wake_at = record.lease_until;
        Ok(Some(Claim {
            fence: Fence { order_id: id, lease_epoch: record.lease_epoch },
            order: record.order.clone(),
            unresolved: record.unresolved().cloned(),
        }))
    }

    async fn renew(&self, fence: Fence, lease: Duration) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let mut state = self.open()?;
        let Some(record) = state.held(fence) else { return Ok(false) };
        record.lease_until = Some(now + lease);
        record.wake_at = record.lease_until;
        Ok(true)
    }

    async fn release(&self, fence: Fence) -> Result<(), StoreError> {
        let now = self.clock.now();
        if let Some(record) = self.open()?.held(fence) {
            record.end_lease(None, Some(now));
        }
        Ok(())
    }

    async fn commit(&self, commit: Commit) -> Result<CommitOutcome, StoreError> {
        self.commit_guarded(commit, Guards::ALL)
    }

    async fn take_due(&self, limit: u32, redeliver_after: Duration) -> Result<Vec<OrderId>, StoreError> {
        let now = self.clock.now();
        let mut state = self.open()?;
        let mut due: Vec<&mut Record> =
            state.orders.values_mut().filter(|record| record.wake_at.is_some_and(|at| at <= now)).collect();
        due.sort_by_key(|record| (record.wake_at, record.order.id));
        due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(due
            .into_iter()
            .map(|record| {
                record.wake_at = Some(now + redeliver_after);
                record.order.id
            })
            .collect())
    }

    async fn order(&self, account: AccountId, id: OrderId) -> Result<Option<Order>, StoreError> {
        Ok(self.open()?.of(account, id).map(|record| record.order.clone()))
    }

    async fn orders(&self, account: AccountId, filter: OrderFilter) -> Result<Vec<Order>, StoreError> {
        let state = self.open()?;
        let orders = state.orders.values().rev().map(|record| &record.order);
        Ok(orders
            .filter(|order| order.account == account)
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

    async fn heads(&self, ids: &[OrderId]) -> Result<Vec<(OrderId, u32)>, StoreError> {
        let state = self.open()?;
        Ok(ids
            .iter()
            .filter_map(|id| state.orders.get(id))
            .map(|record| (record.order.id, record.order.last_seq))
            .collect())
    }

    async fn attempts(&self, account: AccountId, id: OrderId) -> Result<Vec<Attempt>, StoreError> {
        Ok(self.open()?.of(account, id).map_or_else(Vec::new, |record| record.attempts.clone()))
    }

    async fn open_orders(&self, at_most: u32) -> Result<u32, StoreError> {
        let state = self.open()?;
        let open = state.orders.values().filter(|record| record.wake_at.is_some()).count();
        Ok(u32::try_from(open).unwrap_or(u32::MAX).min(at_most))
    }

    async fn open_orders_by_status(&self, at_most: u32) -> Result<OpenOrders, StoreError> {
        let state = self.open()?;
        let open = state.orders.values().filter(|record| record.wake_at.is_some());
        let mut counts = OpenOrders::default();
        for record in open.take(usize::try_from(at_most).unwrap_or(usize::MAX)) {
            *counts.0.entry(record.order.status).or_default() += 1;
        }
        Ok(counts)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.open().map(|_| ())
    }
}
