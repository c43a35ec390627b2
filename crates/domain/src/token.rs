//! The tokens that can be traded.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What is known of a token on chain.
#[derive(Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// Ticker, unique among the listed tokens.
    pub symbol: &'static str,
    /// Display name.
    pub name: &'static str,
    /// Address of the SPL mint, base58.
    pub mint: &'static str,
    /// Decimal places: one token is `10^decimals` base units.
    pub decimals: u8,
}

/// A listed token. Cheap to copy; two are equal when they are the same mint.
#[derive(Clone, Copy)]
pub struct Token(&'static TokenInfo);

impl Token {
    /// Finds a listed token by its mint (exact) or its symbol (case is ignored).
    pub fn find(symbol_or_mint: &str) -> Option<Self> {
        LISTED
            .iter()
            .find(|token| token.mint == symbol_or_mint || token.symbol.eq_ignore_ascii_case(symbol_or_mint))
            .map(Self)
    }

    /// All listed tokens.
    pub fn all() -> impl Iterator<Item = Self> {
        LISTED.iter().map(Self)
    }

    /// The ticker, such as `SOL`.
    pub fn symbol(self) -> &'static str {
        self.0.symbol
    }

    /// The display name.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The mint address, base58.
    pub fn mint(self) -> &'static str {
        self.0.mint
    }

    /// Decimal places of one token.
    pub fn decimals(self) -> u8 {
        self.0.decimals
    }

    /// Whether this is SOL, which must be wrapped before a pool takes it and unwrapped after.
    pub fn is_native_sol(self) -> bool {
        self.0.mint == WRAPPED_SOL_MINT
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.mint() == other.mint()
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

impl Serialize for Token {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.symbol())
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::find(&text).ok_or_else(|| de::Error::custom(format!("unknown token {text}")))
    }
}

const WRAPPED_SOL_MINT: &str = "So11111111111111111111111111111111111111112";

/// Mainnet mints and decimals.
static LISTED: [TokenInfo; 14] = [
    TokenInfo { symbol: "SOL", name: "Solana", mint: WRAPPED_SOL_MINT, decimals: 9 },
    TokenInfo {
        symbol: "USDC",
        name: "USD Coin",
        mint: "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
        decimals: 6,
    },
    TokenInfo {
        symbol: "USDT",
        name: "Tether USD",
        mint: "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB",
        decimals: 6,
    },
    TokenInfo {
        symbol: "JUP",
        name: "Jupiter",
        mint: "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN",
        decimals: 6,
    },
    TokenInfo {
        symbol: "RAY",
        name: "Raydium",
        mint: "4k3Dyjzvzp8eMZWUXbBCjEvwSkkk59S5iCNLY3QrkX6R",
        decimals: 6,
    },
    TokenInfo {
        symbol: "BONK",
        name: "Bonk",
        mint: "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263",
        decimals: 5,
    },
    TokenInfo {
        symbol: "JTO",
        name: "Jito",
        mint: "jtojtomepa8beP8AuQc6eXt5FriJwfFMwQx2v2f9mCL",
        decimals: 9,
    },
    TokenInfo {
        symbol: "PYTH",
        name: "Pyth Network",
        mint: "HZ1JovNiVvGrGNiiYvEozEVgZ58xaU3RKwX8eACQBCt3",
        decimals: 6,
    },
    TokenInfo {
        symbol: "WIF",
        name: "dogwifhat",
        mint: "EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm",
        decimals: 6,
    },
    TokenInfo {
        symbol: "mSOL",
        name: "Marinade staked SOL",
        mint: "mSoLzYCxHdYgdzU16g5QSh3i5K3z3KZK7ytfqcJm7So",
        decimals: 9,
    },
    TokenInfo {
        symbol: "JitoSOL",
        name: "Jito staked SOL",
        mint: "J1toso1uCk3RLmjorhTtrVwY9HJ7X8V9yYac6Y7kGCPn",
        decimals: 9,
    },
    TokenInfo {
        symbol: "ORCA",
        name: "Orca",
        mint: "orcaEKTdK7LKz57vaAYr9QeNsVEPfiu6QeMU1kektZE",
        decimals: 6,
    },
    TokenInfo {
        symbol: "HNT",
        name: "Helium",
        mint: "hntyVP6YFm1Hg25TN9WGLqM12b8TQmcknKrdu1oxWux",
        decimals: 8,
    },
    TokenInfo {
        symbol: "W",
        name: "Wormhole",
        mint: "85VBFQZC9TZkfaptBWjvUw7YbZjy52A6mjtPGjstQAmQ",
        decimals: 6,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_by_symbol_in_any_case_and_by_mint() {
        assert_eq!(Token::find("sol"), Token::find(WRAPPED_SOL_MINT));
        assert_eq!(Token::find("MSOL").unwrap().symbol(), "mSOL");
        assert!(Token::find("DOGE").is_none());
    }

    #[test]
    fn symbols_and_mints_are_unique_and_mints_are_32_bytes() {
        for (index, token) in LISTED.iter().enumerate() {
            assert_eq!(bs58::decode(token.mint).into_vec().unwrap().len(), 32, "{}", token.symbol);
            for other in &LISTED[index + 1..] {
                assert!(!token.symbol.eq_ignore_ascii_case(other.symbol));
                assert_ne!(token.mint, other.mint);
            }
        }
    }
}
