//! The prices that wallets are valued by.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{FailureClass, Mint, Token};
use protocol::VenuePriceView;
use rust_decimal::Decimal;
use tokio::time::{Duration, Instant, sleep};

use crate::prices::{Pair, Ticker};

/// How long a price is used again: all numbers of one page are so by the same prices.
const FRESH_FOR: Duration = Duration::from_secs(3);
/// How long a price stands in for one that some venue did not answer for. Venues differ by more than prices move in that
/// time, so an average over fewer of them would be a jump.
const USABLE_FOR: Duration = Duration::from_mins(1);

/// How long a venue that does not answer is asked again before the price is taken without it, or given up.
const ASK_FOR: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(100);

/// Why a token has no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unpriced {
    /// No venue trades it.
    NotTraded,
    /// The venues that may trade it do not answer.
    NoAnswer,
}

/// What whole tokens cost in others: the middle of bid and ask, on average over the venues.
#[derive(Default)]
pub(crate) struct Prices(Mutex<HashMap<[Mint; 2], Known>>);

#[derive(Clone, Copy)]
struct Known {
    price: Decimal,
    at: Instant,
}

impl Prices {
    /// # Errors
    /// Why there is none.
    pub(super) async fn price(
        &self,
        ticker: &Ticker,
        token: Token,
        quote: Token,
    ) -> Result<Decimal, Unpriced> {
        if token == quote {
            return Ok(Decimal::ONE);
        }
        let pair = [token, quote];
        let known = self.known(pair);
        if let Some(known) = known.filter(|known| known.at.elapsed() < FRESH_FOR) {
            return Ok(known.price);
        }
        let began = Instant::now();
        let mut answers = Answers(ticker.now(pair).await.venues.clone());
        while answers.is_awaited() {
            if let Some(known) = known.filter(|known| known.at.elapsed() < USABLE_FOR) {
                return Ok(known.price);
            }
            if began.elapsed() >= ASK_FOR {
                break;
            }
            sleep(PAUSE).await;
            answers.add(ticker.again(pair).await.venues);
        }
        let price = answers.middle()?;
        self.lock().insert(pair.map(Token::mint), Known { price, at: Instant::now() });
        Ok(price)
    }

    fn known(&self, pair: Pair) -> Option<Known> {
        self.lock().get(&pair.map(Token::mint)).copied()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[Mint; 2], Known>> {
        // a panic cannot leave the map half changed
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the venues have answered, one entry for each.
struct Answers(Vec<VenuePriceView>);

impl Answers {
    /// Adds what they have answered since.
    fn add(&mut self, later: Vec<VenuePriceView>) {
        for answer in later {
            let Some(known) = self.0.iter_mut().find(|known| known.venue == answer.venue) else { continue };
            let (bid, ask) = (answer.bid.or(known.bid), answer.ask.or(known.ask));
            *known = VenuePriceView { bid, ask, ..answer };
        }
    }

    /// Whether a venue that may trade the pair has not given both prices.
    fn is_awaited(&self) -> bool {
        self.0.iter().any(is_awaited)
    }

    /// The average of the venues that gave both prices.
    fn middle(&self) -> Result<Decimal, Unpriced> {
        let both = self.0.iter().filter_map(|venue| Some((venue.bid? + venue.ask?) / Decimal::TWO));
        let both: Vec<_> = both.collect();
        let sum: Decimal = both.iter().sum();
        let none = if self.is_awaited() { Unpriced::NoAnswer } else { Unpriced::NotTraded };
        sum.checked_div(Decimal::from(both.len())).ok_or(none)
    }
}

fn is_awaited(venue: &VenuePriceView) -> bool {
    let refuses = venue.failure_code.is_some_and(|code| code.class() == FailureClass::Permanent);
    (venue.bid.is_none() || venue.ask.is_none()) && !refuses
}

#[cfg(test)]
mod tests {
    use domain::{FailureCode, VenueId};

    use super::*;

    fn answer(
        venue: VenueId,
        [bid, ask]: [Option<i64>; 2],
        failure_code: Option<FailureCode>,
    ) -> VenuePriceView {
        VenuePriceView { venue, bid: bid.map(Decimal::from), ask: ask.map(Decimal::from), failure_code }
    }

    #[test]
    fn a_price_is_put_together_from_several_answers() {
        let silent = Some(FailureCode::QuotesUnavailable);
        let mut answers = Answers(vec![
            answer(VenueId::RAYDIUM, [Some(10), None], silent),
            answer(VenueId::METEORA, [None, None], silent),
        ]);
        assert_eq!((answers.is_awaited(), answers.middle()), (true, Err(Unpriced::NoAnswer)));
        answers.add(vec![
            answer(VenueId::RAYDIUM, [None, Some(12)], silent),
            answer(VenueId::METEORA, [Some(19), Some(23)], None),
        ]);
        assert_eq!((answers.is_awaited(), answers.middle()), (false, Ok(Decimal::from(16))));
    }

    #[test]
    fn a_venue_that_does_not_trade_the_pair_is_not_waited_for() {
        let refuses = Some(FailureCode::NoRoute);
        let one = Answers(vec![
            answer(VenueId::RAYDIUM, [None, None], refuses),
            answer(VenueId::METEORA, [Some(1), Some(3)], None),
        ]);
        assert_eq!((one.is_awaited(), one.middle()), (false, Ok(Decimal::TWO)));
        let none = Answers(vec![answer(VenueId::RAYDIUM, [None, None], refuses)]);
        assert_eq!((none.is_awaited(), none.middle()), (false, Err(Unpriced::NotTraded)));
    }
}
