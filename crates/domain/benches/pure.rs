//! What an order costs apart from waiting: routing, transitions, the encoding of events.
//!
//! ```sh
//! cargo bench -p domain
//! ```

#![allow(missing_docs, clippy::unwrap_used, reason = "a measurement")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use domain::{
    Amount, Event, EventData, Order, Quote, SwapAmount, VenueId,
    routing::{VenueAnswer, route},
};
use testkit::samples;

/// A new order and all that happens to it until it is confirmed.
fn story() -> (Order, Vec<EventData>) {
    let order = samples::acceptance().order;
    let mut steps = samples::steps_to_building();
    let attempt = samples::attempt(&order);
    steps.push(samples::submitted(&attempt));
    steps.push(EventData::Confirmed { fill: samples::fill(&attempt) });
    (order, steps)
}

fn execute(mut order: Order, steps: Vec<EventData>) -> Vec<Event> {
    let now = order.created_at;
    steps.into_iter().map(|data| order.apply(data, now).unwrap()).collect()
}

fn pure(criterion: &mut Criterion) {
    let answers = || {
        [VenueId::Raydium, VenueId::Meteora]
            .map(|venue| VenueAnswer::Quoted(Quote { venue, ..samples::quote() }))
            .to_vec()
    };
    let amount = SwapAmount::ExactIn(Amount(1_000_000_000));
    criterion.bench_function("route two quotes", |bencher| {
        bencher.iter_batched(answers, |answers| route(amount, answers), criterion::BatchSize::SmallInput);
    });
    criterion.bench_function("the transitions of one order", |bencher| {
        bencher.iter_batched(story, |(order, steps)| execute(order, steps), criterion::BatchSize::SmallInput);
    });
    let (order, steps) = story();
    let events = execute(order, steps);
    criterion.bench_function("encode the events of one order", |bencher| {
        bencher.iter(|| {
            events.iter().map(|event| serde_json::to_vec(black_box(event)).unwrap().len()).sum::<usize>()
        });
    });
    let encoded: Vec<Vec<u8>> = events.iter().map(|event| serde_json::to_vec(event).unwrap()).collect();
    criterion.bench_function("decode the events of one order", |bencher| {
        bencher.iter(|| {
            let decoded = encoded.iter().map(|event| serde_json::from_slice::<Event>(black_box(event)));
            decoded.flatten().count()
        });
    });
}

criterion_group!(benches, pure);
criterion_main!(benches);
