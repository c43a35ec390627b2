use serde::{Deserialize, Serialize};

use crate::{Amount, Mint};

/// An amount that goes from one side to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    pub kind: PostingKind,
    pub mint: Mint,
    /// Base units, more than zero.
    pub units: Amount,
    /// What a deposit was worth when it was made, base units of [`Token::USDC`](crate::Token::USDC); `None` if its price was unknown, and for
    /// other postings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worth: Option<Amount>,
}

impl Posting {
    /// A posting that carries no price.
    pub const fn new(kind: PostingKind, mint: Mint, units: Amount) -> Self {
        Self { kind, mint, units, worth: None }
    }

    /// Whether both move the same amount for the same reason, whatever it was worth.
    pub fn moves_the_same(&self, other: &Self) -> bool {
        (self.kind, self.mint, self.units) == (other.kind, other.mint, other.units)
    }
}

/// Why an amount moves, and with that from where and to where.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PostingKind {
    /// Paid into the wallet.
    Deposit,
    /// Paid out of the wallet.
    Withdrawal,
    /// Set aside for an order.
    Hold,
    /// No longer set aside: spent by the postings beside it, or not needed.
    Release,
    /// Spent by a swap, without the venue's fee.
    SwapIn,
    /// Received from a swap.
    SwapOut,
    /// The venue's fee.
    VenueFee,
    /// What the chain charges for a transaction that lands, reverted or not.
    NetworkFee,
    /// Paid to a block producer on top of the fee.
    Tip,
    /// Deposited for a token account.
    Rent,
    /// Given back when a token account is closed.
    RentRefund,
}

/// Where an amount is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Side {
    /// In the wallet, at its owner's disposal.
    Free,
    /// In the wallet, set aside for orders.
    Held,
    /// With a pool.
    Pool,
    /// With a venue, as its fees.
    Fees,
    /// With the chain and its block producers.
    Network,
    /// With a token account, until it is closed.
    Rent,
    /// Outside of the market: paper money comes from there and goes there.
    Outside,
}

impl PostingKind {
    /// The name, as stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Where the amount comes from, and where it goes.
    pub fn sides(self) -> (Side, Side) {
        match self {
            Self::Deposit => (Side::Outside, Side::Free),
            Self::Withdrawal => (Side::Free, Side::Outside),
            Self::Hold => (Side::Free, Side::Held),
            Self::Release => (Side::Held, Side::Free),
            Self::SwapIn => (Side::Free, Side::Pool),
            Self::SwapOut => (Side::Pool, Side::Free),
            Self::VenueFee => (Side::Free, Side::Fees),
            Self::NetworkFee | Self::Tip => (Side::Free, Side::Network),
            Self::Rent => (Side::Free, Side::Rent),
            Self::RentRefund => (Side::Rent, Side::Free),
        }
    }
}
