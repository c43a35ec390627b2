//! The simulated chain: slots, landing delays, lost, reverted and expired transactions.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    Signature, Swap, Timestamp,
    ports::{Chain, ChainError, TransactionStatus},
    swap::SignedTransaction,
};
use moka::sync::Cache;
use rand::Rng;
use rand_chacha::ChaCha20Rng;
use tokio::time::Instant;

use super::{
    market::Market,
    outcome::Outcomes,
    random::hash,
    slots::{SLOT, VALID_SLOTS, end_of, height_at},
    transaction::{InvalidTransaction, Transaction},
    transaction_log::{Entry, LogError, TransactionLog},
};
use crate::config::Conditions;

/// Entries kept in memory. More than are ever in flight, so a status usually costs no query.
const CACHED_ENTRIES: u64 = 10_000;

/// The chain over its durable transaction log.
pub struct SimulatedChain {
    outcomes: Outcomes,
    log: Arc<dyn TransactionLog>,
    /// An entry never changes once it is in the transaction log, so a copy is as good.
    seen: Cache<Signature, Arc<Entry>>,
    nonces: Mutex<ChaCha20Rng>,
}

impl SimulatedChain {
    /// A chain over a transaction log. Two processes must not be given the same `nonces`, or two of their
    /// transactions could be the same one.
    pub fn new(seed: u64, conditions: Conditions, log: Arc<dyn TransactionLog>, nonces: ChaCha20Rng) -> Self {
        let market = Market::new(seed, conditions.market_pace_percent);
        Self {
            outcomes: Outcomes { seed, conditions, market },
            log,
            seen: Cache::new(CACHED_ENTRIES),
            nonces: Mutex::new(nonces),
        }
    }

    /// The entry of a signature and its status now.
    async fn look(
        &self,
        signature: &Signature,
        last_valid_block_height: u64,
    ) -> Result<(TransactionStatus, Option<Arc<Entry>>), LogError> {
        let entry = match self.find(signature).await? {
            Some(entry) => Some(entry),
            None => self.close_if_expired(signature, last_valid_block_height).await?,
        };
        let status =
            entry.as_ref().map_or(TransactionStatus::Unknown, |entry| entry.status_at(self.log.now()));
        Ok((status, entry))
    }

    async fn find(&self, signature: &Signature) -> Result<Option<Arc<Entry>>, LogError> {
        if let Some(entry) = self.seen.get(signature) {
            return Ok(Some(entry));
        }
        match self.log.find(signature).await? {
            Some(entry) => Ok(Some(self.keep(entry))),
            None => Ok(None),
        }
    }

    /// Nobody may hear that a transaction has expired while a slow sender's copy of it may still
    /// get in. So the transaction log is closed to the signature first; if a copy was faster, that one
    /// counts.
    async fn close_if_expired(
        &self,
        signature: &Signature,
        last_valid_block_height: u64,
    ) -> Result<Option<Arc<Entry>>, LogError> {
        let valid_until = end_of(last_valid_block_height);
        let now = self.log.now();
        if now < valid_until {
            return Ok(None);
        }
        match self.log.record(Entry::tombstone(signature.clone(), now), valid_until).await? {
            Some(entry) => Ok(Some(self.keep(entry))),
            None => Ok(None),
        }
    }

    fn keep(&self, entry: Entry) -> Arc<Entry> {
        let entry = Arc::new(entry);
        self.seen.insert(entry.signature.clone(), entry.clone());
        entry
    }

    /// How long nothing can change: until a known entry settles, else until the next slot, in
    /// which another process may have sent it.
    fn quiet_for(&self, entry: Option<&Entry>) -> Duration {
        entry.map_or(SLOT, |entry| entry.settles_at.since(self.log.now())).max(Duration::from_millis(1))
    }

    fn nonce(&self) -> String {
        let mut bytes = [0; 32];
        self.nonces.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bs58::encode(bytes).into_string()
    }

    fn block_hash(&self, now: Timestamp) -> String {
        bs58::encode(hash(self.outcomes.seed, "block", &[&height_at(now).to_le_bytes()])).into_string()
    }
}

#[async_trait]
impl Chain for SimulatedChain {
    async fn sign(&self, swap: &Swap) -> Result<SignedTransaction, ChainError> {
        let now = self.log.now();
        let transaction = Transaction {
            recent_block_hash: self.block_hash(now),
            last_valid_block_height: height_at(now) + VALID_SLOTS,
            nonce: self.nonce(),
            swap: swap.clone(),
        };
        Ok(transaction.sign()?)
    }

    async fn send(&self, signed: &SignedTransaction) -> Result<(), ChainError> {
        let transaction = Transaction::verify(signed)?;
        if self.seen.contains_key(&signed.signature) {
            return Ok(());
        }
        let now = self.log.now();
        if self.outcomes.is_lost(&signed.signature, now) {
            tracing::debug!(signature = %signed.signature, "lost on the way");
            return Ok(());
        }
        let valid_until = end_of(transaction.last_valid_block_height);
        let entry = self.outcomes.entry(signed, &transaction, now);
        if let Some(recorded) = self.log.record(entry, valid_until).await? {
            self.keep(recorded);
        }
        Ok(())
    }

    async fn status(
        &self,
        signature: &Signature,
        last_valid_block_height: u64,
    ) -> Result<TransactionStatus, ChainError> {
        let (status, _) = self.look(signature, last_valid_block_height).await?;
        Ok(status)
    }

    async fn close(&self) {
        self.log.close().await;
    }

    async fn await_status(
        &self,
        signature: &Signature,
        last_valid_block_height: u64,
        patience: Duration,
    ) -> Result<TransactionStatus, ChainError> {
        let deadline = Instant::now() + patience;
        loop {
            let (status, entry) = self.look(signature, last_valid_block_height).await?;
            let left = deadline.saturating_duration_since(Instant::now());
            if status != TransactionStatus::Unknown || left.is_zero() {
                return Ok(status);
            }
            tokio::time::sleep(self.quiet_for(entry.as_deref()).min(left)).await;
        }
    }
}

impl From<LogError> for ChainError {
    fn from(error: LogError) -> Self {
        Self(error.to_string())
    }
}

impl From<InvalidTransaction> for ChainError {
    fn from(error: InvalidTransaction) -> Self {
        Self(error.to_string())
    }
}
