//! Pools that remember: what a fill moves, who sees it, and how it goes back.

use std::{sync::Arc, time::Duration};

use domain::{
    Amount, QuoteRequest, Swap, SwapAmount,
    ports::{Chain, TransactionStatus},
};
use testkit::eventually;
use venues::{LogLocation, Preset, VenueConfig, config::Conditions, simulated::SimulatedChain};

use crate::support::{self, INSTANT, World, contract, landed, status, swap};

const SOL: u64 = 1_000_000_000;
const REMEMBERING: Conditions = Conditions { pool_half_life_ms: 3_000, ..INSTANT };
/// Until nothing of a fill is left.
const LONG: Duration = Duration::from_mins(3);

contract! {
    a_fill_moves_its_pool_and_arbitrage_pulls_it_back
    another_process_finds_pools_as_fills_have_left_them
    a_transaction_that_fails_moves_nothing
    splitting_an_order_pays_over_time_and_not_at_once
    without_a_memory_pools_stay_where_they_are
}

fn sale(lamports: u64) -> Swap {
    let amount = SwapAmount::ExactIn(Amount(lamports));
    Swap { request: QuoteRequest { amount, ..swap().request }, ..swap() }
}

/// Sells SOL and returns what it brings in.
async fn sell(chain: &SimulatedChain, lamports: u64) -> u64 {
    let signed = support::sign(chain, &sale(lamports)).await;
    chain.send(&signed).await.unwrap();
    let changes = landed(status(chain, &signed).await).pool_changes;
    let received = changes.iter().find(|change| change.delta < 0).unwrap();
    u64::try_from(-received.delta).unwrap()
}

async fn a_fill_moves_its_pool_and_arbitrage_pulls_it_back(world: World) {
    let chain = world.chain(REMEMBERING);
    let first = sell(&chain, 1_000 * SOL).await;
    let second = sell(&chain, 1_000 * SOL).await;
    assert!(second < first, "{second} {first}");
    world.advance(Duration::from_secs(3)).await;
    let later = sell(&chain, 1_000 * SOL).await;
    assert!((second..first).contains(&later), "{second} {later} {first}");
    world.advance(LONG).await;
    assert_eq!(sell(&chain, 1_000 * SOL).await, first);
}

async fn another_process_finds_pools_as_fills_have_left_them(world: World) {
    let chain = world.chain(REMEMBERING);
    let first = sell(&chain, 1_000 * SOL).await;
    // as after a restart
    let other = world.chain_of_another_process(REMEMBERING).await;
    let second = sell(&other, 1_000 * SOL).await;
    assert!(second < first, "{second} {first}");
    if matches!(world.location(), LogLocation::Postgres(_)) {
        // and while both run
        eventually("the fill of the other process", || async {
            world.advance(Duration::from_millis(1)).await;
            let own = sell(&chain, SOL).await;
            let theirs = sell(&other, SOL).await;
            own.abs_diff(theirs) < own / 1_000 && own < first / 1_000
        })
        .await;
    }
}

async fn a_transaction_that_fails_moves_nothing(world: World) {
    let chain = world.chain(REMEMBERING);
    let first = sell(&chain, 1_000 * SOL).await;
    world.advance(LONG).await;
    let reverting = world.chain(Conditions { revert_bps: 10_000, ..REMEMBERING });
    let signed = support::sign(&reverting, &sale(1_000 * SOL)).await;
    reverting.send(&signed).await.unwrap();
    assert!(matches!(reverting.status(&signed).await.unwrap(), TransactionStatus::Failed { .. }));
    let other = world.chain_of_another_process(REMEMBERING).await;
    assert_eq!(sell(&other, 1_000 * SOL).await, first);
}

async fn splitting_an_order_pays_over_time_and_not_at_once(world: World) {
    let chain = world.chain(REMEMBERING);
    let whole = sell(&chain, 10_000 * SOL).await;
    world.advance(LONG).await;
    let mut at_once = 0;
    for _ in 0..10 {
        at_once += sell(&chain, 1_000 * SOL).await;
    }
    world.advance(LONG).await;
    let mut over_time = 0;
    for _ in 0..10 {
        over_time += sell(&chain, 1_000 * SOL).await;
        world.advance(Duration::from_secs(30)).await;
    }
    // ten fees of a tenth are one fee, but for rounding and what the fees leave in the pool
    assert!(at_once.abs_diff(whole) < whole / 1_000, "{at_once} {whole}");
    assert!(over_time > whole + whole / 100, "{over_time} {whole}");
}

async fn without_a_memory_pools_stay_where_they_are(world: World) {
    let chain = world.chain(INSTANT);
    assert_eq!(sell(&chain, 1_000 * SOL).await, sell(&chain, 1_000 * SOL).await);
}

#[tokio::test]
async fn quotes_see_what_was_traded() {
    let clock = Arc::new(testkit::ManualClock::default());
    let config = VenueConfig { sim_pool_half_life_ms: Some(3_000), ..VenueConfig::preset(Preset::Instant) };
    let trading = venues::connect_trading(&config, LogLocation::Memory, clock.clone()).await.unwrap();
    let request = sale(1_000 * SOL).request;
    let quoted = async || trading.quotes.venues[0].quotes(&request).await.unwrap()[0].amount_out.units;
    let before = quoted().await;
    let owner = trading.signer.address(None);
    let swap = sale(1_000 * SOL);
    let calls = venues::simulated::program::calls_of(&swap, owner);
    let plan = domain::Plan { steps: swap.instructions(), calls };
    let message = trading.chain.compose(&plan, owner).await.unwrap();
    let signed = message.signed(&trading.signer.sign(&message.bytes).await.unwrap());
    trading.chain.send(&signed).await.unwrap();
    assert!(quoted().await < before);
    clock.advance(LONG);
    assert_eq!(quoted().await, before);
}
