//! Calls of the ports, each with its deadline. Whatever an adapter does, an execution never waits for
//! ever; a call that missed its deadline may have had its effect.

use std::{future::Future, time::Duration};

use domain::{
    Failure, FailureCode, Signature, Swap,
    ports::{ChainError, StoreError, TransactionStatus, Venue, VenueError},
    swap::{Instruction, SignedTransaction},
};
use tokio::time::timeout;
use tracing::{Instrument, debug_span};

use super::Executor;
use crate::progress::{Progress, Step};

/// How long a call of the store may take. Longer than the store's own deadlines, whose reasons say more.
const STORE_WITHIN: Duration = Duration::from_secs(25);

/// Waits for the store.
///
/// # Errors
/// Those of the call, and [`StoreError::Unknown`] when it does not answer in time.
pub(crate) async fn store<T>(call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let late = |_| Err(StoreError::Unknown(format!("no answer within {} s", STORE_WITHIN.as_secs())));
    timeout(STORE_WITHIN, call).await.unwrap_or_else(late)
}

impl Executor {
    pub(super) async fn build_at(
        &self,
        venue: &dyn Venue,
        swap: &Swap,
        progress: &Progress,
    ) -> Result<Vec<Instruction>, VenueError> {
        progress.enter(Step::Build);
        let limit = self.policy.call_deadline;
        let call = venue.build(swap).instrument(debug_span!("build"));
        let built = timeout(limit, call).await;
        if built.is_ok() {
            progress.answered();
        }
        built.unwrap_or_else(|_| {
            let late = format!("no instructions within {} ms", limit.as_millis());
            Err(Failure::at(swap.venue, FailureCode::BuildFailed, late))
        })
    }

    pub(super) async fn sign(
        &self,
        swap: &Swap,
        progress: &Progress,
    ) -> Result<SignedTransaction, ChainError> {
        progress.enter(Step::Sign);
        let call = self.chain.sign(swap).instrument(debug_span!("sign"));
        self.ask_chain(Duration::ZERO, progress, call).await
    }

    pub(super) async fn send(
        &self,
        transaction: &SignedTransaction,
        progress: &Progress,
    ) -> Result<(), ChainError> {
        progress.enter(Step::Send);
        self.ask_chain(Duration::ZERO, progress, self.chain.send(transaction)).await
    }

    pub(super) async fn status(
        &self,
        transaction: &SignedTransaction,
        progress: &Progress,
    ) -> Result<TransactionStatus, ChainError> {
        progress.enter(Step::Settle);
        let (signature, last_valid) = outcome_of(transaction);
        self.ask_chain(Duration::ZERO, progress, self.chain.status(signature, last_valid)).await
    }

    pub(super) async fn await_status(
        &self,
        transaction: &SignedTransaction,
        patience: Duration,
        progress: &Progress,
    ) -> Result<TransactionStatus, ChainError> {
        progress.enter(Step::Settle);
        let (signature, last_valid) = outcome_of(transaction);
        let call = self.chain.await_status(signature, last_valid, patience);
        self.ask_chain(patience, progress, call).await
    }

    async fn ask_chain<T>(
        &self,
        patience: Duration,
        progress: &Progress,
        call: impl Future<Output = Result<T, ChainError>>,
    ) -> Result<T, ChainError> {
        let limit = self.policy.call_deadline + patience;
        let late = |_| Err(ChainError(format!("no answer within {} ms", limit.as_millis())));
        let answer = timeout(limit, call).await.unwrap_or_else(late);
        if answer.is_ok() {
            progress.answered();
        }
        answer
    }
}

/// What the chain is asked by to learn what became of a transaction.
fn outcome_of(transaction: &SignedTransaction) -> (&Signature, u64) {
    (&transaction.signature, transaction.last_valid_block_height)
}
