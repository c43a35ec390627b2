//! The simulated chain: slots, landing delays, lost, reverted and expired transactions.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    Address, Failure, FailureCode, Plan, Signature, SignedTransaction,
    ports::{Chain, ChainError, Tokens, TransactionStatus},
    swap::Message,
};
use moka::sync::Cache;
use rand::Rng;
use rand_chacha::ChaCha20Rng;
use tokio::time::Instant;

use super::{
    budget,
    displacement::Displacements,
    market::Market,
    outcome::Outcomes,
    pool_memory::PoolMemory,
    program,
    slots::{SLOT, VALID_SLOTS, end_of, height_at},
    transaction::{self, InvalidTransaction, Transaction},
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
    memory: Option<Arc<PoolMemory>>,
}

impl SimulatedChain {
    /// A chain over a transaction log. Its messages name tokens as the registry does. Two processes must not be
    /// given the same `nonces`, or two of their transactions could be the same one.
    pub fn new(
        seed: u64,
        conditions: Conditions,
        log: Arc<dyn TransactionLog>,
        tokens: Arc<dyn Tokens>,
        nonces: ChaCha20Rng,
    ) -> Self {
        let market = Market::under(seed, &conditions);
        Self {
            outcomes: Outcomes { seed, conditions, market, tokens },
            log,
            seen: Cache::new(CACHED_ENTRIES),
            nonces: Mutex::new(nonces),
            memory: None,
        }
    }

    /// The same, with pools that remember what they have traded.
    #[must_use]
    pub fn remembering(self, memory: Option<Arc<PoolMemory>>) -> Self {
        Self { memory, ..self }
    }

    /// The entry of a transaction and its status now.
    async fn look(
        &self,
        signed: &SignedTransaction,
    ) -> Result<(TransactionStatus, Option<Arc<Entry>>), LogError> {
        let entry = match self.find(&signed.signature).await? {
            Some(entry) => Some(entry),
            None => self.close_if_expired(&signed.signature, signed.last_valid_block_height).await?,
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

    /// A transaction must not be reported as expired while a slow sender's copy of it may still
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

    /// Eight random bytes, as a memo that says nothing: chain data is public.
    fn nonce(&self) -> String {
        let mut bytes = [0; 8];
        self.nonces.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bs58::encode(bytes).into_string()
    }
}

#[async_trait]
impl Chain for SimulatedChain {
    async fn compose(&self, plan: &Plan, payer: Address) -> Result<Message, Failure> {
        let height = height_at(self.log.now());
        let mut calls = budget::calls(self.outcomes.conditions.priority_micro_lamports).to_vec();
        calls.extend_from_slice(&plan.calls);
        calls.push(program::memo(&self.nonce()));
        let bytes = transaction::compose(self.outcomes.seed, height, &calls, payer)
            .map_err(|error| Failure::new(FailureCode::BuildFailed, error.to_string()))?;
        Ok(Message { bytes, last_valid_block_height: height + VALID_SLOTS })
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
        let decide = |moved: Option<&Displacements>| self.outcomes.entry(signed, &transaction, now, moved);
        let Some(memory) = &self.memory else {
            if let Some(recorded) = self.log.record(decide(None), valid_until).await? {
                self.keep(recorded);
            }
            return Ok(());
        };
        memory.refresh().await;
        let entry = memory.take_in(|moved| decide(Some(moved)));
        // without an answer it may be recorded: it stays, or is known again at the next read
        let recorded = self.log.record(entry.clone(), valid_until).await?;
        memory.correct(&entry, recorded.as_ref());
        recorded.map(|recorded| self.keep(recorded));
        Ok(())
    }

    async fn status(&self, signed: &SignedTransaction) -> Result<TransactionStatus, ChainError> {
        let (status, _) = self.look(signed).await?;
        Ok(status)
    }

    async fn close(&self) {
        self.log.close().await;
    }

    async fn await_status(
        &self,
        signed: &SignedTransaction,
        patience: Duration,
    ) -> Result<TransactionStatus, ChainError> {
        let deadline = Instant::now() + patience;
        loop {
            let (status, entry) = self.look(signed).await?;
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
        Self::Unreachable(error.into())
    }
}

impl From<InvalidTransaction> for ChainError {
    fn from(error: InvalidTransaction) -> Self {
        Self::Refused(error.to_string())
    }
}
