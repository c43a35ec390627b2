//! The way to the chain, and the chain's own transaction log, as a process reaches them.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    Address, Failure, FailureCode, Plan, Signature, SignedTransaction, Timestamp,
    books::WalletId,
    ports::{Chain, ChainError, Signer, SignerError, TransactionStatus},
    swap::Message,
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use venues::simulated::{
    SimulatedChain, SimulatedSigner, SimulatedTokens,
    transaction_log::{Entry, LogError, TransactionLog},
};

use crate::simulation::{controls::Control, process::Process, world::lock};

/// The transaction log behind the simulated chain: a sender may stand still between looking at the clock and
/// writing.
pub(crate) struct FaultyLog(pub(crate) Arc<Process>);

#[async_trait]
impl TransactionLog for FaultyLog {
    fn now(&self) -> Timestamp {
        self.0.world.log.now()
    }

    async fn record(&self, mut entry: Entry, valid_until: Timestamp) -> Result<Option<Entry>, LogError> {
        let log = &self.0.world.log;
        if self.0.world.control == Some(Control::ForgetsAccounts) {
            let another = entry.signature.as_str().as_bytes().first_chunk().copied().map(Address::new);
            entry.accounts = entry.accounts.iter().filter_map(|_| another).collect();
        }
        let sent = entry.clone();
        let recorded =
            self.0.call_that_may_hang("record on chain", async || log.record(entry, valid_until).await);
        let recorded = recorded.await.map_err(|lost| LogError::new(lost.0))??;
        if sent.signed_bytes.is_some() {
            let found = match &recorded {
                Some(entry) if entry.trades_as(&sent) => "new",
                Some(entry) if entry.signed_bytes.is_some() => "there already",
                _ => "too late",
            };
            self.0.note(&format!("{} reaches the chain and is {found}", sent.signature));
        }
        Ok(recorded)
    }

    async fn find(&self, signature: &Signature) -> Result<Option<Entry>, LogError> {
        let log = &self.0.world.log;
        let found = self.0.call_that_may_hang("look at the chain", async || log.find(signature).await);
        found.await.map_err(|lost| LogError::new(lost.0))?
    }

    async fn landed_since(&self, received_at: Timestamp) -> Result<Vec<Entry>, LogError> {
        let log = &self.0.world.log;
        let found =
            self.0.call_that_may_hang("look at the pools", async || log.landed_since(received_at).await);
        found.await.map_err(|lost| LogError::new(lost.0))?
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn entries(&self) -> Result<Vec<Entry>, LogError> {
        self.0.world.log.entries().await
    }
}

/// The chain for a process, or for the network between it and the processes.
pub(crate) fn chain_for(process: &Arc<Process>) -> SimulatedChain {
    let world = &process.world;
    let nonces = ChaCha20Rng::from_rng(&mut world.fork_rng());
    let (log, tokens) = (Arc::new(FaultyLog(process.clone())), Arc::new(SimulatedTokens::default()));
    let chain = SimulatedChain::new(world.seed, world.plan.conditions, log, tokens, nonces);
    chain.remembering(world.pools.clone())
}

/// The chain as one process reaches it: through several nodes, of which some lag behind.
pub(crate) struct FaultyChain {
    process: Arc<Process>,
    chain: SimulatedChain,
    /// What is under way in it has no caller any more.
    network: Arc<SimulatedChain>,
    /// What a lagging node has wrongly called expired.
    misjudged: Mutex<BTreeSet<Signature>>,
}

impl FaultyChain {
    pub(crate) fn new(process: &Arc<Process>, network: &Arc<SimulatedChain>) -> Self {
        Self {
            process: process.clone(),
            chain: chain_for(process),
            network: network.clone(),
            misjudged: Mutex::default(),
        }
    }

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

    /// What a node says that may not know yet what has landed.
    fn as_a_node_says(&self, signature: &Signature, status: TransactionStatus) -> TransactionStatus {
        let world = &self.process.world;
        let is_settled = matches!(status, TransactionStatus::Landed(_) | TransactionStatus::Failed { .. });
        if !is_settled || !world.happens(world.plan.lags) {
            return status;
        }
        self.process.note(&format!("asks a node that lags behind for {signature}"));
        if world.between(0, 2) == 0 {
            return TransactionStatus::Unknown;
        }
        lock(&self.misjudged).insert(signature.clone());
        TransactionStatus::Expired
    }
}

#[async_trait]
impl Chain for FaultyChain {
    async fn compose(&self, plan: &Plan, payer: Address) -> Result<Message, Failure> {
        let world = &self.process.world;
        if world.happens(world.plan.outages) {
            self.process.note("finds no recent block hash");
            return Err(Failure::new(FailureCode::ChainUnavailable, "no recent block hash"));
        }
        self.chain.compose(plan, payer).await
    }

    async fn send(&self, transaction: &SignedTransaction) -> Result<(), ChainError> {
        let world = &self.process.world;
        self.process.note(&format!("sends {}", transaction.signature));
        if !world.happens(world.plan.delays_sending) {
            return self.chain.send(transaction).await;
        }
        self.process.live().await;
        let way = &world.plan.delay_of_sending_ms;
        let delay = Duration::from_millis(world.between(way.start, way.end));
        self.process.note(&format!("what it sent is under way for {} ms", delay.as_millis()));
        let (world, network, transaction) = (world.clone(), self.network.clone(), transaction.clone());
        tokio::spawn(async move {
            world.linger(delay).await;
            let _ = network.send(&transaction).await;
        });
        Ok(())
    }

    async fn status(&self, transaction: &SignedTransaction) -> Result<TransactionStatus, ChainError> {
        if self.is(Control::AsksOneNode) && lock(&self.misjudged).contains(&transaction.signature) {
            return Ok(TransactionStatus::Expired);
        }
        Ok(self.judge(self.chain.status(transaction).await?))
    }

    async fn await_status(
        &self,
        transaction: &SignedTransaction,
        patience: Duration,
    ) -> Result<TransactionStatus, ChainError> {
        let status = self.chain.await_status(transaction, patience).await?;
        Ok(self.judge(self.as_a_node_says(&transaction.signature, status)))
    }
}

/// The signer of one process. Without writing ahead what it signs is sent at once.
pub(crate) struct FaultySigner(pub(crate) Arc<FaultyChain>);

#[async_trait]
impl Signer for FaultySigner {
    fn address(&self, wallet: Option<WalletId>) -> Address {
        SimulatedSigner.address(wallet)
    }

    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        let signature = SimulatedSigner.sign(message).await?;
        if self.0.is(Control::SendsBeforeWriting) {
            let message = Message { bytes: message.to_vec(), last_valid_block_height: 0 };
            let _ = self.0.chain.send(&message.signed(&signature)).await;
        }
        Ok(signature)
    }
}
