use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The status of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = HealthStatus)]
pub enum Health {
    Ok,
    /// Orders start or appear later than usual, wait because no worker runs, or are refused because too
    /// many are open.
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
    /// `closed` while new orders are refused because too many are open.
    #[schema(value_type = String)]
    pub admission: AdmissionState,
    /// Orders with followers on this process.
    pub followed: usize,
    /// Open streams of any kind.
    pub streams: usize,
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
