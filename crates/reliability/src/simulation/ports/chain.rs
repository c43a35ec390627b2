//! The way to the chain, and the chain's own ledger, as a process reaches them.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    Signature, Swap, Timestamp,
    ports::{Chain, ChainError, TransactionStatus},
    swap::SignedTransaction,
};
use venues::simulated::ledger::{Entry, Ledger, LedgerError};

use crate::simulation::{controls::Control, process::Process};

/// The ledger behind the simulated chain: a sender may stand still between looking at the clock and
/// writing.
pub(crate) struct FaultyLedger(pub(crate) Arc<Process>);

#[async_trait]
impl Ledger for FaultyLedger {
    fn now(&self) -> Timestamp {
        self.0.world.ledger.now()
    }

    async fn record(&self, entry: Entry, valid_until: Timestamp) -> Result<Option<Entry>, LedgerError> {
        let ledger = &self.0.world.ledger;
        let recorded = self.0.call("record on chain", async || ledger.record(entry, valid_until).await);
        recorded.await.map_err(|lost| LedgerError::new(lost.0))?
    }

    async fn find(&self, signature: &Signature) -> Result<Option<Entry>, LedgerError> {
        let ledger = &self.0.world.ledger;
        let found = self.0.call("look at the chain", async || ledger.find(signature).await);
        found.await.map_err(|lost| LedgerError::new(lost.0))?
    }

    async fn entries(&self) -> Result<Vec<Entry>, LedgerError> {
        self.0.world.ledger.entries().await
    }
}

/// The chain as one process reaches it. Only negative controls change what it says.
pub(crate) struct FaultyChain {
    pub(crate) process: Arc<Process>,
    pub(crate) chain: Arc<dyn Chain>,
}

impl FaultyChain {
    fn is(&self, control: Control) -> bool {
        self.process.world.control == Some(control)
    }

    /// Without resolving first, what is not on chain yet counts as gone.
    fn judge(&self, status: TransactionStatus) -> TransactionStatus {
        match status {
            TransactionStatus::Unknown if self.is(Control::RebuildsUnresolved) => TransactionStatus::Expired,
            status => status,
        }
    }
}

#[async_trait]
impl Chain for FaultyChain {
    async fn sign(&self, swap: &Swap) -> Result<SignedTransaction, ChainError> {
        let signed = self.chain.sign(swap).await?;
        if self.is(Control::SendsBeforeWriting) {
            let _ = self.chain.send(&signed).await;
        }
        Ok(signed)
    }

    async fn send(&self, transaction: &SignedTransaction) -> Result<(), ChainError> {
        self.process.note(&format!("sends {}", transaction.signature));
        self.chain.send(transaction).await
    }

    async fn status(&self, signature: &Signature, last_valid: u64) -> Result<TransactionStatus, ChainError> {
        Ok(self.judge(self.chain.status(signature, last_valid).await?))
    }

    async fn await_status(
        &self,
        signature: &Signature,
        last_valid: u64,
        patience: Duration,
    ) -> Result<TransactionStatus, ChainError> {
        Ok(self.judge(self.chain.await_status(signature, last_valid, patience).await?))
    }
}
