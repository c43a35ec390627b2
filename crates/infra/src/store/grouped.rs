//! The store port over a database, its writes grouped.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use batching::Batcher;
use domain::{
    AccountId, Event, Order, OrderId,
    ports::{
        Acceptance, Accepted, Attempt, Claim, Commit, CommitOutcome, FeedCursor, FeedPage, FeedScope, Fence,
        OpenOrders, OrderFilter, OrderStore, StoreError,
    },
};
use futures::TryFutureExt;
use metrics::{counter, histogram};

use super::request::{Database, Write, Written, unavailable};
use crate::metrics::catalogue;

/// Writes that go in one transaction at most.
const MAX_BATCH: usize = 256;
/// Writes that may wait; more callers are held back.
const MAX_WAITING: usize = 4_096;

/// How often a transaction is tried that loses against another one.
const MAX_TRIES: u32 = 3;

/// A store whose writes share transactions.
pub(super) struct GroupedStore<D> {
    database: Arc<D>,
    writes: Batcher<Write, Result<Written, StoreError>>,
}

impl<D: Database> GroupedStore<D> {
    /// Starts grouping on the current runtime.
    pub(super) fn new(database: D) -> Self {
        let database = Arc::new(database);
        let grouped = database.clone();
        let writes =
            Batcher::spawn_several(D::BATCHES_IN_FLIGHT, MAX_BATCH, MAX_WAITING, move |batch: Vec<Write>| {
                let database = grouped.clone();
                async move { write_batch(database.as_ref(), batch).await }
            });
        Self { database, writes }
    }

    async fn write(&self, write: Write) -> Result<Written, StoreError> {
        let operation = write.operation();
        let written = async {
            self.writes.submit(write).await.map_err(|stopped| StoreError::Unknown(stopped.to_string()))?
        };
        measured(operation, written).await
    }
}

/// One transaction for all; if it fails, one for each, so that a bad neighbour hurts nobody.
async fn write_batch<D: Database>(database: &D, batch: Vec<Write>) -> Vec<Result<Written, StoreError>> {
    match write_together(database, &batch).await {
        Ok(written) => written.into_iter().map(Ok).collect(),
        Err(error) if batch.len() == 1 || is_connection_lost(&error) => {
            let error = unavailable(error);
            batch.iter().map(|_| Err(error.clone())).collect()
        }
        Err(_) => {
            let mut results = Vec::with_capacity(batch.len());
            for write in &batch {
                let written = write_together(database, std::slice::from_ref(write)).await;
                let one = written.map_err(unavailable).and_then(|mut written| {
                    written.pop().ok_or_else(|| StoreError::Unknown("a write gave no result".to_owned()))
                });
                results.push(one);
            }
            results
        }
    }
}

/// Measures a call of the store.
async fn measured<T>(
    operation: &'static str,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let began = Instant::now();
    let result = call.await;
    histogram!(catalogue::STORE_CALL, "operation" => operation).record(began.elapsed());
    if result.is_err() {
        counter!(catalogue::STORE_ERRORS, "operation" => operation).increment(1);
    }
    result
}

async fn read<T>(
    operation: &'static str,
    asked: impl Future<Output = sqlx::Result<T>>,
) -> Result<T, StoreError> {
    measured(operation, asked.map_err(unavailable)).await
}

/// One transaction, again if the database has ended it in favour of another one.
async fn write_together<D: Database>(database: &D, batch: &[Write]) -> sqlx::Result<Vec<Written>> {
    let began = Instant::now();
    let written = write_repeatedly(database, batch).await;
    histogram!(catalogue::STORE_TRANSACTION).record(began.elapsed());
    histogram!(catalogue::STORE_GROUP).record(u32::try_from(batch.len()).unwrap_or(u32::MAX));
    written
}

async fn write_repeatedly<D: Database>(database: &D, batch: &[Write]) -> sqlx::Result<Vec<Written>> {
    let mut tries = 1;
    loop {
        match database.write_all(batch).await {
            Err(error) if tries < MAX_TRIES && is_victim(&error) => tries += 1,
            result => return result,
        }
    }
}

