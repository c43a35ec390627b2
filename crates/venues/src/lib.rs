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
    SimulatedChain, SimulatedSigner, SimulatedTokens, SimulatedVenue,
    transaction_log::{self, TransactionLog},
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

/// The configured venues, for quotes alone: no chain, and no key.
///
/// # Errors
/// [`ConnectError`].
pub fn connect_quotes(config: &VenueConfig, clock: &Arc<dyn Clock>) -> Result<Quotes, ConnectError> {
    Ok(quotes(config, config.conditions()?, clock))
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
    let quotes = quotes(config, conditions, &chain_time);
    Ok(Trading {
        chain: Arc::new(SimulatedChain::new(seed, conditions, log, quotes.tokens.clone(), nonces)),
        quotes,
        signer: Arc::new(SimulatedSigner),
    })
}

fn quotes(config: &VenueConfig, conditions: Conditions, clock: &Arc<dyn Clock>) -> Quotes {
    let seed = config.sim_seed;
    let market = Market::Paper { preset: config.sim_preset.to_string(), seed };
    let tokens: Arc<dyn Tokens> = Arc::new(SimulatedTokens::default());
    let venues = [VenueId::RAYDIUM, VenueId::METEORA].map(|id| {
        let venue = SimulatedVenue::new(id, seed, conditions, tokens.clone(), clock.clone());
        Arc::new(venue) as Arc<dyn Venue>
    });
    Quotes { market, venues: venues.into(), tokens, attempt_cost: simulated::NETWORK_FEE }
}
