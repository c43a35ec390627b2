use std::borrow::Cow;

use domain::{FailureCode, Timestamp, VenueId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use utoipa::ToSchema;

use crate::words;

/// What a pair costs at each venue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Prices)]
pub struct PricesView<'a> {
    /// Base and quote token, such as `SOL/USDC`.
    pub pair: Cow<'a, str>,
    #[schema(value_type = words::Timestamp)]
    pub at: Timestamp,
    /// The amount of the base token that was quoted.
    pub lot: Decimal,
    pub venues: Vec<VenuePriceView>,
}

/// Prices are in units of the quote token per unit of the base token, price impact and fees of the lot included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = VenuePrice)]
pub struct VenuePriceView {
    #[schema(value_type = words::Venue)]
    pub venue: VenueId,
    /// What selling the lot pays.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bid: Option<Decimal>,
    /// What buying the lot costs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ask: Option<Decimal>,
    /// Why a price is missing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<words::FailureCode>)]
    pub failure_code: Option<FailureCode>,
}

/// How prices of a pair moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Candles)]
pub struct CandlesView<'a> {
    /// Base and quote token, such as `SOL/USDC`.
    pub pair: Cow<'a, str>,
    pub interval: CandleInterval,
    /// Each venue that quoted in that time.
    pub venues: Vec<VenueCandlesView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = VenueCandles)]
pub struct VenueCandlesView {
    #[schema(value_type = words::Venue)]
    pub venue: VenueId,
    /// The oldest first. A period without prices has none.
    pub candles: Vec<CandleView>,
}

/// Prices of a period, in units of the quote token per unit of the base token. They are rounded: charts need no more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Candle)]
pub struct CandleView {
    /// When the period begins.
    #[schema(value_type = words::Timestamp)]
    pub at: Timestamp,
    /// What selling paid.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bid: Option<OhlcView>,
    /// What buying cost.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ask: Option<OhlcView>,
}

/// The first, highest, lowest and last price of a period.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Ohlc)]
pub struct OhlcView {
    pub open: f64,
    pub high: f64,
    pub low: f64,
    pub close: f64,
}

/// The length of a candle's period.
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
pub enum CandleInterval {
    #[default]
    #[serde(rename = "1m")]
    #[strum(serialize = "1m")]
    Minute,
    #[serde(rename = "5m")]
    #[strum(serialize = "5m")]
    FiveMinutes,
    #[serde(rename = "15m")]
    #[strum(serialize = "15m")]
    QuarterHour,
    #[serde(rename = "1h")]
    #[strum(serialize = "1h")]
    Hour,
    #[serde(rename = "4h")]
    #[strum(serialize = "4h")]
    FourHours,
    #[serde(rename = "1d")]
    #[strum(serialize = "1d")]
    Day,
}

impl CandleInterval {
    pub const ALL: [Self; Self::VARIANTS.len()] =
        *Self::VARIANTS.first_chunk().expect("as many as there are");

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        self.into()
    }

    pub fn minutes(self) -> u32 {
        match self {
            Self::Minute => 1,
            Self::FiveMinutes => 5,
            Self::QuarterHour => 15,
            Self::Hour => 60,
            Self::FourHours => 240,
            Self::Day => 1_440,
        }
    }
}
