use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;

use crate::{
    AccountId, Event, Order, OrderEvent, OrderId, OrderStatus, Signature, Timestamp, VenueId,
    ports::{FeedCursor, FeedPage, FeedScope},
    swap::SignedTransaction,
};

/// Why a call of the store failed. What the caller may conclude differs, so it is a value, not a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The call never reached the database, or the database refused it: nothing was written.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// The connection was lost or missed its deadline after the call was sent: it may have been written.
    #[error("store did not answer: {0}")]
    Unknown(String),
    /// A stored row that this version cannot read. Repeating the call does not help; an upgrade does.
    #[error("stored data cannot be read: {0}")]
    Unreadable(String),
}

/// An order to be made durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The order, `pending`, with its client order id if it has one.
    pub order: Order,
    /// Its first event.
    pub event: Event,
    /// The `Idempotency-Key` it came with.
    pub idempotency_key: Option<String>,
    /// A digest of what was asked, which tells a repeated request from a different one.
    pub fingerprint: [u8; 32],
    /// How long the push to the queue may take before the sweeper steps in.
    pub grace: Duration,
}

/// What came of an acceptance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// A new order is durable.
    Created,
    /// The same request came before; this is its order as it stands now.
    Replayed(Box<Order>),
    /// The key (or client order id, or id) belongs to an order that asked for something else.
    Conflict(OrderId),
}

/// Proof of a claim. Every write of an execution carries it, and a newer claim makes it void.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fence {
    /// Which order.
    pub order_id: OrderId,
    /// Which claim of it; grows by one with every claim, and by one when a claim ends otherwise than
    /// by running out.
    pub lease_epoch: u64,
}

/// An order that is ours to execute until the lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The proof.
    pub fence: Fence,
    /// The order as it stands.
    pub order: Order,
    /// The attempt whose outcome is not known. It must be resolved before anything else.
    pub unresolved: Option<Attempt>,
    /// How many claims in a row were lost before this one: their worker died, and they neither moved
    /// the attempt record nor were given back.
    pub lost_claims: u32,
}

/// An order that has lost this many claims in a row is *parked*: every further claim holds it twice as
/// long as the one before, so that an order that kills its workers costs them little.
pub const PARKED_AFTER: u32 = 5;
/// How often a parked order's lease is doubled at most.
pub const MAX_DOUBLINGS: u32 = 8;
/// The lease of a parked order grows no further than this.
pub const LONGEST_PARKING: Duration = Duration::from_hours(1);

impl Claim {
    /// Whether earlier claims of the order were lost so often that it is taken for poison.
    pub fn is_parked(&self) -> bool {
        self.lost_claims >= PARKED_AFTER
    }

    /// How long a claim holds when it is asked for `lease` and this many claims were lost in a row, this
    /// one included.
    pub fn lease_of(lease: Duration, lost_claims: u32) -> Duration {
        let doublings = lost_claims.saturating_sub(PARKED_AFTER).min(MAX_DOUBLINGS);
        lease.saturating_mul(1 << doublings).min(LONGEST_PARKING).max(lease)
    }
}

/// One try at an order, written ahead of sending it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Which order.
    pub order_id: OrderId,
    /// Which attempt of it, counted from 1.
    pub number: u32,
    /// Where.
    pub venue: VenueId,
    /// What was signed.
    pub transaction: SignedTransaction,
    /// When it was written.
    pub created_at: Timestamp,
    /// What became of it.
    pub state: AttemptState,
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptState {
    /// Not known yet: it may have been sent and it may land.
    Unresolved,
    /// It landed.
    Landed,
    /// It landed and reverted.
    Reverted,
    /// It never landed and never will.
    Expired,
}

impl AttemptState {
    /// The name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unresolved => "unresolved",
            Self::Landed => "landed",
            Self::Reverted => "reverted",
            Self::Expired => "expired",
        }
    }
}

