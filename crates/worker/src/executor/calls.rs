//! Calls of the ports, each with a deadline. Whatever an adapter does, an execution never waits for
//! ever; a call that missed its deadline may have had its effect.

use std::{future::Future, time::Duration};

use domain::{
    Address, Failure, FailureCode, Plan, SignedTransaction, Swap, VenueId,
    ports::{ChainError, SignerError, StoreError, TransactionStatus, Venue, VenueError},
};
use tokio::time::timeout;
use tracing::{Instrument, debug_span};

use super::Executor;
use crate::progress::{Progress, Step};

/// How long a call of the store may take. Longer than the store's own deadlines, whose errors say more.
const STORE_WITHIN: Duration = Duration::from_secs(25);

/// Waits for the store.
///
/// # Errors
/// Those of the call, and [`StoreError::Unknown`] when it does not answer in time.
pub(crate) async fn store<T>(call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let late = |_| Err(StoreError::unknown(format!("no answer within {} s", STORE_WITHIN.as_secs())));
    timeout(STORE_WITHIN, call).await.unwrap_or_else(late)
}

impl Executor {
    /// The venue of an id, if this process has it.
    pub(super) fn venue(&self, id: VenueId) -> Option<&dyn Venue> {
        self.venues.iter().find(|venue| venue.id() == id).map(AsRef::as_ref)
    }

    pub(super) async fn build_at(
        &self,
        venue: &dyn Venue,
        swap: &Swap,
        payer: Address,
        progress: &Progress,
    ) -> Result<Plan, VenueError> {
        progress.enter(Step::Build);
        let call = venue.build(swap, payer).instrument(debug_span!("build"));
        let late = |limit: Duration| {
            let message = format!("no plan within {} ms", limit.as_millis());
            Failure::at(swap.venue, FailureCode::BuildFailed, message)
        };
        self.within_deadline(progress, call, late).await
    }

    /// The signed transaction of a plan. Nothing is sent yet, so nothing can land.
    pub(super) async fn sign(
        &self,
        plan: &Plan,
        payer: Address,
        progress: &Progress,
    ) -> Result<SignedTransaction, Failure> {
        progress.enter(Step::Sign);
        let late = |code| {
            move |limit: Duration| Failure::new(code, format!("no answer within {} ms", limit.as_millis()))
        };
        let signing = async {
            let compose = self.chain.compose(plan, payer);
            let message =
                self.within_deadline(progress, compose, late(FailureCode::ChainUnavailable)).await?;
            let sign = async {
                let signed = self.signer.sign(&message.bytes).await;
                signed.map_err(|error| Failure::new(code_of(&error), error.to_string()))
            };
            let signature =
                self.within_deadline(progress, sign, late(FailureCode::SignerUnavailable)).await?;
            Ok(message.signed(&signature))
        };
        signing.instrument(debug_span!("sign")).await
    }

    /// Any answer counts as one, also a failure: only silence says that the call may never end.
    async fn within_deadline<T, E>(
        &self,
        progress: &Progress,
        call: impl Future<Output = Result<T, E>>,
        late: impl FnOnce(Duration) -> E,
    ) -> Result<T, E> {
        let limit = self.policy.call_deadline;
        match timeout(limit, call).await {
            Ok(answer) => {
                progress.answered();
                answer
            }
            Err(_elapsed) => Err(late(limit)),
        }
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
        self.ask_chain(Duration::ZERO, progress, self.chain.status(transaction)).await
    }

    pub(super) async fn await_status(
        &self,
        transaction: &SignedTransaction,
        patience: Duration,
        progress: &Progress,
    ) -> Result<TransactionStatus, ChainError> {
        progress.enter(Step::Settle);
        let call = self.chain.await_status(transaction, patience);
        self.ask_chain(patience, progress, call).await
    }

    async fn ask_chain<T>(
        &self,
        patience: Duration,
        progress: &Progress,
        call: impl Future<Output = Result<T, ChainError>>,
    ) -> Result<T, ChainError> {
        let limit = self.policy.call_deadline + patience;
        match timeout(limit, call).await {
            Ok(answer) => {
                progress.answered();
                answer
            }
            Err(_elapsed) => {
                Err(ChainError::Unreachable(format!("no answer within {} ms", limit.as_millis()).into()))
            }
        }
    }
}

/// A key that cannot be reached is waited for; one that does not sign a transaction will not sign the next one.
fn code_of(error: &SignerError) -> FailureCode {
    match error {
        SignerError::Unreachable(_) => FailureCode::SignerUnavailable,
        SignerError::Refused(_) => FailureCode::SigningRefused,
    }
}
