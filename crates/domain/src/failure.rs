//! What can go wrong with an order, classified by value and never by the text of an error.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::VariantArray;

use crate::{Address, Amount, VenueId};

/// How a failure is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// A new attempt may succeed.
    Transient,
    /// A venue, the chain or the signer cannot be reached: the order waits, and no attempt is used up.
    Outage,
    /// No attempt can succeed; the order fails now.
    Permanent,
}

/// The stable code of a failure.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
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
    /// The chain gave no recent block hash to sign against: it cannot be reached, or its nodes lag behind.
    ChainUnavailable,
    /// The key that signs cannot be reached.
    SignerUnavailable,
    /// The key does not sign this transaction.
    SigningRefused,
    /// The pool is disabled, or not open yet.
    PoolUnavailable,
    /// The chain would not execute the transaction as it was built.
    SimulationFailed,
    /// The transaction needs more compute than it may use.
    ComputeExceeded,
    /// The wallet does not hold enough.
    InsufficientFunds,
    /// A token account is frozen.
    AccountFrozen,
    /// The venue cannot trade this token.
    UnsupportedToken,
    /// The price impact of the size is larger than allowed.
    PriceImpactTooHigh,
    /// The best quote is worse than the order's `minAmountOut` or `maxAmountIn` allows.
    BoundNotMet,
    /// The price moved past the slippage bound before the transaction landed.
    SlippageExceeded,
    /// The transaction landed and the program returned another error.
    TransactionReverted,
    /// The transaction was not included before its last valid block height.
    TransactionExpired,
    /// Versions before 2026-11 failed an order whose executions kept breaking off. Still in
    /// stored orders; none fails with it any more.
    ExecutionCrashed,
}

impl FailureCode {
    /// Every code.
    pub const ALL: [Self; Self::VARIANTS.len()] =
        *Self::VARIANTS.first_chunk().expect("as many as there are");

    /// The stable code, as stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether another attempt may succeed.
    pub fn class(self) -> FailureClass {
        match self {
            Self::NoRoute
            | Self::SigningRefused
            | Self::AmountTooSmall
            | Self::InsufficientLiquidity
            | Self::InsufficientFunds
            | Self::AccountFrozen
            | Self::UnsupportedToken
            | Self::PriceImpactTooHigh
            | Self::ExecutionCrashed => FailureClass::Permanent,
            Self::QuotesUnavailable | Self::ChainUnavailable | Self::SignerUnavailable => {
                FailureClass::Outage
            }
            Self::BuildFailed
            | Self::PoolUnavailable
            | Self::SimulationFailed
            | Self::ComputeExceeded
            | Self::BoundNotMet
            | Self::SlippageExceeded
            | Self::TransactionReverted
            | Self::TransactionExpired => FailureClass::Transient,
        }
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A failure, as stored and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{message}")]
pub struct Failure {
    pub code: FailureCode,
    pub message: String,
    /// The venue it happened at, when there was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub venue: Option<VenueId>,
    /// What a program on chain returned, when it was one that failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub program_error: Option<Box<ProgramError>>,
    /// What the chain charged for the transaction all the same, lamports, when it was one that reverted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub network_fee: Option<Amount>,
}

/// An error that a program on chain returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProgramError {
    /// The program: the innermost one that failed, not the one that the transaction called.
    pub program: Address,
    /// Its number, if it gave one. Numbers move between versions of a program.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<u32>,
    /// Its name, if the program gave one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    pub message: String,
}

impl Failure {
    /// A failure that concerns no venue in particular.
    pub fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), venue: None, program_error: None, network_fee: None }
    }

    /// A failure at a venue.
    pub fn at(venue: VenueId, code: FailureCode, message: impl Into<String>) -> Self {
        Self { venue: Some(venue), ..Self::new(code, message) }
    }

    /// What a program at a venue returned, under the code that the venue gives it, and what the chain charged.
    pub fn of_program(
        venue: VenueId,
        code: FailureCode,
        error: ProgramError,
        network_fee: Option<Amount>,
    ) -> Self {
        let program_error = Some(Box::new(error.clone()));
        Self { program_error, network_fee, ..Self::at(venue, code, error.message) }
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
