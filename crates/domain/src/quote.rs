//! Quote requests and quotes.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct};

use crate::{Address, Amount, Bps, Name, Timestamp, Token, TokenAmount, name::InvalidName};

/// A venue: a decentralised exchange that swaps one token for another. Open: a stored order may name one that this
/// version does not know.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VenueId(Name);

impl VenueId {
    /// Raydium.
    pub const RAYDIUM: Self = Self(Name::from_static("raydium"));
    /// Meteora.
    pub const METEORA: Self = Self(Name::from_static("meteora"));

    /// The wire name.
    pub fn as_str(self) -> &'static str {
        self.0.as_str()
    }

    /// The name for people: `Raydium`.
    pub fn title(self) -> String {
        let mut chars = self.as_str().chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
    }
}

impl fmt::Display for VenueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for VenueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for VenueId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A pool of a venue. What was quoted must be what is built, so a quote names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PoolRef {
    /// Which of the venue's programs it belongs to, such as `raydium_cpmm`.
    pub kind: Name,
    pub address: Address,
}

/// A fee rate in parts per million: some venues charge less than one basis point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FeeRate {
    /// Parts per million.
    pub ppm: u32,
}

impl FeeRate {
    /// A rate in basis points.
    pub const fn from_bps(bps: Bps) -> Self {
        Self { ppm: bps.0 as u32 * 100 }
    }

    /// In basis points, rounded to the nearest.
    pub fn to_bps(self) -> u32 {
        self.ppm.saturating_add(50) / 100
    }
}

/// Versions before 2026-12 stored a number of basis points.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredFeeRate {
    Bps(Bps),
    Ppm { ppm: u32 },
}

impl Serialize for FeeRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("FeeRate", 1)?;
        fields.serialize_field("ppm", &self.ppm)?;
        fields.end()
    }
}

impl<'de> Deserialize<'de> for FeeRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match StoredFeeRate::deserialize(deserializer)? {
            StoredFeeRate::Bps(bps) => Self::from_bps(bps),
            StoredFeeRate::Ppm { ppm } => Self { ppm },
        })
    }
}

/// The side of a swap that is fixed; the other side is what the market gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SwapAmount {
    /// Spend exactly this much of the token in.
    ExactIn(Amount),
    /// Receive exactly this much of the token out.
    ExactOut(Amount),
}

/// A request for a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuoteRequest {
    pub token_in: Token,
    pub token_out: Token,
    /// How much, and of which side.
    pub amount: SwapAmount,
}

impl QuoteRequest {
    /// Token accounts that its swap may have to open, all of them at once: one for what is received, and another one for
    /// wrapped SOL that is spent.
    pub fn accounts(&self) -> u64 {
        if self.token_in.is_native_sol() { 2 } else { 1 }
    }
}

/// A venue's quote: what it would trade right now, net of its fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quote {
    pub venue: VenueId,
    /// The pool that would trade. Versions before 2026-12 did not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pool: Option<PoolRef>,
    /// Spent, the fee included.
    pub amount_in: TokenAmount,
    pub amount_out: TokenAmount,
    /// Whole tokens out per whole token in, net of the fee.
    pub price: Decimal,
    /// How far this size moves the price, against the pool's price before the swap.
    pub price_impact_bps: u32,
    /// The venue's fee, a part of what is spent or of what would be received.
    pub fee: TokenAmount,
    /// The venue's fee rate.
    #[serde(alias = "feeBps")]
    pub fee_rate: FeeRate,
    /// What the chain charges for the transaction, lamports, as well as it is known beforehand.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub network_fee: Option<Amount>,
    /// Depth of the pool, 0 (empty) to 100 (deepest); breaks ties.
    pub liquidity_score: u8,
    /// How long the venue took to answer, ms, measured by the caller; breaks ties after liquidity.
    pub latency_ms: u32,
    /// Until when it is worth showing to a client. The engine never uses a quote twice: each attempt requests its
    /// own, and the bound that is built from it holds whenever the swap lands.
    pub valid_until: Timestamp,
    /// The slot of the chain whose state it was computed from, where the venue knows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub read_at_slot: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_swap_of_sol_opens_two_accounts() {
        let token = |symbol| Token::well_known(symbol).unwrap();
        let accounts = |token_in, token_out| {
            let (token_in, token_out) = (token(token_in), token(token_out));
            QuoteRequest { token_in, token_out, amount: SwapAmount::ExactIn(Amount(1)) }.accounts()
        };
        assert_eq!([accounts("SOL", "USDC"), accounts("USDC", "SOL"), accounts("USDC", "JUP")], [2, 1, 1]);
    }

    #[test]
    fn a_fee_rate_of_an_earlier_version_is_in_basis_points() {
        assert_eq!(serde_json::from_str::<FeeRate>("30").unwrap(), FeeRate { ppm: 3_000 });
        let rate = FeeRate { ppm: 25 };
        assert_eq!(serde_json::from_str::<FeeRate>(&serde_json::to_string(&rate).unwrap()).unwrap(), rate);
        assert_eq!(
            (rate.to_bps(), FeeRate { ppm: 149 }.to_bps(), FeeRate::from_bps(Bps(30)).to_bps()),
            (0, 1, 30)
        );
    }
}
