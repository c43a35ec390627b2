use std::{borrow::Cow, ops::AddAssign};

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use utoipa::ToSchema;

use crate::words;

/// How far back figures go.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    Serialize,
    Deserialize,
    ToSchema,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
pub enum StatisticsWindow {
    #[default]
    #[serde(rename = "5m")]
    #[strum(serialize = "5m")]
    FiveMinutes,
    #[serde(rename = "15m")]
    #[strum(serialize = "15m")]
    QuarterHour,
    #[serde(rename = "1h")]
    #[strum(serialize = "1h")]
    Hour,
    #[serde(rename = "24h")]
    #[strum(serialize = "24h")]
    Day,
}

impl StatisticsWindow {
    pub const ALL: [Self; Self::VARIANTS.len()] =
        *Self::VARIANTS.first_chunk().expect("as many as there are");

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Its length, seconds.
    pub fn seconds(self) -> u32 {
        match self {
            Self::FiveMinutes => 300,
            Self::QuarterHour => 900,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    /// The distance of the points of its series, seconds.
    pub fn step_seconds(self) -> u32 {
        match self {
            Self::FiveMinutes => 1,
            Self::QuarterHour => 5,
            Self::Hour => 60,
            Self::Day => 1_800,
        }
    }
}

/// What this API process counted of all orders. Every process counts for itself and reads what happened
/// before its start from the database, at most the newest 5,000 orders of the last 24 hours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Statistics)]
pub struct StatisticsView<'a> {
    pub window: StatisticsWindow,
    /// The beginning of the window, rounded down to a minute, or to half an hour for `24h`.
    #[schema(value_type = words::Timestamp)]
    pub from: Timestamp,
    #[schema(value_type = words::Timestamp)]
    pub to: Timestamp,
    /// Counts are complete from here on. `to` while events are being read that were missed.
    #[schema(value_type = words::Timestamp)]
    pub since: Timestamp,
    pub counts: EventCountsView,
    /// One entry for each stage.
    pub latencies: Vec<LatencyView>,
    pub venues: Vec<VenueCountsView<'a>>,
    /// Reasons of retries and failures, the most frequent first.
    pub causes: Vec<CauseCountsView<'a>>,
    pub series: SeriesView,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EventCounts)]
pub struct EventCountsView {
    pub accepted: u64,
    /// Attempts that failed and were followed by another.
    pub retried: u64,
    pub confirmed: u64,
    pub failed: u64,
    pub canceled: u64,
    pub expired: u64,
}

impl AddAssign for EventCountsView {
    fn add_assign(&mut self, other: Self) {
        let Self { accepted, retried, confirmed, failed, canceled, expired } = other;
        self.accepted += accepted;
        self.retried += retried;
        self.confirmed += confirmed;
        self.failed += failed;
        self.canceled += canceled;
        self.expired += expired;
    }
}

/// A stage of an order's execution.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema, strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// From the acceptance to the first attempt.
    Queued,
    /// Until the venues have quoted and one is selected.
    Routing,
    /// Until the transaction is signed and submitted.
    Building,
    /// Until it is confirmed.
    Landing,
    /// From the acceptance to the confirmation.
    Total,
}

impl Stage {
    pub const ALL: [Self; Self::VARIANTS.len()] =
        *Self::VARIANTS.first_chunk().expect("as many as there are");
}

/// How long a stage took, milliseconds. Percentiles are exact to 1 %, and absent where nothing was measured; what took
/// longer than 10 minutes counts as 10 minutes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StageLatency)]
pub struct LatencyView {
    pub stage: Stage,
    /// How often it was passed: by each attempt, except that an order is queued once and confirmed once.
    pub count: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p50_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p90_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p99_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max_ms: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = VenueCounts)]
pub struct VenueCountsView<'a> {
    pub venue: Cow<'a, str>,
    pub quotes: u64,
    /// Times its quote was selected.
    pub wins: u64,
    pub fills: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CauseCounts)]
pub struct CauseCountsView<'a> {
    /// A failure code.
    pub code: Cow<'a, str>,
    /// Attempts that failed for it and were followed by another.
    pub retried: u64,
    /// Orders that failed for it.
    pub failed: u64,
}

/// Counts over time. Every step of the window is there; the last one has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatisticsSeries)]
pub struct SeriesView {
    pub step_seconds: u32,
    pub points: Vec<SeriesPointView>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatisticsPoint)]
pub struct SeriesPointView {
    /// The beginning of the step.
    #[schema(value_type = words::Timestamp)]
    pub at: Timestamp,
    #[serde(flatten)]
    pub counts: EventCountsView,
}
