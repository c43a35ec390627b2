use std::borrow::Cow;

use domain::{Bps, ports::Market};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The status of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = HealthStatus)]
pub enum Health {
    Ok,
    /// Orders start or appear later than usual, wait because no worker runs, or are refused because too
    /// many are in flight.
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
    /// Entries that wait in the queue; unknown while it does not answer.
    #[schema(required)]
    pub queue_depth: Option<usize>,
    /// Workers that take orders from the queue; unknown while it does not answer. One that died counts
    /// for 15 seconds.
    #[schema(required)]
    pub workers: Option<usize>,
    pub bus: Health,
    /// `degraded` while streams of many orders show nothing new, because a transaction stays open in the
    /// database's server.
    pub feed: Health,
    /// How long committed events have waited for such a transaction, milliseconds.
    pub feed_lag_ms: u64,
    /// What orders trade on.
    pub market: MarketView,
    /// `closed` while new orders are refused because too many are in flight.
    #[schema(value_type = String)]
    pub admission: AdmissionState,
    /// Orders with followers on this process.
    pub followed: usize,
    /// Open streams of any kind.
    pub streams: usize,
}

/// What orders trade on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Market)]
pub struct MarketView {
    pub mode: MarketMode,
    /// Paper only: the named conditions that the simulation's settings start from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub preset: Option<Cow<'static, str>>,
    /// Paper only: the seed of the simulated prices, a whole number as text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seed: Option<Cow<'static, str>>,
    /// The highest slippage that an order may allow, basis points.
    pub max_slippage_bps: u16,
}

/// Whether money moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = MarketMode)]
pub enum MarketMode {
    /// Simulated venues: no money moves.
    Paper,
    /// Real venues: orders spend real tokens.
    Live,
}

impl MarketView {
    pub fn new(market: &Market, max_slippage: Bps) -> Self {
        let Market::Paper { preset, seed } = market;
        Self {
            mode: MarketMode::Paper,
            preset: Some(preset.clone().into()),
            seed: Some(seed.to_string().into()),
            max_slippage_bps: max_slippage.0,
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
