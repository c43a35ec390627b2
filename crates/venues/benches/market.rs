//! What a quote costs: the market's pool at a moment, and a swap through it.
//!
//! ```sh
//! cargo bench -p venues
//! ```

#![allow(missing_docs, clippy::unwrap_used, reason = "a measurement")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use domain::{Amount, SwapAmount, Timestamp, Token, VenueId};
use venues::simulated::market::Market;

fn quotes(criterion: &mut Criterion) {
    let market = Market::new(42, 100);
    let (sol, usdc) = (Token::find("SOL").unwrap(), Token::find("USDC").unwrap());
    let mut at = Timestamp::from_unix_millis(1_800_000_000_000);
    criterion.bench_function("the pool of a pair at a moment", |bencher| {
        bencher.iter(|| {
            at = at + std::time::Duration::from_millis(1);
            market.pool(VenueId::Raydium, sol, usdc, black_box(at))
        });
    });
    let pool = market.pool(VenueId::Raydium, sol, usdc, at).unwrap().pool;
    for (name, amount) in [
        ("swap exact-in", SwapAmount::ExactIn(Amount(1_000_000_000))),
        ("swap exact-out", SwapAmount::ExactOut(Amount(100_000_000))),
    ] {
        criterion.bench_function(name, |bencher| bencher.iter(|| pool.swap(black_box(amount))));
    }
}

criterion_group!(benches, quotes);
criterion_main!(benches);
