use std::collections::BTreeMap;

use domain::OrderStatus;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many orders match a filter, and what they traded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrderSummary)]
pub struct OrderSummaryView {
    pub total: u32,
    /// Whether all orders that match were counted, not only the newest.
    pub is_complete: bool,
    /// By status; one without orders is left out.
    #[schema(value_type = BTreeMap<String, u32>)]
    pub by_status: BTreeMap<OrderStatus, u32>,
    /// Sums of the fills, by the tokens that were spent and received.
    pub traded: Vec<TradedView>,
}

/// Sums of fills in one direction of a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Traded)]
pub struct TradedView {
    pub token_in: String,
    pub token_out: String,
    pub orders: u32,
    pub amount_in: Decimal,
    pub amount_out: Decimal,
}
