use std::borrow::Cow;

use domain::{
    Bps,
    ports::{ChainCosts, Market},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::order::in_sol;

/// The status of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = HealthStatus)]
pub enum Health {
    Ok,
    /// Orders start or appear late, wait because no worker is running, or are rejected because too many
    /// are in flight.
    Degraded,
    Down,
}

impl From<bool> for Health {
    fn from(is_ok: bool) -> Self {
        if is_ok { Self::Ok } else { Self::Down }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Health)]
pub struct Report {
    pub status: Health,
    pub store: Health,
    pub queue: Health,
    /// Queue depth; unknown while the queue does not answer.
    #[schema(required)]
    pub queue_depth: Option<usize>,
    /// Workers taking orders from the queue; unknown while the queue does not answer. A dead worker still
    /// counts for 15 seconds.
    #[schema(required)]
    pub workers: Option<usize>,
    pub bus: Health,
    /// `degraded` while a transaction that stays open in the database server delays streams of many
    /// orders.
    pub feed: Health,
    /// How long such a transaction has been delaying committed events, milliseconds.
    pub feed_lag_ms: u64,
    /// The market that orders trade on.
    pub market: MarketView,
    /// `closed` while new orders are rejected because too many are in flight.
    #[schema(value_type = String)]
    pub admission: AdmissionState,
    /// Orders followed by clients of this process.
    pub followed: usize,
    /// Open streams of all kinds.
    pub streams: usize,
}

/// The market that orders trade on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Market)]
pub struct MarketView {
    pub mode: MarketMode,
    /// Paper only: the preset of the simulated market.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub preset: Option<Cow<'static, str>>,
    /// Paper only: the seed of the simulated prices, an integer as a string.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seed: Option<Cow<'static, str>>,
    /// Maximum slippage that an order may allow, basis points.
    pub max_slippage_bps: u16,
    /// Held for the network fees of an order, in SOL: of ten attempts, the most that `MAX_ATTEMPTS` can be.
    #[serde(default)] // earlier versions do not say
    #[schema(required)]
    pub held_for_fees: Decimal,
    /// Taken for a token account, in SOL, until it is closed. An order holds it once, and once more if it spends SOL.
    #[serde(default)] // earlier versions do not say
    #[schema(required)]
    pub account_rent: Decimal,
}

/// Whether orders move real money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = MarketMode)]
pub enum MarketMode {
    /// Simulated venues: no real money moves.
    Paper,
    /// Real venues: orders spend real tokens.
    Live,
}

impl MarketView {
    pub fn new(market: &Market, max_slippage: Bps, costs: ChainCosts) -> Self {
        let Market::Paper { preset, seed } = market;
        Self {
            mode: MarketMode::Paper,
            preset: Some(preset.clone().into()),
            seed: Some(seed.to_string().into()),
            max_slippage_bps: max_slippage.0,
            held_for_fees: in_sol(costs.of_all_attempts()),
            account_rent: in_sol(costs.account),
        }
    }

    /// The badge that every client shows, such as `PAPER · realistic · seed 42`.
    pub fn badge(&self) -> String {
        let mode = match self.mode {
            MarketMode::Paper => "PAPER",
            MarketMode::Live => "LIVE",
        };
        let seed = self.seed.as_ref().map(|seed| format!("seed {seed}"));
        [Some(mode.to_owned()), self.preset.as_deref().map(str::to_owned), seed]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · ")
    }
}

/// Whether new orders are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AdmissionState {
    Open,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Readiness)]
pub struct Readiness {
    pub status: Health,
}
