//! The store as one process reaches it: it may fail before or after a commit.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    AccountId, Event, Mint, Order, OrderId, OrderStatus,
    books::{Balance, Payment, Transfer, TransferId, TransferOutcome, Wallet, WalletId},
    ports::{
        Acceptance, Accepted, ActiveOrders, Attempt, Cancel, Cancellation, Claim, Commit, CommitOutcome,
        DueOrder, EventBus, EventFeed, Executions, FeedCursor, FeedPage, FeedScope, Fence, OrderCounts,
        OrderFilter, OrderIntake, OrderPage, OrderReads, PostedEntry, RequestKeys, StoreError, StoreHealth,
        WalletOpening, Wallets,
    },
};

use testkit::{Guards, MemoryStore};

use super::SimulatedBus;
use crate::simulation::{
    controls::Control,
    process::{Lost, Process},
};

/// The store as one process reaches it. Only negative controls change what it does.
pub(crate) struct FaultyStore(pub(crate) Arc<Process>);

impl FaultyStore {
    fn is(&self, control: Control) -> bool {
        self.0.world.control == Some(control)
    }

    /// A read, which no control changes.
    async fn read<T>(
        &self,
        what: &'static str,
        read: impl AsyncFnOnce(&MemoryStore) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.0.call(what, async || read(&self.0.world.store).await).await?
    }
}

impl From<Lost> for StoreError {
    fn from(lost: Lost) -> Self {
        Self::unknown(lost.0)
    }
}

#[async_trait]
impl OrderIntake for FaultyStore {
    async fn accept(&self, mut acceptance: Acceptance) -> Result<Accepted, StoreError> {
        if self.is(Control::AcknowledgesBeforeDurable) && self.0.world.happens(1_000) {
            return Ok(Accepted::Created);
        }
        if self.is(Control::ForgetsKeys) {
            acceptance.idempotency_key = None;
        }
        let id = acceptance.order.id;
        let accepted = self.0.call("accept", async || self.0.world.store.accept(acceptance).await).await??;
        let as_what = match &accepted {
            Accepted::Created => "new".to_owned(),
            Accepted::Replayed(known) => format!("known as {}", known.id),
            Accepted::Conflict(known) => format!("in conflict with {known}"),
            Accepted::Insufficient(_) => "beyond its wallet's balance".to_owned(),
        };
        self.0.note(&format!("accepts {id}: {as_what}"));
        Ok(accepted)
    }

    async fn repeated(&self, asked: RequestKeys<'_>) -> Result<Option<Accepted>, StoreError> {
        let forgets_keys = self.is(Control::ForgetsKeys);
        let asked = RequestKeys { idempotency_key: asked.idempotency_key.filter(|_| !forgets_keys), ..asked };
        self.read("repeated", async |store| store.repeated(asked).await).await
    }

    async fn cancel(&self, cancel: Cancel) -> Result<Cancellation, StoreError> {
        let (world, id) = (&self.0.world, cancel.id);
        let guards_unresolved = !self.is(Control::CancelsWhatMayLand);
        let canceled =
            self.0.call("cancel", async || world.store.cancel_guarded(&cancel, guards_unresolved)).await??;
        let what = match &canceled {
            Cancellation::Unknown => "unknown",
            Cancellation::Ended(_) => "has ended",
            Cancellation::Requested(_) => "requested",
            Cancellation::Claimed(_) => "claimed to be canceled",
        };
        self.0.note(&format!("cancels {id}: {what}"));
        Ok(canceled)
    }

    async fn unpark(&self, account: AccountId, id: OrderId) -> Result<bool, StoreError> {
        self.0.call("unpark", async || self.0.world.store.unpark(account, id).await).await?
    }
}

#[async_trait]
impl Executions for FaultyStore {
    async fn claim(&self, id: OrderId, worker: &str, lease: Duration) -> Result<Option<Claim>, StoreError> {
        let world = &self.0.world;
        let claimed = self.0.call("claim", async || world.store.claim(id, worker, lease).await);
        let Some(mut claim) = claimed.await?? else { return Ok(None) };
        let inherits = if claim.unresolved.is_some() { " with an attempt" } else { "" };
        self.0.note(&format!("claims {id} in epoch {}{inherits}", claim.fence.lease_epoch));
        if claim.unresolved.is_some() && world.control.is_some_and(Control::forgets_unresolved) {
            claim.unresolved = None;
            claim.order.status = OrderStatus::Routing;
        }
        Ok(Some(claim))
    }

    async fn renew(&self, fence: Fence, lease: Duration) -> Result<bool, StoreError> {
        self.0.call("renew", async || self.0.world.store.renew(fence, lease).await).await?
    }

    async fn release(&self, fence: Fence, due_after: Duration) -> Result<(), StoreError> {
        self.0.note(&format!("gives {} back", fence.order_id));
        self.0.call("release", async || self.0.world.store.release(fence, due_after).await).await?
    }

