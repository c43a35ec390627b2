//! Tokens: a mint and its decimals. Symbols and names come from a registry
//! ([`Tokens`](crate::ports::Tokens)).

mod mint;
mod stored;
mod well_known;

use std::{borrow::Cow, fmt};

use crate::Amount;

pub use mint::Mint;
pub use well_known::{well_known, well_known_symbol};

/// More decimal places than this cannot be shown exactly. SPL mints may have up to 255; none of use has more
/// than 12.
pub const MAX_DECIMALS: u8 = 18;

/// A token. Two are equal when they are the same mint; decimals never change on chain.
#[derive(Clone, Copy)]
pub struct Token {
    mint: Mint,
    decimals: u8,
}

/// A token with its symbol and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    pub token: Token,
    /// Ticker, such as `SOL`; unique among the tokens of a registry, whatever its case.
    pub symbol: Cow<'static, str>,
    pub name: Cow<'static, str>,
    /// A usual size of an order, base units: what the price of a pair is quoted with.
    pub lot: Amount,
}

/// A mint has more decimal places than can be shown exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("has {0} decimal places; at most {MAX_DECIMALS} are supported")]
pub struct TooManyDecimals(u8);

impl Token {
    /// SOL, by the mint of its wrapped form.
    pub const SOL: Self = Self { mint: Mint::WRAPPED_SOL, decimals: 9 };
    /// USDC, in which wallets count what they are worth.
    pub const USDC: Self = Self { mint: Mint::USDC, decimals: 6 };

    /// The token of a mint: one token is `10^decimals` base units.
    ///
    /// # Errors
    /// [`TooManyDecimals`].
    pub fn new(mint: Mint, decimals: u8) -> Result<Self, TooManyDecimals> {
        if decimals > MAX_DECIMALS { Err(TooManyDecimals(decimals)) } else { Ok(Self { mint, decimals }) }
    }

    /// The mint, which identifies it.
    pub fn mint(self) -> Mint {
        self.mint
    }

    /// Decimal places of one token.
    pub fn decimals(self) -> u8 {
        self.decimals
    }

    /// Whether this is SOL, which must be wrapped before a pool takes it and unwrapped after.
    pub fn is_native_sol(self) -> bool {
        self.mint == Mint::WRAPPED_SOL
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.mint == other.mint
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mint.fmt(f)
    }
}
