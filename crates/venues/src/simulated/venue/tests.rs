use domain::{Amount, Bps, Token, swap::SlippageBound};

use super::*;
use crate::config::Preset;

struct Fixed(Timestamp);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        self.0
    }
}

fn venue(id: VenueId, conditions: Conditions) -> SimulatedVenue {
    venue_at(id, conditions, 0)
}

fn venue_at(id: VenueId, conditions: Conditions, second: i64) -> SimulatedVenue {
    let now = Timestamp::from_unix_millis(1_800_000_000_000 + second * 1_000);
    SimulatedVenue::new(id, 42, conditions, Arc::new(Fixed(now)))
}

fn request(amount: SwapAmount) -> QuoteRequest {
    QuoteRequest { token_in: Token::SOL, token_out: Token::well_known("USDC").unwrap(), amount }
}

const ONE_SOL: SwapAmount = SwapAmount::ExactIn(Amount(1_000_000_000));

#[tokio::test]
async fn a_quote_says_what_the_pool_would_trade() {
    let quote = venue(VenueId::Raydium, Preset::Instant.conditions()).quote(&request(ONE_SOL)).await.unwrap();
    assert_eq!(quote.amount_in, TokenAmount::new(Token::SOL, Amount(1_000_000_000)));
    assert_eq!(quote.fee, TokenAmount::new(Token::SOL, Amount(3_000_000)));
    assert_eq!(quote.fee_bps, Bps(30));
    assert!((130_000_000..170_000_000).contains(&quote.amount_out.units.0), "{quote:?}");
    assert_eq!(quote.price, quote.amount_out.to_decimal());
    assert!(quote.liquidity_score > 0 && quote.latency_ms == 0);
    assert_eq!(quote.valid_until, Timestamp::from_unix_millis(1_800_000_010_000));
}

#[tokio::test]
async fn exact_out_gives_what_is_asked_for() {
    let wanted = SwapAmount::ExactOut(Amount(150_000_000));
    let quote = venue(VenueId::Meteora, Preset::Instant.conditions()).quote(&request(wanted)).await.unwrap();
    assert_eq!(quote.amount_out.units, Amount(150_000_000));
    assert!((850_000_000..1_150_000_000).contains(&quote.amount_in.units.0), "{quote:?}");
}

#[tokio::test]
async fn what_cannot_be_traded_is_refused_for_good() {
    let venue = venue(VenueId::Raydium, Preset::Instant.conditions());
    for (amount, code) in [
        (SwapAmount::ExactIn(Amount(1)), FailureCode::AmountTooSmall),
        (SwapAmount::ExactIn(Amount(u64::MAX)), FailureCode::InsufficientLiquidity),
        (SwapAmount::ExactOut(Amount(u64::MAX)), FailureCode::InsufficientLiquidity),
    ] {
        let failure = venue.quote(&request(amount)).await.unwrap_err();
        assert_eq!((failure.code, failure.venue), (code, Some(VenueId::Raydium)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_quote_takes_its_latency() {
    let begun = tokio::time::Instant::now();
    let quote = venue(VenueId::Raydium, Preset::Ideal.conditions()).quote(&request(ONE_SOL)).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_millis(quote.latency_ms.into())); // the time is simulated
    assert!((150..=250).contains(&quote.latency_ms));
}

#[tokio::test]
async fn quotes_fail_as_often_as_configured_and_may_be_asked_again() {
    let conditions = Conditions { quote_failure_bps: 2_000, ..Preset::Instant.conditions() };
    let mut failed = 0;
    for second in 0..1_000 {
        match venue_at(VenueId::Meteora, conditions, second).quote(&request(ONE_SOL)).await {
            Ok(_) => {}
            Err(failure) => {
                assert_eq!(failure.code, FailureCode::QuotesUnavailable);
                failed += 1;
            }
        }
    }
    assert!((150..250).contains(&failed), "{failed} of 1,000 at 20 %");
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_and_time_give_the_same_answers() {
    for second in 0..50 {
        for id in [VenueId::Raydium, VenueId::Meteora] {
            let ask = || async move {
                venue_at(id, Preset::Brutal.conditions(), second).quote(&request(ONE_SOL)).await
            };
            assert_eq!(ask().await, ask().await);
        }
    }
}

#[tokio::test]
async fn building_lists_the_instructions() {
    let swap = Swap {
        venue: VenueId::Raydium,
        request: request(ONE_SOL),
        bound: SlippageBound::MinAmountOut(TokenAmount::new(Token::well_known("USDC").unwrap(), Amount(1))),
    };
    let built = venue(VenueId::Raydium, Preset::Instant.conditions()).build(&swap).await;
    assert_eq!(built, Ok(swap.instructions()));
}
