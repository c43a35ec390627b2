//! The store port over a database: its writes grouped, its reads each on a connection of their own.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use batching::Batcher;
use database::within;
use domain::{
    AccountId, OrderId,
    ports::{
        Acceptance, Accepted, Cancel, Cancellation, Claim, Commit, CommitOutcome, DueOrder, Executions,
        Fence, OrderIntake, RequestKeys, StoreError, StoreHealth,
    },
};
use futures::TryFutureExt;
use metrics::{counter, gauge, histogram};
use telemetry::metrics::catalogue;
use tokio::time::{sleep, timeout};

use super::{
    lane::{Answer, Lane},
    request::{Database, Write, Written, unavailable},
    same,
};

/// Writes that go in one transaction at most.
const MAX_BATCH: usize = 256;
/// Writes that may wait; more callers are held back.
const MAX_WAITING: usize = 4_096;

/// How long a caller waits for a write, with its turn.
const WRITE_WITHIN: Duration = Duration::from_secs(20);
/// How long a read may take before its connection is closed. More than the server's own limit, which a
/// healthy server reports sooner.
const READ_WITHIN: Duration = Duration::from_secs(14);
/// How often the age of the oldest write is measured.
const MEASURE_EVERY: Duration = Duration::from_secs(1);

/// A store whose writes share transactions.
pub(super) struct GroupedStore<D> {
    lane: Arc<Lane<D>>,
    writes: Batcher<Write, Answer>,
}

impl<D: Database> GroupedStore<D> {
    /// Starts grouping on the current runtime.
    pub(super) fn new(database: D) -> Self {
        let lane = Lane::new(database);
        measure_oldest(&lane);
        let writes = {
            let lane = lane.clone();
            Batcher::spawn_several(D::BATCHES_IN_FLIGHT, MAX_BATCH, MAX_WAITING, move |calls| {
                lane.clone().write(calls)
            })
        };
        Self { lane, writes }
    }

    pub(super) async fn write(&self, write: Write) -> Result<Written, StoreError> {
        let operation = write.operation();
        let written = async {
            let written = timeout(WRITE_WITHIN, self.writes.submit(write)).await;
            let written = written.map_err(|_| StoreError::unknown("no answer in time"))?;
            written.map_err(StoreError::unknown)?
        };
        measured(operation, written).await
    }

    /// A read on a connection of its own.
    pub(super) async fn read<T>(
        &self,
        operation: &'static str,
        read: impl AsyncFnOnce(&mut D::Reader) -> sqlx::Result<T>,
    ) -> Result<T, StoreError> {
        let asked = async {
            let mut lease = self.lane.database.readers().lease().await?;
            let found = read(&mut lease).await?;
            Ok(lease.give_back(found))
        };
        measured(operation, within(READ_WITHIN, asked).map_err(|error| unavailable(&Arc::new(error)))).await
    }
}

/// Keeps the gauge of the oldest write until the store is dropped.
fn measure_oldest<D: Database>(lane: &Arc<Lane<D>>) {
    let lane = Arc::downgrade(lane);
    tokio::spawn(async move {
        while let Some(lane) = lane.upgrade() {
            gauge!(catalogue::STORE_OLDEST_WRITE).set(lane.health.oldest().as_secs_f64());
            drop(lane);
            sleep(MEASURE_EVERY).await;
        }
    });
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

pub(super) fn mismatch(written: &Written) -> StoreError {
    StoreError::unknown(format!("a write got the answer of another: {written:?}"))
}

#[async_trait]
impl<D: Database> OrderIntake for GroupedStore<D> {
    async fn accept(&self, acceptance: Acceptance) -> Result<Accepted, StoreError> {
        // Waiting for a database that does not answer would only end in a refusal that is less certain.
        if let Some(refusal) = self.lane.health.refusal() {
            return measured("accept", async { Err(refusal) }).await;
        }
        match self.write(Write::Accept(Box::new(acceptance))).await? {
            Written::Accept(accepted) => Ok(accepted),
            other => Err(mismatch(&other)),
        }
    }

    async fn repeated(&self, asked: RequestKeys<'_>) -> Result<Option<Accepted>, StoreError> {
        self.read("repeated", async |reader| same::repeated(reader, &asked).await).await
    }

    async fn cancel(&self, cancel: Cancel) -> Result<Cancellation, StoreError> {
        match self.write(Write::Cancel(cancel)).await? {
            Written::Cancel(cancellation) => Ok(cancellation),
            other => Err(mismatch(&other)),
        }
    }

    async fn unpark(&self, account: AccountId, id: OrderId) -> Result<bool, StoreError> {
        match self.write(Write::Unpark { account, id }).await? {
            Written::Unpark(was_parked) => Ok(was_parked),
            other => Err(mismatch(&other)),
        }
    }
}

#[async_trait]
impl<D: Database> Executions for GroupedStore<D> {
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

    async fn release(&self, fence: Fence, due_after: Duration) -> Result<(), StoreError> {
        self.write(Write::Release { fence, due_after }).await.map(drop)
    }

    async fn commit(&self, commit: Commit) -> Result<CommitOutcome, StoreError> {
        match self.write(Write::Commit(Box::new(commit))).await? {
            Written::Commit(outcome) => Ok(outcome),
            other => Err(mismatch(&other)),
        }
    }

    async fn lease_due(&self, limit: u32, redeliver_after: Duration) -> Result<Vec<DueOrder>, StoreError> {
        match self.write(Write::LeaseDue { limit, redeliver_after }).await? {
            Written::LeaseDue(due) => Ok(due),
            other => Err(mismatch(&other)),
        }
    }
}

#[async_trait]
impl<D: Database> StoreHealth for GroupedStore<D> {
    async fn ping(&self) -> Result<(), StoreError> {
        measured("ping", self.lane.ping()).await
    }

    async fn close(&self) {
        self.lane.database.close().await;
    }
}
