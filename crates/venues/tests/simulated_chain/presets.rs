//! What the presets promise.

use std::{sync::Arc, time::Duration};

use domain::{
    Amount, Bps, QuoteRequest, Swap, SwapAmount, Token,
    ports::{Clock, Trading, TransactionStatus},
    swap::SlippageBound,
    token::well_known,
};
use testkit::ManualClock;
use venues::{LogLocation, Preset, VenueConfig};

async fn trading(config: &VenueConfig, clock: &Arc<ManualClock>) -> Trading {
    venues::connect_trading(config, LogLocation::Memory, clock.clone()).await.unwrap()
}

/// Attempts of 1,000 that do not land, each from its quote to its end.
async fn failed_attempts(preset: Preset, amount: SwapAmount, slippage: Bps) -> u32 {
    let config = VenueConfig { sim_drop_bps: Some(0), ..VenueConfig::preset(preset) };
    let clock = Arc::new(ManualClock::default());
    let trading = trading(&config, &clock).await;
    let (token_in, token_out) = (Token::SOL, Token::well_known("USDC").unwrap());
    let request = QuoteRequest { token_in, token_out, amount };
    let mut failed = 0;
    for _ in 0..1_000 {
        clock.advance(Duration::from_secs(7));
        let Ok(decision) = quoting::decide(&trading.quotes.venues, &request, Duration::from_secs(5)).await
        else {
            failed += 1;
            continue;
        };
        let best = &decision.best;
        let swap = Swap::of(best, request, SlippageBound::around(best, amount, slippage));
        let venue = trading.quotes.venues.iter().find(|venue| venue.id() == best.venue).unwrap();
        let owner = trading.signer.address(None);
        let plan = venue.build(&swap, owner).await.unwrap();
        let message = trading.chain.compose(&plan, owner).await.unwrap();
        let signed = message.signed(&trading.signer.sign(&message.bytes).await.unwrap());
        trading.chain.send(&signed).await.unwrap();
        clock.advance(Duration::from_secs(3));
        let status = trading.chain.status(&signed).await.unwrap();
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
    let chain_clock: Arc<dyn Clock> = clock.clone();
    let api = venues::connect_quotes(&config, LogLocation::Memory, &chain_clock).unwrap();
    let worker = trading(&config, &clock).await.quotes;
    for token_in in well_known().iter().map(|info| info.token) {
        for token_out in well_known().iter().map(|info| info.token).filter(|token| *token != token_in) {
            let amount = SwapAmount::ExactIn(Amount(10u64.pow(u32::from(token_in.decimals()) + 2)));
            let request = QuoteRequest { token_in, token_out, amount };
            for (here, there) in api.venues.iter().zip(&worker.venues) {
                let quotes = here.quotes(&request).await;
                assert!(quotes.is_ok(), "{quotes:?}");
                assert_eq!(quotes, there.quotes(&request).await);
            }
        }
    }
}