/// A change of the attempt record that goes with a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptChange {
    /// Write an attempt ahead of sending it.
    Open(Attempt),
    /// Record how the order's unresolved attempt ended.
    Resolve {
        /// Which attempt.
        number: u32,
        /// Its signature.
        signature: Signature,
        /// How it ended; never [`AttemptState::Unresolved`].
        state: AttemptState,
    },
}

/// What happens to the claim with a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimAction {
    /// The execution goes on under its lease.
    Continue,
    /// Nobody may claim the order before the delay is over, by the store's clock; then it is due.
    RetryAfter(Duration),
    /// The order is terminal and never due again.
    Finish,
}

/// One transition, or several that happened together: all of it is written, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Proof of the claim.
    pub fence: Fence,
    /// The order as it stands after the events. Its `last_seq` less the number of events is what
    /// the row must still have.
    pub order: Order,
    /// The new events, gapless up to the order's `last_seq`.
    pub events: Vec<Event>,
    /// The change of the attempt record.
    pub change: Option<AttemptChange>,
    /// What happens to the claim.
    pub then: ClaimAction,
}

/// What came of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is durable.
    Committed,
    /// The lease is lost or the order has moved on. Nothing was written; the execution must stop.
    Fenced,
}

/// Which orders to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only this status.
    pub status: Option<OrderStatus>,
    /// Only [parked](PARKED_AFTER) orders.
    pub parked: bool,
    /// Only orders with this tag.
    pub tag: Option<String>,
    /// Only orders older than this one.
    pub before: Option<OrderId>,
    /// The most orders to return.
    pub limit: u32,
}

/// How many orders are not terminal, by where they stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenOrders(pub BTreeMap<OrderStatus, u32>);

impl OpenOrders {
    /// All of them.
    pub fn total(&self) -> u32 {
        self.0.values().sum()
    }

    /// Those that stand there.
    pub fn with(&self, status: OrderStatus) -> u32 {
        self.0.get(&status).copied().unwrap_or_default()
    }
}

