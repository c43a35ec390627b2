//! The market: a pure function of seed, pair and time, in integers only. Every process that knows
//! the seed sees the same pools.

mod noise;
mod tokens;

use domain::{Bps, Timestamp, Token, VenueId};
use noise::Noise;
use tokens::TokenMarket;

use super::{pool::Pool, random::draw};
use crate::config::Conditions;

/// One whole in parts per million.
const PPM: i64 = 1_000_000;
/// How long a venue's deviation takes from one random value to the next.
const DEVIATION_PERIOD_SECS: i64 = 900;

/// The prices and pools of all venues.
#[derive(Debug, Clone, Copy)]
pub struct Market {
    seed: u64,
    pace_percent: u32,
    /// How far venues differ from the reference, percent of their traits.
    spread_percent: u32,
}

/// How a venue differs from the reference.
struct VenueTraits {
    fee: Bps,
    /// Bounds of its price against the reference, parts per million.
    deviation_ppm: (i64, i64),
}

fn traits_of(venue: VenueId) -> VenueTraits {
    match venue {
        VenueId::RAYDIUM => VenueTraits { fee: Bps(30), deviation_ppm: (-20_000, 20_000) },
        _ => VenueTraits { fee: Bps(20), deviation_ppm: (-30_000, 20_000) },
    }
}

/// A pool of the market at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarketPool {
    /// Its reserves, in the direction that was asked for.
    pub pool: Pool,
    /// The value of one of its sides, whole US dollars.
    pub depth_usd: u64,
}

impl Market {
    /// The market of a seed. Prices move `pace_percent` as fast as realistic; at 0 they do not move.
    pub fn new(seed: u64, pace_percent: u32) -> Self {
        Self { seed, pace_percent, spread_percent: 100 }
    }

    /// The market of a seed under these conditions.
    pub fn under(seed: u64, conditions: &Conditions) -> Self {
        let spread_percent = conditions.venue_spread_percent;
        Self { spread_percent, ..Self::new(seed, conditions.market_pace_percent) }
    }

    /// The reference price of one whole token in pico-dollars (10⁻¹² USD), which leaves seven
    /// digits to a token of 0.00002 USD. `None` if the market does not know the token.
    pub fn reference_price(&self, token: Token, at: Timestamp) -> Option<u128> {
        tokens::find(token).and_then(|market| self.price(market, at))
    }

    /// The pool of a venue for a swap at a time. `None` if it does not trade the pair.
    ///
    /// Both directions of a pair share one pool: the deviation is the venue's price of the first
    /// token (by the text of its mint) in the second.
    pub fn pool(
        &self,
        venue: VenueId,
        token_in: Token,
        token_out: Token,
        at: Timestamp,
    ) -> Option<MarketPool> {
        let (first, second) = match token_in.mint().to_string().cmp(&token_out.mint().to_string()) {
            std::cmp::Ordering::Less => (token_in, token_out),
            std::cmp::Ordering::Greater => (token_out, token_in),
            std::cmp::Ordering::Equal => return None,
        };
        let (first_market, second_market) = (tokens::find(first)?, tokens::find(second)?);
        let depth_usd = self.depth_usd(venue, (first, first_market), (second, second_market));
        let deviation = self.deviation_ppm(venue, first, second, at);
        let first_reserve = reserve(depth_usd, first, self.price(first_market, at)?, PPM)?;
        let second_reserve = reserve(depth_usd, second, self.price(second_market, at)?, PPM + deviation)?;
        let (reserve_in, reserve_out) =
            if token_in == first { (first_reserve, second_reserve) } else { (second_reserve, first_reserve) };
        Some(MarketPool { pool: Pool { reserve_in, reserve_out, fee: traits_of(venue).fee }, depth_usd })
    }

    fn price(&self, token: &TokenMarket, at: Timestamp) -> Option<u128> {
        let moved = PPM + self.noise().price_move_ppm(token.moves_with, token.swing_ppm, at);
        token.pico_usd.checked_mul(u128::try_from(moved).ok()?)?.checked_div(PPM.unsigned_abs().into())
    }

    /// The venue's price against the reference, parts per million.
    fn deviation_ppm(&self, venue: VenueId, first: Token, second: Token, at: Timestamp) -> i64 {
        let (low, high) = traits_of(venue).deviation_ppm;
        let (first, second) = (first.mint().to_string(), second.mint().to_string());
        let subject = [venue.as_str().as_bytes(), first.as_bytes(), second.as_bytes()];
        let value = self.noise().smooth_ppm("deviation", &subject, DEVIATION_PERIOD_SECS, at);
        (low + (value + PPM) * (high - low) / (2 * PPM)) * i64::from(self.spread_percent) / 100
    }

    /// The shallower token bounds the pool; each venue has 60 to 140 % of that, for good.
    fn depth_usd(&self, venue: VenueId, first: (Token, &TokenMarket), second: (Token, &TokenMarket)) -> u64 {
        let mints = (first.0.mint().to_string(), second.0.mint().to_string());
        let subject = [venue.as_str().as_bytes(), mints.0.as_bytes(), mints.1.as_bytes()];
        let percent = draw(self.seed, "depth", &subject).between(60, 140);
        first.1.depth_usd.min(second.1.depth_usd) * percent / 100
    }

    fn noise(&self) -> Noise {
        Noise { seed: self.seed, pace_percent: self.pace_percent }
    }
}

/// The base units of a token that are worth `depth_usd`, times `share_ppm`.
fn reserve(depth_usd: u64, token: Token, pico_usd: u128, share_ppm: i64) -> Option<u64> {
    let base_units = 10u128.checked_pow(u32::from(token.decimals()))?;
    let value = u128::from(depth_usd).checked_mul(1_000_000_000_000)?.checked_mul(base_units)?;
    let whole = value.checked_div(pico_usd)?.checked_mul(u128::try_from(share_ppm).ok()?)?;
    u64::try_from(whole / u128::from(PPM.unsigned_abs())).ok().filter(|reserve| *reserve > 0)
}

#[cfg(test)]
mod tests;
