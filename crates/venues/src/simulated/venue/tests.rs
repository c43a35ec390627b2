use domain::{Amount, Bps, Token, swap::SlippageBound};

use super::*;
use crate::{config::Preset, simulated::SimulatedTokens};

struct Fixed(Timestamp);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        self.0
    }
}

impl SimulatedVenue {
    /// The one quote of its one pool.
    async fn one(&self, request: &QuoteRequest) -> Result<Quote, VenueError> {
        let quotes = self.quotes(request).await?;
        let [quote] = &quotes[..] else { panic!("not one: {quotes:?}") };
        Ok(quote.clone())
    }
}

fn venue(id: VenueId, conditions: Conditions) -> SimulatedVenue {
    venue_at(id, conditions, 0)
}

fn venue_at(id: VenueId, conditions: Conditions, second: i64) -> SimulatedVenue {
    let now = Timestamp::from_unix_millis(1_800_000_000_000 + second * 1_000);
    SimulatedVenue::new(id, 42, conditions, Arc::new(SimulatedTokens::default()), Arc::new(Fixed(now)))
}

fn request(amount: SwapAmount) -> QuoteRequest {
    QuoteRequest { token_in: Token::SOL, token_out: Token::well_known("USDC").unwrap(), amount }
}

const ONE_SOL: SwapAmount = SwapAmount::ExactIn(Amount(1_000_000_000));

#[tokio::test]
async fn a_quote_says_what_the_pool_would_trade() {
    let quote = venue(VenueId::RAYDIUM, Preset::Instant.conditions()).one(&request(ONE_SOL)).await.unwrap();
    assert_eq!(quote.amount_in, TokenAmount::new(Token::SOL, Amount(1_000_000_000)));
    assert_eq!(quote.fee, TokenAmount::new(Token::SOL, Amount(3_000_000)));
    assert_eq!(quote.fee_rate, FeeRate { ppm: 3_000 });
    assert_eq!(quote.network_fee, Some(Amount(5_000)));
    assert_eq!(quote.pool, Some(pool_of(VenueId::RAYDIUM, quote.amount_out.token, Token::SOL)));
    assert!((130_000_000..170_000_000).contains(&quote.amount_out.units.0), "{quote:?}");
    assert_eq!(quote.price, quote.amount_out.to_decimal());
    assert!(quote.liquidity_score > 0 && quote.latency_ms == 0);
    assert_eq!(quote.valid_until, Timestamp::from_unix_millis(1_800_000_002_000));
}

#[tokio::test]
async fn exact_out_gives_what_is_asked_for() {
    let wanted = SwapAmount::ExactOut(Amount(150_000_000));
    let quote = venue(VenueId::METEORA, Preset::Instant.conditions()).one(&request(wanted)).await.unwrap();
    assert_eq!(quote.amount_out.units, Amount(150_000_000));
    assert!((850_000_000..1_150_000_000).contains(&quote.amount_in.units.0), "{quote:?}");
}

#[tokio::test]
async fn what_cannot_be_traded_is_refused_for_good() {
    let venue = venue(VenueId::RAYDIUM, Preset::Instant.conditions());
    for (amount, code) in [
        (SwapAmount::ExactIn(Amount(1)), FailureCode::AmountTooSmall),
        (SwapAmount::ExactIn(Amount(u64::MAX)), FailureCode::InsufficientLiquidity),
        (SwapAmount::ExactOut(Amount(u64::MAX)), FailureCode::InsufficientLiquidity),
    ] {
        let failure = venue.one(&request(amount)).await.unwrap_err();
        assert_eq!((failure.code, failure.venue), (code, Some(VenueId::RAYDIUM)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_quote_takes_its_latency() {
    let begun = tokio::time::Instant::now();
    let quote = venue(VenueId::RAYDIUM, Preset::Ideal.conditions()).one(&request(ONE_SOL)).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_millis(quote.latency_ms.into())); // the time is simulated
    assert!((150..=250).contains(&quote.latency_ms));
}

#[tokio::test]
async fn quotes_fail_as_often_as_configured_and_may_be_asked_again() {
    let conditions = Conditions { quote_failure_bps: 2_000, ..Preset::Instant.conditions() };
    let mut failed = 0;
    for second in 0..1_000 {
        match venue_at(VenueId::METEORA, conditions, second).one(&request(ONE_SOL)).await {
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
        for id in [VenueId::RAYDIUM, VenueId::METEORA] {
            let ask = || async move {
                venue_at(id, Preset::Brutal.conditions(), second).one(&request(ONE_SOL)).await
            };
            assert_eq!(ask().await, ask().await);
        }
    }
}

#[tokio::test]
async fn what_is_built_trades_in_the_pool_that_was_quoted() {
    let venue = venue(VenueId::RAYDIUM, Preset::Instant.conditions());
    let request = request(ONE_SOL);
    let quote = venue.one(&request).await.unwrap();
    let swap = Swap::of(&quote, request, SlippageBound::around(&quote, ONE_SOL, Bps(50)));
    let owner = Address::new([7; 32]);
    let plan = venue.build(&swap, owner).await.unwrap();
    assert_eq!(plan.steps, swap.instructions());
    assert_eq!(plan.calls, calls_of(&swap, owner));
    let pool = quote.pool.unwrap().address;
    assert!(plan.calls.iter().any(|call| call.accounts.iter().any(|account| account.address == pool)));
}

#[test]
fn a_program_s_error_means_what_its_name_says() {
    let venue = venue(VenueId::RAYDIUM, Preset::Instant.conditions());
    let code = |name: Option<&str>| {
        let name = name.map(str::to_owned);
        // numbers move between versions of a program, so they decide nothing here
        let error =
            ProgramError { program: Address::new([1; 32]), code: Some(6_005), name, message: String::new() };
        venue.explain(&error)
    };
    assert_eq!(code(Some("ExceededSlippage")), FailureCode::SlippageExceeded);
    assert_eq!(code(Some("slippage_exceeded")), FailureCode::SlippageExceeded, "of an earlier version's log");
    assert_eq!(code(Some("InsufficientFunds")), FailureCode::InsufficientFunds);
    assert_eq!(code(None), FailureCode::TransactionReverted);
}
