//! What can go wrong with an order, classified by value and never by the text of an error.

use serde::{Deserialize, Serialize};

use crate::VenueId;

/// What may be done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// A new attempt may succeed.
    Transient,
    /// No attempt can succeed; the order fails now.
    Permanent,
}

/// The stable code of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// No venue answered with a quote before the deadline.
    QuotesUnavailable,
    /// No venue trades the pair.
    NoRoute,
    /// The amount is so small that it would buy nothing.
    AmountTooSmall,
    /// No pool is deep enough for the amount.
    InsufficientLiquidity,
    /// The venue could not build the swap.
    BuildFailed,
    /// The chain gave no recent block hash to sign against.
    ChainUnavailable,
    /// The best quote is worse than the order's `minAmountOut` or `maxAmountIn` allows.
    BoundNotMet,
    /// The price moved past the slippage bound before the transaction landed.
    SlippageExceeded,
    /// The transaction landed and the program returned another error.
    TransactionReverted,
    /// The transaction was not included before its last valid block height.
    TransactionExpired,
    /// Versions before 2026-11 gave an order up when its execution broke off again and again. Still in
    /// stored orders; none fails with it any more.
    ExecutionCrashed,
}

impl FailureCode {
    /// Every code.
    pub const ALL: [Self; 11] = [
        Self::QuotesUnavailable,
        Self::NoRoute,
        Self::AmountTooSmall,
        Self::InsufficientLiquidity,
        Self::BuildFailed,
        Self::ChainUnavailable,
        Self::BoundNotMet,
        Self::SlippageExceeded,
        Self::TransactionReverted,
        Self::TransactionExpired,
        Self::ExecutionCrashed,
    ];

    /// The stable code itself, as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QuotesUnavailable => "quotes_unavailable",
            Self::NoRoute => "no_route",
            Self::AmountTooSmall => "amount_too_small",
            Self::InsufficientLiquidity => "insufficient_liquidity",
            Self::BuildFailed => "build_failed",
            Self::ChainUnavailable => "chain_unavailable",
            Self::BoundNotMet => "bound_not_met",
            Self::SlippageExceeded => "slippage_exceeded",
            Self::TransactionReverted => "transaction_reverted",
            Self::TransactionExpired => "transaction_expired",
            Self::ExecutionCrashed => "execution_crashed",
        }
    }

    /// Whether another attempt may succeed.
    pub fn class(self) -> FailureClass {
        match self {
            Self::NoRoute | Self::AmountTooSmall | Self::InsufficientLiquidity | Self::ExecutionCrashed => {
                FailureClass::Permanent
            }
            Self::QuotesUnavailable
            | Self::BuildFailed
            | Self::ChainUnavailable
            | Self::BoundNotMet
            | Self::SlippageExceeded
            | Self::TransactionReverted
            | Self::TransactionExpired => FailureClass::Transient,
        }
    }
}

/// A failure as it is stored and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{message}")]
pub struct Failure {
    /// Stable code, for programs.
    pub code: FailureCode,
    /// What happened, for people.
    pub message: String,
    /// The venue it happened at, when there was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub venue: Option<VenueId>,
}

impl Failure {
    /// A failure that concerns no venue in particular.
    pub fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), venue: None }
    }

    /// A failure at a venue.
    pub fn at(venue: VenueId, code: FailureCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), venue: Some(venue) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_what_is_stored() {
        for code in FailureCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
