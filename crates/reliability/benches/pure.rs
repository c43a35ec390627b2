//! What an order costs apart from waiting: quotes of the simulated market, routing, transitions, the encoding
//! of events.
//!
//! ```sh
//! cargo bench -p reliability
//! ```

#![allow(clippy::unwrap_used, reason = "a measurement")]

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use divan::{Bencher, black_box};
use domain::{
    Amount, Event, EventData, Order, Quote, SwapAmount, Timestamp, Token, VenueId,
    routing::{VenueAnswer, route},
};
use testkit::samples;
use venues::simulated::market::Market;

fn main() {
    divan::main();
}

const NOW: i64 = 1_800_000_000_000;

/// A new order and all that happens to it until it is confirmed.
fn story() -> (Order, Vec<EventData>) {
    let order = samples::acceptance().order;
    let mut steps = samples::steps_to_building();
    let attempt = samples::attempt(&order);
    steps.push(samples::submitted(&attempt));
    steps.push(samples::confirmed(&attempt));
    (order, steps)
}

fn execute((mut order, steps): (Order, Vec<EventData>)) -> Vec<Event> {
    let now = order.created_at;
    steps.into_iter().map(|data| order.apply(data, now).unwrap()).collect()
}

#[divan::bench]
fn route_two_quotes(bencher: Bencher<'_, '_>) {
    let answers = || {
        [VenueId::RAYDIUM, VenueId::METEORA]
            .map(|venue| VenueAnswer::Quoted(Quote { venue, ..samples::quote() }))
            .to_vec()
    };
    let amount = SwapAmount::ExactIn(Amount(1_000_000_000));
    bencher.with_inputs(answers).bench_values(|answers| route(amount, answers));
}

#[divan::bench]
fn transitions_of_one_order(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(story).bench_values(execute);
}

#[divan::bench]
fn encode_the_events_of_one_order(bencher: Bencher<'_, '_>) {
    let events = execute(story());
    bencher.bench_local(|| {
        events.iter().map(|event| serde_json::to_vec(black_box(event)).unwrap().len()).sum::<usize>()
    });
}

#[divan::bench]
fn decode_the_events_of_one_order(bencher: Bencher<'_, '_>) {
    let encoded: Vec<Vec<u8>> =
        execute(story()).iter().map(|event| serde_json::to_vec(event).unwrap()).collect();
    bencher.bench_local(|| {
        encoded.iter().filter_map(|event| serde_json::from_slice::<Event>(black_box(event)).ok()).count()
    });
}

fn market() -> (Market, Token, Token) {
    (Market::new(42, 100), Token::SOL, Token::well_known("USDC").unwrap())
}

#[divan::bench]
fn the_pool_of_a_pair_at_a_moment(bencher: Bencher<'_, '_>) {
    let (market, sol, usdc) = market();
    let at = AtomicI64::new(NOW);
    bencher.bench(|| {
        let at = Timestamp::from_unix_millis(at.fetch_add(1, Ordering::Relaxed));
        market.pool(VenueId::RAYDIUM, sol, usdc, black_box(at))
    });
}

#[divan::bench(args = [SwapAmount::ExactIn(Amount(1_000_000_000)), SwapAmount::ExactOut(Amount(100_000_000))])]
fn swap(bencher: Bencher<'_, '_>, amount: SwapAmount) {
    let (market, sol, usdc) = market();
    let at = Timestamp::from_unix_millis(NOW) + Duration::from_millis(1);
    let pool = market.pool(VenueId::RAYDIUM, sol, usdc, at).unwrap().pool;
    bencher.bench(|| pool.swap(black_box(amount)));
}
