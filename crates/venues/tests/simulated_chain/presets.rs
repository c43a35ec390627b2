//! What the presets promise.

use std::{sync::Arc, time::Duration};

use domain::{
    Amount, Bps, QuoteRequest, Swap, SwapAmount, Token, ports::TransactionStatus, routing::route,
    swap::SlippageBound, token::well_known,
};
use testkit::ManualClock;
use venues::{LogLocation, Preset, VenueConfig, Venues, quote_all};

async fn venues(config: &VenueConfig, clock: &Arc<ManualClock>) -> Venues {
    venues::connect(config, LogLocation::Memory, clock.clone()).await.unwrap()
}

/// Attempts of 1,000 that do not land, each from its quote to its end.
async fn failed_attempts(preset: Preset, amount: SwapAmount, slippage: Bps) -> u32 {
    let config = VenueConfig { sim_drop_bps: Some(0), ..VenueConfig::preset(preset) };
    let clock = Arc::new(ManualClock::default());
    let venues = venues(&config, &clock).await;
    let (token_in, token_out) = (Token::SOL, Token::well_known("USDC").unwrap());
    let request = QuoteRequest { token_in, token_out, amount };
    let mut failed = 0;
    for _ in 0..1_000 {
        clock.advance(Duration::from_secs(7));
        let answers = quote_all(&venues.venues, &request, Duration::from_secs(5)).await;
        let Ok(decision) = route(amount, answers) else {
            failed += 1;
            continue;
        };
        let bound = SlippageBound::around(decision.best().unwrap(), amount, slippage);
        let signed = venues.chain.sign(&Swap { venue: decision.venue, request, bound }).await.unwrap();
        venues.chain.send(&signed).await.unwrap();
        clock.advance(Duration::from_secs(3));
        let status = venues.chain.status(&signed.signature, signed.last_valid_block_height).await.unwrap();
        failed += u32::from(!matches!(status, TransactionStatus::Landed(_)));
    }
    failed
}

const ONE_SOL: SwapAmount = SwapAmount::ExactIn(Amount(1_000_000_000));
const HUNDRED_USDC: SwapAmount = SwapAmount::ExactOut(Amount(100_000_000));

#[tokio::test(start_paused = true)]
async fn about_one_attempt_in_twenty_fails_in_realistic() {
    let failed = failed_attempts(Preset::Realistic, ONE_SOL, Bps(50)).await;
    assert!((25..85).contains(&failed), "{failed} of 1,000");
}

#[tokio::test(start_paused = true)]
async fn a_narrow_bound_is_broken_now_and_then_in_realistic() {
    let failed = failed_attempts(Preset::Realistic, ONE_SOL, Bps(0)).await;
    assert!(failed > 200, "prices move between quote and landing: {failed} of 1,000");
}

#[tokio::test(start_paused = true)]
async fn nothing_fails_in_ideal_and_instant_even_without_slippage() {
    for preset in [Preset::Ideal, Preset::Instant] {
        for amount in [ONE_SOL, HUNDRED_USDC] {
            assert_eq!(failed_attempts(preset, amount, Bps(0)).await, 0, "{preset:?}");
        }
    }
}

/// Two processes agree on every price, because they agree on the seed.
#[tokio::test(start_paused = true)]
async fn processes_of_one_seed_quote_the_same() {
    let clock = Arc::new(ManualClock::default());
    let config = VenueConfig { sim_quote_failure_bps: Some(0), ..VenueConfig::preset(Preset::Realistic) };
    let (api, worker) = (venues(&config, &clock).await, venues(&config, &clock).await);
    for token_in in well_known().iter().map(|info| info.token) {
        for token_out in well_known().iter().map(|info| info.token).filter(|token| *token != token_in) {
            let amount = SwapAmount::ExactIn(Amount(10u64.pow(u32::from(token_in.decimals()) + 2)));
            let request = QuoteRequest { token_in, token_out, amount };
            for (here, there) in api.venues.iter().zip(&worker.venues) {
                let quote = here.quote(&request).await;
                assert!(quote.is_ok(), "{quote:?}");
                assert_eq!(quote, there.quote(&request).await);
            }
        }
    }
}
