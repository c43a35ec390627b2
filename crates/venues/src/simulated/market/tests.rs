use std::time::Duration;

use domain::{Amount, SwapAmount, token::well_known};
use proptest::prelude::*;
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::config::Preset;

const VENUES: [VenueId; 2] = [VenueId::RAYDIUM, VenueId::METEORA];

fn token(symbol: &str) -> Token {
    Token::well_known(symbol).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_millis(1_800_000_000_000 + seconds * 1_000)
}

#[test]
fn every_pair_routes_on_both_venues() {
    let market = Market::new(1, 100);
    for token_in in well_known().iter().map(|info| info.token) {
        for token_out in well_known().iter().map(|info| info.token).filter(|other| *other != token_in) {
            for venue in VENUES {
                let found = market.pool(venue, token_in, token_out, at(0)).unwrap();
                assert!(found.depth_usd > 100_000, "{token_in:?} {token_out:?}");
                let some = SwapAmount::ExactIn(Amount(found.pool.reserve_in / 10_000));
                assert!(found.pool.swap(some).is_ok());
            }
        }
        assert!(market.pool(VenueId::RAYDIUM, token_in, token_in, at(0)).is_none());
    }
}

#[test]
fn both_directions_share_a_pool() {
    let market = Market::new(1, 100);
    for venue in VENUES {
        let there = market.pool(venue, token("SOL"), token("USDC"), at(0)).unwrap().pool;
        let back = market.pool(venue, token("USDC"), token("SOL"), at(0)).unwrap().pool;
        assert_eq!((there.reserve_in, there.reserve_out), (back.reserve_out, back.reserve_in));
    }
}

#[test]
fn sol_costs_about_what_it_costs() {
    let market = Market::new(1, 100);
    let price = market.reference_price(token("SOL"), at(0)).unwrap();
    assert!((130_000_000_000_000..170_000_000_000_000).contains(&price), "{price}");
}

#[test]
fn at_pace_zero_nothing_moves() {
    let market = Market::new(9, 0);
    let pool = |seconds| market.pool(VenueId::METEORA, token("SOL"), token("USDC"), at(seconds));
    assert_eq!(pool(0), pool(86_400));
}

proptest! {
    #[test]
    fn a_venue_stays_within_its_deviation(seed: u64, seconds in 0i64..100_000_000) {
        let market = Market::new(seed, 100);
        for (venue, low, high) in [(VenueId::RAYDIUM, -20_000, 20_000), (VenueId::METEORA, -30_000, 20_000)] {
            let deviation = market.deviation_ppm(venue, token("SOL"), token("USDC"), at(seconds));
            prop_assert!((low..=high).contains(&deviation), "{venue}: {deviation}");
        }
    }

    #[test]
    fn prices_move_smoothly(seed: u64, seconds in 0i64..100_000_000) {
        let market = Market::new(seed, 100);
        for token in well_known().iter().map(|info| info.token) {
            let before = market.reference_price(token, at(seconds)).unwrap();
            let after = market.reference_price(token, at(seconds) + Duration::from_millis(400)).unwrap();
            let moved_ppm = before.abs_diff(after) * 1_000_000 / before;
            prop_assert!(moved_ppm <= 200, "{token:?} moved {moved_ppm} ppm within a slot");
        }
    }

    #[test]
    fn the_same_seed_and_time_are_the_same_market(seed: u64, seconds in 0i64..100_000_000) {
        let pool = |seed| Market::new(seed, 100).pool(VenueId::RAYDIUM, token("SOL"), token("USDC"), at(seconds));
        prop_assert_eq!(pool(seed), pool(seed));
        prop_assert_ne!(pool(seed), pool(seed.wrapping_add(1)));
    }

    #[test]
    fn reserves_exist_at_any_time(seed: u64, micros: i64, pace in 0u32..=10_000) {
        let market = Market::new(seed, pace);
        let pool = market.pool(VenueId::RAYDIUM, token("BONK"), token("JTO"), Timestamp::from_unix_micros(micros));
        prop_assert!(pool.is_some());
    }
}

/// What is left of an amount after a trade through the best venue; nothing if none trades it.
fn traded(market: &Market, from: Token, to: Token, amount: Amount, at: Timestamp) -> Amount {
    let trades = VENUES
        .iter()
        .filter_map(|venue| market.pool(*venue, from, to, at)?.pool.swap(SwapAmount::ExactIn(amount)).ok());
    trades.map(|trade| trade.amount_out).max().unwrap_or_default()
}

/// How many of 10,000 random round trips, across venues and half of them through a third token, end with more than they
/// began with.
fn round_trips_that_pay(preset: Preset) -> usize {
    let tokens = well_known();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let pays = (0..10_000).filter(|_| {
        let market = Market::under(rng.next_u64(), &preset.conditions());
        let at = at(i64::from(rng.next_u32()));
        let mut path: Vec<Token> = tokens.sample(&mut rng, 3).map(|info| info.token).collect();
        path.truncate(2 + usize::from(rng.next_u32() % 2 == 0));
        let lot = tokens.iter().find(|info| info.token == path[0]).unwrap().lot;
        let begun = Amount(lot.0 / 10 + rng.next_u64() % (lot.0 * 10));
        let hops = path.iter().copied().zip(path.iter().copied().cycle().skip(1));
        let left = hops.fold(begun, |amount, (from, to)| traded(&market, from, to, amount, at));
        left > begun
    });
    pays.count()
}

#[test]
fn no_round_trip_pays_in_the_efficient_market_and_many_do_elsewhere() {
    assert_eq!(round_trips_that_pay(Preset::Efficient), 0);
    assert!(round_trips_that_pay(Preset::Realistic) > 2_000);
}
