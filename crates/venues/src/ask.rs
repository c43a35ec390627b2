//! Asking every venue at once, under one deadline.

use std::{sync::Arc, time::Duration};

use domain::{Failure, FailureCode, QuoteRequest, ports::Venue, routing::VenueAnswer};
use futures::{StreamExt, stream::FuturesUnordered};

/// Asks all venues at once and waits until each has answered or `deadline` has passed. A venue that
/// refuses, fails or is late is left out with its reason, so there is one answer per venue.
pub async fn quote_all(
    venues: &[Arc<dyn Venue>],
    request: &QuoteRequest,
    deadline: Duration,
) -> Vec<VenueAnswer> {
    venues
        .iter()
        .map(|venue| ask(venue.as_ref(), request, deadline))
        .collect::<FuturesUnordered<_>>()
        .collect()
        .await
}

async fn ask(venue: &dyn Venue, request: &QuoteRequest, deadline: Duration) -> VenueAnswer {
    match tokio::time::timeout(deadline, venue.quote(request)).await {
        Ok(Ok(quote)) => VenueAnswer::Quoted(quote),
        Ok(Err(failure)) => VenueAnswer::LeftOut { venue: venue.id(), failure },
        Err(_late) => VenueAnswer::LeftOut {
            venue: venue.id(),
            failure: Failure::at(
                venue.id(),
                FailureCode::QuotesUnavailable,
                format!("no answer within {} ms", deadline.as_millis()),
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use domain::{
        Amount, Bps, Quote, Swap, SwapAmount, Timestamp, Token, TokenAmount, VenueId, ports::VenueError,
        swap::Instruction,
    };

    use super::*;

    struct Scripted {
        id: VenueId,
        delay: Duration,
        refuses: bool,
    }

    #[async_trait]
    impl Venue for Scripted {
        fn id(&self) -> VenueId {
            self.id
        }

        async fn quote(&self, _: &QuoteRequest) -> Result<Quote, VenueError> {
            tokio::time::sleep(self.delay).await;
            if self.refuses {
                return Err(Failure::at(self.id, FailureCode::NoRoute, "does not trade it"));
            }
            Ok(Quote {
                venue: self.id,
                amount_in: TokenAmount::new(Token::SOL, Amount(1)),
                amount_out: TokenAmount::new(Token::SOL, Amount(1)),
                price: 1.into(),
                price_impact_bps: 0,
                fee: TokenAmount::new(Token::SOL, Amount(0)),
                fee_bps: Bps(0),
                liquidity_score: 1,
                latency_ms: 1,
                valid_until: Timestamp::default(),
            })
        }

        async fn build(&self, swap: &Swap) -> Result<Vec<Instruction>, VenueError> {
            Ok(swap.instructions())
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
        Arc::new(Scripted { id, delay: Duration::from_millis(delay_ms), refuses })
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_venue_is_left_out_and_the_other_is_kept() {
        let venues = [venue(VenueId::Raydium, 5_000, false), venue(VenueId::Meteora, 200, false)];
        let answers = quote_all(&venues, &request(), Duration::from_secs(1)).await;
        assert!(matches!(&answers[0], VenueAnswer::Quoted(quote) if quote.venue == VenueId::Meteora));
        assert!(matches!(&answers[1], VenueAnswer::LeftOut { venue: VenueId::Raydium, failure }
            if failure.code == FailureCode::QuotesUnavailable));
    }

    #[tokio::test(start_paused = true)]
    async fn venues_are_asked_at_once() {
        let begun = tokio::time::Instant::now();
        let venues = [venue(VenueId::Raydium, 200, false), venue(VenueId::Meteora, 200, true)];
        let answers = quote_all(&venues, &request(), Duration::from_secs(1)).await;
        assert_eq!(answers.len(), 2);
        assert_eq!(begun.elapsed(), Duration::from_millis(200)); // the clock is simulated
    }
}