    async fn commit(&self, commit: Commit) -> Result<CommitOutcome, StoreError> {
        let world = &self.0.world;
        if self.is(Control::AnnouncesBeforeCommit) {
            SimulatedBus(self.0.clone()).publish(commit.announcements().into_iter().map(Arc::new).collect());
        }
        let (id, order) = (commit.order.id, (commit.order.status, commit.order.last_seq));
        let guards = world.control.map_or(Guards::ALL, Control::guards);
        let outcome = self.0.call("commit", async || world.store.commit_guarded(commit, guards)).await??;
        self.0.note(&format!("commits {id} {} {}: {outcome:?}", order.0, order.1));
        Ok(outcome)
    }

    async fn lease_due(&self, limit: u32, redeliver_after: Duration) -> Result<Vec<DueOrder>, StoreError> {
        if self.is(Control::NeverSweeps) {
            return Ok(Vec::new());
        }
        self.0.call("sweep", async || self.0.world.store.lease_due(limit, redeliver_after).await).await?
    }
}

#[async_trait]
impl OrderReads for FaultyStore {
    async fn order(&self, account: AccountId, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.read("read", async |store| store.order(account, id).await).await
    }

    async fn orders(&self, account: AccountId, filter: OrderFilter) -> Result<OrderPage, StoreError> {
        self.read("list", async |store| store.orders(account, filter).await).await
    }

    async fn events(
        &self,
        account: AccountId,
        id: OrderId,
        after: u32,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        self.read("read events", async |store| store.events(account, id, after, limit).await).await
    }

    async fn attempts(&self, account: AccountId, id: OrderId) -> Result<Vec<Attempt>, StoreError> {
        self.read("read attempts", async |store| store.attempts(account, id).await).await
    }

    async fn lost_claims(&self, account: AccountId, id: OrderId) -> Result<Option<u32>, StoreError> {
        self.read("read lost claims", async |store| store.lost_claims(account, id).await).await
    }

    async fn last_seqs(&self, ids: &[OrderId]) -> Result<Vec<(OrderId, u32)>, StoreError> {
        self.read("read last_seqs", async |store| store.last_seqs(ids).await).await
    }
}

#[async_trait]
impl EventFeed for FaultyStore {
    async fn feed(
        &self,
        account: AccountId,
        scope: &FeedScope,
        after: FeedCursor,
        limit: u32,
    ) -> Result<FeedPage, StoreError> {
        self.read("read the feed", async |store| store.feed(account, scope, after, limit).await).await
    }

    async fn feed_end(&self) -> Result<FeedCursor, StoreError> {
        self.read("read the feed's end", async |store| store.feed_end().await).await
    }

    async fn feed_has(&self, cursor: FeedCursor) -> Result<bool, StoreError> {
        self.read("look a cursor up", async |store| store.feed_has(cursor).await).await
    }
}

#[async_trait]
impl OrderCounts for FaultyStore {
    async fn in_flight(&self, at_most: u32) -> Result<u32, StoreError> {
        self.read("count", async |store| store.in_flight(at_most).await).await
    }

    async fn resting(&self, account: AccountId, at_most: u32) -> Result<u32, StoreError> {
        self.read("count", async |store| store.resting(account, at_most).await).await
    }

    async fn active_by_status(&self, at_most: u32) -> Result<ActiveOrders, StoreError> {
        self.read("count", async |store| store.active_by_status(at_most).await).await
    }
}

#[async_trait]
impl Wallets for FaultyStore {
    async fn open_wallet(&self, wallet: Wallet, opening: Vec<Payment>) -> Result<WalletOpening, StoreError> {
        let store = &self.0.world.store;
        self.0.call("open a wallet", async || store.open_wallet(wallet, opening).await).await?
    }

    async fn transfer(&self, transfer: Transfer) -> Result<TransferOutcome, StoreError> {
        self.0.call("transfer", async || self.0.world.store.transfer(transfer).await).await?
    }

    async fn entry_of(&self, transfer: TransferId) -> Result<Option<PostedEntry>, StoreError> {
        self.read("read a transfer", async |store| store.entry_of(transfer).await).await
    }

    async fn wallets(&self, account: AccountId) -> Result<Vec<Wallet>, StoreError> {
        self.read("read wallets", async |store| store.wallets(account).await).await
    }

    async fn balances(&self, wallet: WalletId) -> Result<Vec<(Mint, Balance)>, StoreError> {
        self.read("read balances", async |store| store.balances(wallet).await).await
    }

    async fn entries(
        &self,
        wallet: WalletId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<PostedEntry>, StoreError> {
        self.read("read entries", async |store| store.entries(wallet, before, limit).await).await
    }

    async fn entries_after(
        &self,
        wallet: WalletId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<PostedEntry>, StoreError> {
        self.read("read entries", async |store| store.entries_after(wallet, after, limit).await).await
    }

    async fn entries_of(&self, order: OrderId) -> Result<Vec<PostedEntry>, StoreError> {
        self.read("read entries", async |store| store.entries_of(order).await).await
    }
}

#[async_trait]
impl StoreHealth for FaultyStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.read("ping", async |store| store.ping().await).await
    }
}
