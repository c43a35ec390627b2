//! Raydium and Meteora behind the venue and chain ports, simulated.

pub mod config;
pub mod message;
pub mod simulated;

use std::sync::Arc;

use config::Conditions;
pub use config::{Preset, VenueConfig};
use domain::{
    Timestamp, VenueId,
    ports::{Clock, Market, Quotes, Tokens, Trading, Venue},
};
use rand::{SeedableRng, rngs::SysRng};
use rand_chacha::ChaCha20Rng;
pub use simulated::transaction_log::LogLocation;
use simulated::{
    PoolMemory, SimulatedChain, SimulatedSigner, SimulatedTokens, SimulatedVenue,
    transaction_log::{self, TransactionLog, UnopenedLog},
};

/// The venues cannot be reached.
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

/// The configured venues, for quotes alone: no chain, and no key. What the pools have traded is read from the transaction
/// log, which is opened when it is first needed.
///
/// # Errors
/// [`ConnectError`].
pub fn connect_quotes(
    config: &VenueConfig,
    location: LogLocation,
    clock: &Arc<dyn Clock>,
) -> Result<Quotes, ConnectError> {
    let conditions = config.conditions()?;
    let log = Arc::new(UnopenedLog::new(location, clock.clone()));
    let memory = PoolMemory::over(log, conditions.pool_half_life());
    Ok(quotes(config, conditions, clock, memory.as_ref()))
}

/// The configured venues, their chain and the key.
///
/// # Errors
/// [`ConnectError`].
pub async fn connect_trading(
    config: &VenueConfig,
    location: LogLocation,
    clock: Arc<dyn Clock>,
) -> Result<Trading, ConnectError> {
    let conditions = config.conditions()?;
    let seed = config.sim_seed;
    let log = transaction_log::open(&location, clock).await?;
    // The market moves by the chain's time, or a quote and its execution would see different prices.
    let chain_time: Arc<dyn Clock> = Arc::new(ChainTime(log.clone()));
    // Not from the seed, which every process shares: two transactions must never be the same one.
    let nonces = ChaCha20Rng::try_from_rng(&mut SysRng)?;
    let memory = PoolMemory::over(log.clone(), conditions.pool_half_life());
    let quotes = quotes(config, conditions, &chain_time, memory.as_ref());
    let chain = SimulatedChain::new(seed, conditions, log, quotes.tokens.clone(), nonces);
    Ok(Trading { chain: Arc::new(chain.remembering(memory)), quotes, signer: Arc::new(SimulatedSigner) })
}

fn quotes(
    config: &VenueConfig,
    conditions: Conditions,
    clock: &Arc<dyn Clock>,
    memory: Option<&Arc<PoolMemory>>,
) -> Quotes {
    let seed = config.sim_seed;
    let market = Market::Paper { preset: config.sim_preset.to_string(), seed };
    let tokens: Arc<dyn Tokens> = Arc::new(SimulatedTokens::default());
    let venues = [VenueId::RAYDIUM, VenueId::METEORA].map(|id| {
        let venue = SimulatedVenue::new(id, seed, conditions, tokens.clone(), clock.clone());
        Arc::new(venue.remembering(memory.cloned())) as Arc<dyn Venue>
    });
    Quotes { market, venues: venues.into(), tokens, costs: simulated::costs(&conditions) }
}
