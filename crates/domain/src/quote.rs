//! What venues are asked and what they answer.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{Amount, Bps, Timestamp, Token, TokenAmount};

/// A venue: a decentralised exchange that swaps one token for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VenueId {
    /// Raydium.
    Raydium,
    /// Meteora.
    Meteora,
}

impl VenueId {
    /// Every venue.
    pub const ALL: [Self; 2] = [Self::Raydium, Self::Meteora];

    /// Display name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raydium => "Raydium",
            Self::Meteora => "Meteora",
        }
    }

    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raydium => "raydium",
            Self::Meteora => "meteora",
        }
    }
}

impl fmt::Display for VenueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for VenueId {
    type Err = UnknownVenue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|venue| venue.as_str() == text).ok_or(UnknownVenue)
    }
}

/// The text names no venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown venue")]
pub struct UnknownVenue;

/// The side of a swap that is fixed; the other side is what the market gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SwapAmount {
    /// Spend exactly this much of the token in.
    ExactIn(Amount),
    /// Receive exactly this much of the token out.
    ExactOut(Amount),
}

/// A question to a venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuoteRequest {
    /// What is spent.
    pub token_in: Token,
    /// What is received.
    pub token_out: Token,
    /// How much, and of which side.
    pub amount: SwapAmount,
}

/// A venue's answer: what it would trade right now, net of its fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quote {
    /// Who answered.
    pub venue: VenueId,
    /// Spent, the fee included.
    pub amount_in: TokenAmount,
    /// Received.
    pub amount_out: TokenAmount,
    /// Whole tokens out per whole token in, net of the fee.
    pub price: Decimal,
    /// How far this size moves the price, against the pool's price before the swap.
    pub price_impact_bps: u32,
    /// The venue's fee, a part of what is spent or of what would be received.
    pub fee: TokenAmount,
    /// The venue's fee rate.
    pub fee_bps: Bps,
    /// Depth of the pool, 0 (empty) to 100 (deepest); breaks ties.
    pub liquidity_score: u8,
    /// How long the venue took to answer, milliseconds; breaks ties after liquidity.
    pub latency_ms: u32,
    /// Until when the venue stands by it.
    pub valid_until: Timestamp,
}
