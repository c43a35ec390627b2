use std::borrow::Cow;

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::words;

/// The API process that answers, its settings, and the state of orders and workers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Engine)]
pub struct EngineView<'a> {
    pub version: Cow<'a, str>,
    /// The commit that was built, where the build says so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub commit: Option<Cow<'a, str>>,
    pub mode: EngineMode,
    #[schema(value_type = words::Timestamp)]
    pub started_at: Timestamp,
    /// `null` while the store does not answer.
    #[schema(required)]
    pub orders: Option<ActiveOrdersView>,
    /// Workers that hold claims, with the number of their orders. A worker that died keeps its claims until
    /// their leases end. `null` while the store does not answer.
    #[schema(required)]
    pub workers: Option<Vec<WorkerView<'a>>>,
    /// Effective settings of this process, in the order of its help. Secrets are hidden.
    pub settings: Vec<SettingView<'a>>,
}

/// Whether API and worker share a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EngineMode {
    /// API and worker in one process.
    Embedded,
    /// APIs and workers in processes of their own.
    Services,
}

/// Orders that have not ended, counted up to `MAX_IN_FLIGHT_ORDERS` in each group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ActiveOrders)]
pub struct ActiveOrdersView {
    pub in_flight: u32,
    /// `open` and `held`: they wait for the market.
    pub resting: u32,
    /// In flight, but put aside after five lost claims in a row: list them with `parked=true`.
    pub parked: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Worker)]
pub struct WorkerView<'a> {
    pub name: Cow<'a, str>,
    /// Orders that it holds.
    pub orders: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Setting)]
pub struct SettingView<'a> {
    /// The environment variable.
    pub name: Cow<'a, str>,
    /// Absent if it is not set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<Cow<'a, str>>,
    /// Where it comes from: `default`, `environment`, `.env`, `file` or `flag`.
    pub source: Cow<'a, str>,
}
