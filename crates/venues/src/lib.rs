//! Raydium and Meteora behind the venue and chain ports: simulated, later the real ones.

pub mod ask;
pub mod config;
pub mod simulated;

use std::{path::PathBuf, sync::Arc};

pub use ask::quote_all;
pub use config::{Preset, VenueConfig};
use domain::{
    Timestamp, VenueId,
    ports::{Chain, Clock, Tokens, Venue},
};
use rand::{SeedableRng, rngs::SysRng};
use rand_chacha::ChaCha20Rng;
use simulated::{
    SimulatedChain, SimulatedTokens, SimulatedVenue,
    transaction_log::{self, TransactionLog},
};

/// Whoever can be asked for a quote, and the chain they all live on.
pub struct Venues {
    /// The venues.
    pub venues: Vec<Arc<dyn Venue>>,
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// The tokens they trade.
    pub tokens: Arc<dyn Tokens>,
}

/// Where the simulated chain keeps its transaction log. Not `Debug`, because a URL may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub enum LogLocation {
    /// In a table of this database, by its URL; it may be the engine's own.
    Postgres(String),
    /// In this file, which must not be the engine's own.
    Sqlite(PathBuf),
    /// Nowhere durable.
    Memory,
}

/// The venues cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The configuration contradicts itself.
    #[error(transparent)]
    Config(#[from] config::ContradictoryLanding),
    /// The simulated chain's transaction log cannot be opened.
    #[error(transparent)]
    TransactionLog(#[from] transaction_log::OpenError),
    /// The operating system gave no entropy.
    #[error("no entropy for the nonces of transactions: {0}")]
    Entropy(#[from] rand::rngs::SysError),
}

/// The time of the simulated chain.
struct ChainTime(Arc<dyn TransactionLog>);

impl Clock for ChainTime {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// Connects to the venues that the configuration names.
///
/// # Errors
/// [`ConnectError`].
pub async fn connect(
    config: &VenueConfig,
    location: LogLocation,
    clock: Arc<dyn Clock>,
) -> Result<Venues, ConnectError> {
    let conditions = config.conditions()?;
    let seed = config.sim_seed;
    let log = transaction_log::open(&location, clock).await?;
    // The market moves by the chain's time, or a quote and its execution would see different prices.
    let chain_time: Arc<dyn Clock> = Arc::new(ChainTime(log.clone()));
    // Not from the seed, which every process shares: two transactions must never be the same one.
    let nonces = ChaCha20Rng::try_from_rng(&mut SysRng)?;
    let venues = [VenueId::Raydium, VenueId::Meteora]
        .map(|id| Arc::new(SimulatedVenue::new(id, seed, conditions, chain_time.clone())) as Arc<dyn Venue>);
    Ok(Venues {
        venues: venues.into(),
        chain: Arc::new(SimulatedChain::new(seed, conditions, log, nonces)),
        tokens: Arc::new(SimulatedTokens::default()),
    })
}
