//! The store ports.

use std::{sync::atomic::Ordering, time::Duration};

use async_trait::async_trait;
use domain::{
    AccountId, Event, Mint, Order, OrderId, Phase, Signature,
    books::{Balance, Payment, Transfer, TransferId, TransferOutcome, Wallet, WalletId},
    ports::{
        Acceptance, Accepted, ActiveOrders, Attempt, Cancel, Cancellation, Claim, Commit, CommitOutcome,
        DueAction, DueOrder, EventFeed, Executions, FeedCursor, FeedPage, FeedScope, Fence, OrderCounts,
        OrderFilter, OrderIntake, OrderPage, OrderReads, OrderSort, PostedEntry, RequestKeys, StoreError,
        StoreHealth, WalletOpening, Wallets,
    },
};

use super::{Guards, MemoryStore, record::Record};

#[async_trait]
impl OrderIntake for MemoryStore {
    async fn accept(&self, acceptance: Acceptance) -> Result<Accepted, StoreError> {
        self.wait_while_it_hangs().await;
        let now = self.clock.steady();
        self.open()?.accept(acceptance, now)
    }

    async fn repeated(&self, asked: RequestKeys<'_>) -> Result<Option<Accepted>, StoreError> {
        Ok(self.open()?.repeated(&asked, None))
    }

    async fn cancel(&self, cancel: Cancel) -> Result<Cancellation, StoreError> {
        self.cancel_guarded(&cancel, true)
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
}

#[async_trait]
impl Executions for MemoryStore {
    async fn claim(&self, id: OrderId, worker: &str, lease: Duration) -> Result<Option<Claim>, StoreError> {
        let now = self.clock.steady();
        let mut state = self.open()?;
        let Some(record) = state.orders.get_mut(&id) else { return Ok(None) };
        if record.order.status.is_terminal() || record.lease_until.is_some_and(|until| until > now) {
            return Ok(None);
        }
        Ok(Some(record.claim(worker, now, lease)))
    }

    async fn renew(&self, fence: Fence, lease: Duration) -> Result<bool, StoreError> {
        let now = self.clock.steady();
        let mut state = self.open()?;
        let Some(record) = state.held(fence) else { return Ok(false) };
        record.hold(now, lease);
        Ok(true)
    }

    async fn release(&self, fence: Fence, due_after: Duration) -> Result<(), StoreError> {
        self.wait_while_it_hangs().await;
        let due_at = Some(self.clock.steady() + due_after);
        if let Some(record) = self.open()?.held(fence) {
            record.lost_claims = record.lost_claims.saturating_sub(1);
            let is_resting = record.order.status.phase() == Phase::Resting;
            record.end_lease(due_at.filter(|_| !is_resting), due_at);
        }
        Ok(())
    }

