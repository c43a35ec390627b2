//! Worlds to try the chain in: one for each transaction log, all with a clock that is moved by hand.

use std::{path::PathBuf, sync::Arc, time::Duration};

use domain::{
    Amount, Landed, Plan, QuoteRequest, SignedTransaction, Swap, SwapAmount, Timestamp, Token, VenueId,
    books::WalletId,
    ports::{Chain, Clock, Signer, TransactionStatus},
    swap::SlippageBound,
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use testkit::{ManualClock, samples};
use venues::{
    LogLocation, Preset,
    config::Conditions,
    simulated::{
        PoolMemory, SimulatedChain, SimulatedSigner, SimulatedTokens,
        program::{calls_of, pool_of},
        transaction_log::{self, Entry, TransactionLog},
    },
};

/// A module of tests for each transaction log.
macro_rules! contract {
    ($($promise:ident)*) => {
        mod over_memory {
            $(#[tokio::test] async fn $promise() { super::$promise(super::World::memory().await).await; })*
        }
        mod over_sqlite {
            $(#[tokio::test] async fn $promise() { super::$promise(super::World::sqlite().await).await; })*
        }
        mod over_postgres {
            $(#[tokio::test] async fn $promise() { super::$promise(super::World::postgres().await).await; })*
        }
    };
}
pub(crate) use contract;

/// Seed of every world.
pub(crate) const SEED: u64 = 42;

/// A transaction log, and the time it lives in.
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) log: Arc<dyn TransactionLog>,
    location: LogLocation,
    _folder: Option<TempDir>,
}

impl World {
    pub(crate) async fn memory() -> Self {
        Self::open(LogLocation::Memory, None).await
    }

    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file: PathBuf = folder.path().join("simulated-chain.db");
        Self::open(LogLocation::Sqlite(file), Some(folder)).await
    }

    /// The database's clock stands still too: in this database `clock_timestamp()` is a function
    /// that reads a table.
    pub(crate) async fn postgres() -> Self {
        let url = testkit::postgres::fresh_database().await;
        let now = ManualClock::default().now();
        let mut connection = PgConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(
            "CREATE TABLE manual_clock (now timestamptz NOT NULL);
             INSERT INTO manual_clock VALUES ('epoch');
             CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
                 AS 'SELECT now FROM public.manual_clock';
             DO $$ BEGIN
                 EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database());
             END $$",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        set_database_clock(&url, now).await;
        Self::open(LogLocation::Postgres(url), None).await
    }

    async fn open(location: LogLocation, folder: Option<TempDir>) -> Self {
        let clock = Arc::new(ManualClock::default());
        let log = transaction_log::open(&location, clock.clone()).await.unwrap();
        Self { clock, log, location, _folder: folder }
    }

    /// The same transaction log as another process has it.
    pub(crate) async fn of_another_process(&self) -> Arc<dyn TransactionLog> {
        match self.location {
            LogLocation::Memory => self.log.clone(),
            _ => transaction_log::open(&self.location, self.clock.clone()).await.unwrap(),
        }
    }

    pub(crate) fn location(&self) -> &LogLocation {
        &self.location
    }

    pub(crate) fn chain(&self, conditions: Conditions) -> Arc<SimulatedChain> {
        chain_over(self.log.clone(), conditions, 1)
    }

    /// The chain as another process has it.
    pub(crate) async fn chain_of_another_process(&self, conditions: Conditions) -> Arc<SimulatedChain> {
        chain_over(self.of_another_process().await, conditions, 2)
    }

    pub(crate) async fn advance(&self, time: Duration) {
        self.clock.advance(time);
        if let LogLocation::Postgres(url) = &self.location {
            set_database_clock(url, self.clock.now()).await;
        }
    }

    /// What is in the transaction log, without tombstones.
    pub(crate) async fn transactions(&self) -> Vec<Entry> {
        let entries = self.log.entries().await.unwrap();
        entries.into_iter().filter(|entry| entry.signed_bytes.is_some()).collect()
    }
}

async fn set_database_clock(url: &str, now: Timestamp) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query("UPDATE manual_clock SET now = $1")
        .bind(time::OffsetDateTime::from(now))
        .execute(&mut connection)
        .await
        .unwrap();
}

pub(crate) fn chain_over(
    log: Arc<dyn TransactionLog>,
    conditions: Conditions,
    nonces: u64,
) -> Arc<SimulatedChain> {
    let nonces = ChaCha20Rng::seed_from_u64(nonces);
    let memory = PoolMemory::over(log.clone(), conditions.pool_half_life());
    let chain = SimulatedChain::new(SEED, conditions, log, Arc::new(SimulatedTokens::default()), nonces);
    Arc::new(chain.remembering(memory))
}

/// No delays, no failures.
pub(crate) const INSTANT: Conditions = Preset::Instant.conditions();
/// Landing in 2 to 3 s, no failures.
pub(crate) const IDEAL: Conditions = Preset::Ideal.conditions();

/// A swap of one SOL that takes any price.
pub(crate) fn swap() -> Swap {
    swap_for_at_least(1)
}

pub(crate) fn swap_for_at_least(minimum: u64) -> Swap {
    Swap {
        venue: VenueId::RAYDIUM,
        pool: Some(pool_of(VenueId::RAYDIUM, Token::SOL, samples::usdc())),
        request: QuoteRequest {
            token_in: Token::SOL,
            token_out: samples::usdc(),
            amount: SwapAmount::ExactIn(Amount(1_000_000_000)),
        },
        bound: SlippageBound::MinAmountOut(samples::usdc_units(minimum)),
    }
}

/// A swap as its venue builds it, signed.
pub(crate) async fn sign(chain: &SimulatedChain, swap: &Swap) -> SignedTransaction {
    sign_for(chain, swap, None).await
}

/// The same, for a wallet.
pub(crate) async fn sign_for(
    chain: &SimulatedChain,
    swap: &Swap,
    wallet: Option<WalletId>,
) -> SignedTransaction {
    let owner = SimulatedSigner.address(wallet);
    let plan = Plan { steps: swap.instructions(), calls: calls_of(swap, owner) };
    let message = chain.compose(&plan, owner).await.unwrap();
    message.signed(&SimulatedSigner.sign(&message.bytes).await.unwrap())
}

pub(crate) async fn status(chain: &SimulatedChain, signed: &SignedTransaction) -> TransactionStatus {
    chain.status(signed).await.unwrap()
}

pub(crate) fn landed(status: TransactionStatus) -> Landed {
    match status {
        TransactionStatus::Landed(landed) => landed,
        other => panic!("not landed: {other:?}"),
    }
}
