//! The prices that wallets are valued by.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{Mint, Token};
use rust_decimal::Decimal;
use tokio::time::{Duration, Instant};

use crate::prices::{Pair, Tick, Ticker};

/// How long a price is used again: all numbers of one page are so by the same prices.
const FRESH_FOR: Duration = Duration::from_secs(3);
/// How long a price stands in for one that some venue did not answer for. Venues differ by more than prices move in that
/// time, so an average over fewer of them would be a jump.
const USABLE_FOR: Duration = Duration::from_mins(1);

/// What whole tokens cost in others: the middle of bid and ask, on average over the venues.
#[derive(Default)]
pub(crate) struct Prices(Mutex<HashMap<[Mint; 2], Known>>);

#[derive(Clone, Copy)]
struct Known {
    price: Decimal,
    at: Instant,
}

impl Prices {
    pub(super) async fn price(&self, ticker: &Ticker, token: Token, quote: Token) -> Option<Decimal> {
        if token == quote {
            return Some(Decimal::ONE);
        }
        let pair = [token, quote];
        let known = self.known(pair);
        if let Some(known) = known.filter(|known| known.at.elapsed() < FRESH_FOR) {
            return Some(known.price);
        }
        let tick = ticker.now(pair).await;
        let (price, is_complete) = middle(tick.as_ref());
        if let Some(known) = known.filter(|known| !is_complete && known.at.elapsed() < USABLE_FOR) {
            return Some(known.price);
        }
        let price = price?;
        self.lock().insert(pair.map(Token::mint), Known { price, at: Instant::now() });
        Some(price)
    }

    fn known(&self, pair: Pair) -> Option<Known> {
        self.lock().get(&pair.map(Token::mint)).copied()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[Mint; 2], Known>> {
        // a panic cannot leave the map half changed
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The average of the venues that quote both sides, and whether all of them do.
fn middle(tick: &Tick) -> (Option<Decimal>, bool) {
    let both = tick.venues.iter().filter_map(|venue| Some((venue.bid? + venue.ask?) / Decimal::TWO));
    let both: Vec<_> = both.collect();
    let sum: Decimal = both.iter().sum();
    (sum.checked_div(Decimal::from(both.len())), both.len() == tick.venues.len())
}