    async fn commit(&self, commit: Commit) -> Result<CommitOutcome, StoreError> {
        self.wait_while_it_hangs().await;
        if self.refuses_commits.load(Ordering::Relaxed) {
            return Err(StoreError::unavailable("no commits are taken"));
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
}

#[async_trait]
impl OrderReads for MemoryStore {
    async fn order(&self, account: AccountId, id: OrderId) -> Result<Option<Order>, StoreError> {
        Ok(self.open()?.of(account, id).map(|record| record.order.clone()))
    }

    async fn orders(&self, account: AccountId, filter: OrderFilter) -> Result<OrderPage, StoreError> {
        let state = self.open()?;
        let records = state.orders.values().filter(|record| !filter.parked || record.is_parked());
        let records = records.filter(|record| {
            let has = |signature: &Signature| {
                record.attempts.iter().any(|attempt| attempt.transaction.signature == *signature)
            };
            filter.signature.as_ref().is_none_or(has)
        });
        let orders = records.map(|record| &record.order).filter(|order| order.account == account);
        let mut orders: Vec<_> = orders.filter(|order| filter.selects(order)).cloned().collect();
        orders.sort_by_key(|order| match filter.sort {
            OrderSort::CreatedAt => (0, order.id),
            OrderSort::UpdatedAt => (order.updated_at.unix_micros(), order.id),
            OrderSort::Attempt => (order.attempt.into(), order.id),
            OrderSort::Duration => {
                (order.updated_at.unix_micros() - order.created_at.unix_micros(), order.id)
            }
        });
        if filter.descending {
            orders.reverse();
        }
        if let Some(cursor) = filter.cursor {
            orders.retain(|order| if filter.descending { order.id < cursor } else { order.id > cursor });
        }
        let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let has_more = orders.len() > limit && filter.sort == OrderSort::CreatedAt;
        orders.truncate(limit);
        let next = orders.last().filter(|_| has_more).map(|order| order.id);
        Ok(OrderPage { orders, next })
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
        let found: Vec<_> = events.iter().filter(|event| event.seq > after).take(limit).cloned().collect();
        self.events_read.fetch_add(found.len(), Ordering::Relaxed);
        Ok(found)
    }

    async fn attempts(&self, account: AccountId, id: OrderId) -> Result<Vec<Attempt>, StoreError> {
        Ok(self.open()?.of(account, id).map_or_else(Vec::new, |record| record.attempts.clone()))
    }

    async fn lost_claims(&self, account: AccountId, id: OrderId) -> Result<Option<u32>, StoreError> {
        let state = self.open()?;
        let active = state.of(account, id).filter(|record| !record.order.status.is_terminal());
        Ok(active.map(|record| record.lost_claims.saturating_sub(1)))
    }

    async fn last_seqs(&self, ids: &[OrderId]) -> Result<Vec<(OrderId, u32)>, StoreError> {
        let state = self.open()?;
        Ok(ids
            .iter()
            .filter_map(|id| state.orders.get(id))
            .map(|record| (record.order.id, record.order.last_seq))
            .collect())
    }
}

#[async_trait]
impl EventFeed for MemoryStore {
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
}

#[async_trait]
impl OrderCounts for MemoryStore {
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
        for record in state.orders.values() {
            let status = record.order.status;
            if !status.is_terminal() && counts.in_phase(status.phase()) < at_most {
                counts.add(status, record.claimed_by.clone(), record.is_parked(), 1);
            }
        }
        Ok(counts)
    }
}

#[async_trait]
impl Wallets for MemoryStore {
    async fn open_wallet(&self, wallet: Wallet, opening: Vec<Payment>) -> Result<WalletOpening, StoreError> {
        self.open()?.books.open(wallet, opening)
    }

    async fn transfer(&self, transfer: Transfer) -> Result<TransferOutcome, StoreError> {
        Ok(self.open()?.books.transfer(&transfer))
    }

    async fn entry_of(&self, transfer: TransferId) -> Result<Option<PostedEntry>, StoreError> {
        Ok(self.open()?.books.entry_of(transfer))
    }

    async fn wallets(&self, account: AccountId) -> Result<Vec<Wallet>, StoreError> {
        Ok(self.open()?.books.wallets(account))
    }

    async fn balances(&self, wallet: WalletId) -> Result<Vec<(Mint, Balance)>, StoreError> {
        Ok(self.open()?.books.balances(wallet))
    }

    async fn entries(
        &self,
        wallet: WalletId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<PostedEntry>, StoreError> {
        Ok(self.open()?.books.entries(wallet, before, limit))
    }

    async fn entries_after(
        &self,
        wallet: WalletId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<PostedEntry>, StoreError> {
        Ok(self.open()?.books.entries_after(wallet, after, limit))
    }

    async fn entries_of(&self, order: OrderId) -> Result<Vec<PostedEntry>, StoreError> {
        Ok(self.open()?.books.entries_of(order))
    }
}

#[async_trait]
impl StoreHealth for MemoryStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.open().map(|_| ())
    }
}
