//! What the market knows of each token it has pools of.

use domain::{Token, token::well_known_symbol};

/// The base from which a token's price moves.
pub(super) struct TokenMarket {
    symbol: &'static str,
    /// The token whose moves it shares: staked SOL follows SOL.
    pub(super) moves_with: &'static str,
    /// Price of one whole token, pico-dollars.
    pub(super) pico_usd: u128,
    /// How far the price drifts to either side, parts per million.
    pub(super) swing_ppm: i64,
    /// Value of one side of its deepest pools, whole US dollars.
    pub(super) depth_usd: u64,
}

pub(super) fn find(token: Token) -> Option<&'static TokenMarket> {
    let symbol = well_known_symbol(token.mint())?;
    TOKENS.iter().find(|market| market.symbol == symbol)
}

const VOLATILE: i64 = 50_000;
const STABLE: i64 = 300;

const fn listed(symbol: &'static str, nano_usd: u128, swing_ppm: i64, depth_usd: u64) -> TokenMarket {
    TokenMarket { symbol, moves_with: symbol, pico_usd: nano_usd * 1_000, swing_ppm, depth_usd }
}

const fn staked_sol(symbol: &'static str, nano_usd: u128, depth_usd: u64) -> TokenMarket {
    TokenMarket { moves_with: "SOL", ..listed(symbol, nano_usd, VOLATILE, depth_usd) }
}

/// Symbol, price in nano-dollars, swing, depth. Magnitudes of 2025, rounded; nothing depends on them.
static TOKENS: [TokenMarket; 14] = [
    listed("SOL", 150_000_000_000, VOLATILE, 20_000_000),
    listed("USDC", 1_000_000_000, STABLE, 25_000_000),
    listed("USDT", 1_000_000_000, STABLE, 15_000_000),
    listed("JUP", 800_000_000, VOLATILE, 4_000_000),
    listed("RAY", 3_200_000_000, VOLATILE, 5_000_000),
    listed("BONK", 20_000, VOLATILE, 3_000_000),
    listed("JTO", 2_500_000_000, VOLATILE, 1_500_000),
    listed("PYTH", 250_000_000, VOLATILE, 1_200_000),
    listed("WIF", 1_100_000_000, VOLATILE, 3_000_000),
    staked_sol("mSOL", 192_000_000_000, 6_000_000),
    staked_sol("JitoSOL", 180_000_000_000, 8_000_000),
    listed("ORCA", 2_800_000_000, VOLATILE, 1_000_000),
    listed("HNT", 4_500_000_000, VOLATILE, 1_500_000),
    listed("W", 120_000_000, VOLATILE, 800_000),
];
