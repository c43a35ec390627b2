use std::{borrow::Cow, sync::LazyLock};

use super::{Mint, Token, TokenInfo};
use crate::Amount;

/// Symbol, name, mint on mainnet, decimals, and a lot in whole tokens. Rows of versions before 2026-12 name tokens by these symbols, so
/// no symbol may change.
const LINES: [(&str, &str, &str, u8, u64); 14] = [
    ("SOL", "Solana", "So11111111111111111111111111111111111111112", 9, 1),
    ("USDC", "USD Coin", "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", 6, 100),
    ("USDT", "Tether USD", "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB", 6, 100),
    ("JUP", "Jupiter", "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN", 6, 200),
    ("RAY", "Raydium", "4k3Dyjzvzp8eMZWUXbBCjEvwSkkk59S5iCNLY3QrkX6R", 6, 50),
    ("BONK", "Bonk", "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263", 5, 5_000_000),
    ("JTO", "Jito", "jtojtomepa8beP8AuQc6eXt5FriJwfFMwQx2v2f9mCL", 9, 50),
    ("PYTH", "Pyth Network", "HZ1JovNiVvGrGNiiYvEozEVgZ58xaU3RKwX8eACQBCt3", 6, 500),
    ("WIF", "dogwifhat", "EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm", 6, 100),
    ("mSOL", "Marinade staked SOL", "mSoLzYCxHdYgdzU16g5QSh3i5K3z3KZK7ytfqcJm7So", 9, 1),
    ("JitoSOL", "Jito staked SOL", "J1toso1uCk3RLmjorhTtrVwY9HJ7X8V9yYac6Y7kGCPn", 9, 1),
    ("ORCA", "Orca", "orcaEKTdK7LKz57vaAYr9QeNsVEPfiu6QeMU1kektZE", 6, 50),
    ("HNT", "Helium", "hntyVP6YFm1Hg25TN9WGLqM12b8TQmcknKrdu1oxWux", 8, 30),
    ("W", "Wormhole", "85VBFQZC9TZkfaptBWjvUw7YbZjy52A6mjtPGjstQAmQ", 6, 1_000),
];

static ALL: LazyLock<Vec<TokenInfo>> = LazyLock::new(|| {
    let infos = LINES.into_iter().filter_map(|(symbol, name, mint, decimals, lot)| {
        let token = Token::new(mint.parse().ok()?, decimals).ok()?;
        let lot = Amount(lot * 10u64.pow(decimals.into()));
        Some(TokenInfo { token, symbol: Cow::Borrowed(symbol), name: Cow::Borrowed(name), lot })
    });
    infos.collect()
});

/// Tokens of mainnet that every version knows.
pub fn well_known() -> &'static [TokenInfo] {
    &ALL
}

/// The symbol of a well-known token.
pub fn well_known_symbol(mint: Mint) -> Option<&'static str> {
    ALL.iter().zip(LINES).find(|(info, _)| info.token.mint() == mint).map(|(_, (symbol, ..))| symbol)
}

/// The well-known token of a symbol, in exactly this case.
pub(super) fn by_symbol(symbol: &str) -> Option<Token> {
    ALL.iter().find(|info| info.symbol == symbol).map(|info| info.token)
}

impl Token {
    /// The well-known token of a symbol, in exactly this case.
    pub fn well_known(symbol: &str) -> Option<Self> {
        by_symbol(symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_token_and_no_two_are_alike() {
        assert_eq!(ALL.len(), LINES.len());
        for (index, one) in ALL.iter().enumerate() {
            assert_eq!(well_known_symbol(one.token.mint()), Some(&*one.symbol));
            for other in &ALL[index + 1..] {
                assert!(!one.symbol.eq_ignore_ascii_case(&other.symbol));
                assert_ne!(one.token, other.token);
            }
        }
        assert_eq!(Token::well_known("SOL"), Some(Token::SOL));
        assert_eq!(Token::well_known("DOGE"), None);
    }
}