/// Keeps orders, events and attempts: the truth.
#[async_trait]
pub trait OrderStore: Send + Sync + 'static {
    /// Makes an order durable, once per id, idempotency key and client order id of its account. It is
    /// due after its grace. A store may write it twice before it answers, and then the answer may be
    /// [`Accepted::Replayed`] with the order's own id.
    ///
    /// # Errors
    /// [`StoreError`]: after `Unknown` the order may or may not exist; the same key or id tells. An
    /// acceptance whose future is dropped before it was sent to the database is never written.
    async fn accept(&self, acceptance: Acceptance) -> Result<Accepted, StoreError>;

    /// Takes an order for execution: `None` when it is unknown, terminal, claimed by another, or
    /// waiting for its next attempt. A claim makes the order due again at the end of its lease, which is
    /// [`Claim::lease_of`] the lease that is asked for. It counts as lost until its holder changes the
    /// attempt record, ends it with a commit, or gives it back.
    ///
    /// # Errors
    /// [`StoreError`]: the claim may have been made; it then runs out.
    async fn claim(&self, id: OrderId, worker: &str, lease: Duration) -> Result<Option<Claim>, StoreError>;

    /// Extends a lease from now on. `false` when it is lost.
    ///
    /// # Errors
    /// [`StoreError`]: unknown whether it was extended.
    async fn renew(&self, fence: Fence, lease: Duration) -> Result<bool, StoreError>;

    /// Gives a claim back; the order is due again after `due_after`. Such a claim does not count as lost.
    /// Does nothing when the lease is lost.
    ///
    /// # Errors
    /// [`StoreError`]: the lease then runs out by itself.
    async fn release(&self, fence: Fence, due_after: Duration) -> Result<(), StoreError>;

    /// Lets a parked order go on at once: its lost claims are forgotten, and a claim that still holds it ends.
    /// Returns whether it was parked.
    ///
    /// # Errors
    /// [`StoreError`]: unknown whether it was done; doing it again is safe.
    async fn unpark(&self, account: AccountId, id: OrderId) -> Result<bool, StoreError>;

    /// How many claims of an open order were lost in a row before its last one. `None` for an order that is unknown or has
    /// ended.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn lost_claims(&self, account: AccountId, id: OrderId) -> Result<Option<u32>, StoreError>;

    /// Writes a transition if the fence and the sequence still hold.
    ///
    /// # Errors
    /// [`StoreError`]: unknown whether it was written; the execution must stop and let the next
    /// claim read the truth.
    async fn commit(&self, commit: Commit) -> Result<CommitOutcome, StoreError>;

    /// Orders that are due, longest waiting first. Each is not due again before `redeliver_after`,
    /// and two callers at once get different ones.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn lease_due(&self, limit: u32, redeliver_after: Duration) -> Result<Vec<OrderId>, StoreError>;

    /// One order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn order(&self, account: AccountId, id: OrderId) -> Result<Option<Order>, StoreError>;

    /// Orders, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn orders(&self, account: AccountId, filter: OrderFilter) -> Result<Vec<Order>, StoreError>;

    /// The events of an order after a sequence number, in order, at most `limit`. Empty also for
    /// an order that does not exist.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn events(
        &self,
        account: AccountId,
        id: OrderId,
        after: u32,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError>;

    /// The events of many orders of an account, after a cursor, at most `limit`. Whoever reads on from
    /// [`FeedPage::next`] sees every event once, those of one order in their order, whatever is written
    /// meanwhile and by whom. An event may appear a moment after its commit, but never behind a cursor
    /// that was given out.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn feed(
        &self,
        account: AccountId,
        scope: &FeedScope,
        after: FeedCursor,
        limit: u32,
    ) -> Result<FeedPage, StoreError>;

    /// The place in the feed after everything that is certain now. No cursor that was given out before
    /// is beyond it.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn feed_end(&self) -> Result<FeedCursor, StoreError>;

    /// Whether a cursor can be read on from: it is the start, or the event before it is there, at the
    /// place where it was read. A database that was replaced, restored or failed over with losses does not
    /// have it.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn feed_has(&self, cursor: FeedCursor) -> Result<bool, StoreError>;

    /// The position of the oldest committed event that the feed does not show yet, because a transaction
    /// that began before it is still open. `None` when the feed shows every committed event.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn feed_held_at(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    /// The last sequence numbers of orders, for the tail check of streams. Unknown ones are left
    /// out.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn last_seqs(&self, ids: &[OrderId]) -> Result<Vec<(OrderId, u32)>, StoreError>;

    /// The attempts of an order, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn attempts(&self, account: AccountId, id: OrderId) -> Result<Vec<Attempt>, StoreError>;

    /// How many orders of all accounts are not terminal, counted no further than `at_most`: the
    /// price of asking has a bound, however long the backlog is.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn open_orders(&self, at_most: u32) -> Result<u32, StoreError>;

    /// The same by where they stand, which has to look at every one of them: for people, now and then.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn open_orders_by_status(&self, at_most: u32) -> Result<OpenOrders, StoreError>;

    /// Whether orders can be written now, as far as recent writes or a probe tell. Bounded in time, and
    /// cheap to ask often.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Puts everything in order at a clean stop, after the last call.
    async fn close(&self) {}
}

impl Commit {
    /// The events as they are announced once the commit is durable.
    pub fn announcements(&self) -> Vec<OrderEvent> {
        self.events
            .iter()
            .map(|event| OrderEvent {
                order_id: self.order.id,
                account: self.order.account,
                event: event.clone(),
            })
            .collect()
    }

    /// The sequence number the row must have for this commit to follow it.
    pub fn expected_seq(&self) -> u32 {
        self.order.last_seq - u32::try_from(self.events.len()).unwrap_or(u32::MAX)
    }
}