/// Whether the transaction was rolled back, whole, to end a deadlock or a conflict with another.
fn is_victim(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("40P01" | "40001"))
}

/// Trying each write alone would only wait for the same dead server once per write. A transaction
/// whose commit broke off may have been written, so it must not be repeated either.
fn is_connection_lost(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Protocol(_)
    )
}

fn mismatch(written: &Written) -> StoreError {
    StoreError::Unknown(format!("a write got the answer of another: {written:?}"))
}

#[async_trait]
impl<D: Database> OrderStore for GroupedStore<D> {
    async fn accept(&self, acceptance: Acceptance) -> Result<Accepted, StoreError> {
        match self.write(Write::Accept(Box::new(acceptance))).await? {
            Written::Accept(accepted) => Ok(accepted),
            other => Err(mismatch(&other)),
        }
    }

    async fn claim(&self, id: OrderId, worker: &str, lease: Duration) -> Result<Option<Claim>, StoreError> {
        match self.write(Write::Claim { id, worker: worker.to_owned(), lease }).await? {
            Written::Claim(claim) => Ok(claim.map(|claim| *claim)),
            other => Err(mismatch(&other)),
        }
    }

    async fn renew(&self, fence: Fence, lease: Duration) -> Result<bool, StoreError> {
        match self.write(Write::Renew { fence, lease }).await? {
            Written::Renew(renewed) => Ok(renewed),
            other => Err(mismatch(&other)),
        }
    }

    async fn release(&self, fence: Fence) -> Result<(), StoreError> {
        self.write(Write::Release(fence)).await.map(drop)
    }

    async fn commit(&self, commit: Commit) -> Result<CommitOutcome, StoreError> {
        match self.write(Write::Commit(Box::new(commit))).await? {
            Written::Commit(outcome) => Ok(outcome),
            other => Err(mismatch(&other)),
        }
    }

    async fn take_due(&self, limit: u32, redeliver_after: Duration) -> Result<Vec<OrderId>, StoreError> {
        match self.write(Write::TakeDue { limit, redeliver_after }).await? {
            Written::TakeDue(due) => Ok(due),
            other => Err(mismatch(&other)),
        }
    }

    async fn order(&self, account: AccountId, id: OrderId) -> Result<Option<Order>, StoreError> {
        read("order", self.database.order(account, id)).await
    }

    async fn orders(&self, account: AccountId, filter: OrderFilter) -> Result<Vec<Order>, StoreError> {
        read("orders", self.database.orders(account, &filter)).await
    }

    async fn events(
        &self,
        account: AccountId,
        id: OrderId,
        after: u32,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        read("events", self.database.events(account, id, after, limit)).await
    }

    async fn feed(
        &self,
        account: AccountId,
        scope: &FeedScope,
        after: FeedCursor,
        limit: u32,
    ) -> Result<FeedPage, StoreError> {
        read("feed", self.database.feed(account, scope, after, limit)).await
    }

    async fn feed_end(&self) -> Result<FeedCursor, StoreError> {
        read("feed_end", self.database.feed_end()).await
    }

    async fn heads(&self, ids: &[OrderId]) -> Result<Vec<(OrderId, u32)>, StoreError> {
        read("heads", self.database.heads(ids)).await
    }

    async fn attempts(&self, account: AccountId, id: OrderId) -> Result<Vec<Attempt>, StoreError> {
        read("attempts", self.database.attempts(account, id)).await
    }

    async fn open_orders(&self, at_most: u32) -> Result<u32, StoreError> {
        read("open_orders", self.database.open_orders(at_most)).await
    }

    async fn open_orders_by_status(&self, at_most: u32) -> Result<OpenOrders, StoreError> {
        read("open_orders_by_status", self.database.open_orders_by_status(at_most)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        read("ping", self.database.ping()).await
    }
}
