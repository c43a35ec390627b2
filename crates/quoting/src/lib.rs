//! The quoting use case: asks every venue at once under one deadline, and routes.

mod metrics;

use std::{sync::Arc, time::Duration};

use domain::{
    Failure, FailureCode, Quote, QuoteRequest,
    ports::Venue,
    routing::{RoutingDecision, VenueAnswer, route},
};
use futures::{
    StreamExt,
    stream::{self, FuturesUnordered},
};
use tokio::time::Instant;

/// Asks all venues and chooses the best net result. A venue that refuses, fails or is late is left out of the
/// decision with its reason.
///
/// # Errors
/// The [`Failure`] of a request that no venue quotes.
pub async fn decide(
    venues: &[Arc<dyn Venue>],
    request: &QuoteRequest,
    deadline: Duration,
) -> Result<RoutingDecision, Failure> {
    let answers = quote_all(venues, request, deadline).await;
    metrics::count(&answers);
    route(request.amount, answers)
}

/// Waits until each venue has answered or `deadline` has passed. One with several pools may give several quotes.
async fn quote_all(
    venues: &[Arc<dyn Venue>],
    request: &QuoteRequest,
    deadline: Duration,
) -> Vec<VenueAnswer> {
    venues
        .iter()
        .map(|venue| ask(venue.as_ref(), request, deadline))
        .collect::<FuturesUnordered<_>>()
        .map(stream::iter)
        .flatten()
        .collect()
        .await
}

async fn ask(venue: &dyn Venue, request: &QuoteRequest, deadline: Duration) -> Vec<VenueAnswer> {
    let asked = Instant::now();
    let left_out = |failure| vec![VenueAnswer::LeftOut { venue: venue.id(), failure }];
    match tokio::time::timeout(deadline, venue.quotes(request)).await {
        Ok(Ok(quotes)) if quotes.is_empty() => {
            left_out(Failure::at(venue.id(), FailureCode::NoRoute, "it has no pool for the pair"))
        }
        Ok(Ok(quotes)) => {
            let latency_ms = u32::try_from(asked.elapsed().as_millis()).unwrap_or(u32::MAX);
            quotes.into_iter().map(|quote| VenueAnswer::Quoted(Quote { latency_ms, ..quote })).collect()
        }
        Ok(Err(failure)) => left_out(failure),
        Err(_late) => left_out(Failure::at(
            venue.id(),
            FailureCode::QuotesUnavailable,
            format!("no answer within {} ms", deadline.as_millis()),
        )),
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use domain::{
        Address, Amount, Plan, ProgramError, Swap, SwapAmount, Token, TokenAmount, VenueId, ports::VenueError,
    };
    use testkit::samples;

    use super::*;

    struct Scripted {
        id: VenueId,
        delay: Duration,
        refuses: bool,
        pools: u64,
    }

    #[async_trait]
    impl Venue for Scripted {
        fn id(&self) -> VenueId {
            self.id
        }

        async fn quotes(&self, _: &QuoteRequest) -> Result<Vec<Quote>, VenueError> {
            tokio::time::sleep(self.delay).await;
            if self.refuses {
                return Err(Failure::at(self.id, FailureCode::NoRoute, "does not trade it"));
            }
            let quote = |units| {
                let amount_out = TokenAmount::new(samples::usdc(), Amount(units));
                Quote { venue: self.id, amount_out, ..samples::quote() }
            };
            Ok((1..=self.pools).map(quote).collect())
        }

        async fn build(&self, _: &Swap, _: Address) -> Result<Plan, VenueError> {
            unreachable!("nothing is built here")
        }

        fn explain(&self, _: &ProgramError) -> FailureCode {
            FailureCode::TransactionReverted
        }
    }

    fn request() -> QuoteRequest {
        QuoteRequest {
            token_in: Token::SOL,
            token_out: Token::well_known("USDC").unwrap(),
            amount: SwapAmount::ExactIn(Amount(1)),
        }
    }

    fn venue(id: VenueId, delay_ms: u64, refuses: bool) -> Arc<dyn Venue> {
        Arc::new(Scripted { id, delay: Duration::from_millis(delay_ms), refuses, pools: 1 })
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_venue_is_left_out_and_the_other_is_kept() {
        let venues = [venue(VenueId::RAYDIUM, 5_000, false), venue(VenueId::METEORA, 200, false)];
        let answers = quote_all(&venues, &request(), Duration::from_secs(1)).await;
        assert!(matches!(&answers[0], VenueAnswer::Quoted(quote) if quote.venue == VenueId::METEORA));
        assert!(matches!(&answers[1], VenueAnswer::LeftOut { venue: VenueId::RAYDIUM, failure }
            if failure.code == FailureCode::QuotesUnavailable));
    }

    #[tokio::test(start_paused = true)]
    async fn venues_are_asked_at_once() {
        let begun = tokio::time::Instant::now();
        let venues = [venue(VenueId::RAYDIUM, 200, false), venue(VenueId::METEORA, 200, true)];
        let answers = quote_all(&venues, &request(), Duration::from_secs(1)).await;
        assert_eq!(answers.len(), 2);
        assert_eq!(begun.elapsed(), Duration::from_millis(200)); // the clock is simulated
    }

    #[tokio::test(start_paused = true)]
    async fn a_venue_quotes_several_pools_and_how_long_it_took_is_measured() {
        let delay = Duration::from_millis(30);
        let venues: [Arc<dyn Venue>; 2] = [
            Arc::new(Scripted { id: VenueId::RAYDIUM, delay, refuses: false, pools: 3 }),
            Arc::new(Scripted { id: VenueId::METEORA, delay, refuses: false, pools: 0 }),
        ];
        let answers = quote_all(&venues, &request(), Duration::from_secs(1)).await;
        let quoted = answers.iter().filter_map(|answer| match answer {
            VenueAnswer::Quoted(quote) => Some(quote.latency_ms),
            VenueAnswer::LeftOut { .. } => None,
        });
        assert_eq!(quoted.collect::<Vec<_>>(), [30; 3]);
        assert!(
            answers
                .iter()
                .any(|answer| matches!(answer, VenueAnswer::LeftOut { venue: VenueId::METEORA, failure }
            if failure.code == FailureCode::NoRoute)),
            "a venue without a pool says so"
        );
    }
}
