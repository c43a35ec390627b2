//! What tokens and wallets are worth.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{
    Amount, Mint, Token,
    books::{Balance, WalletId},
};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use tokio::time::{Duration, Instant, MissedTickBehavior, interval};

use crate::{
    prices::{Pair, Tick, Ticker},
    problem::Problem,
    state::AppState,
};

/// How often what wallets are worth is recorded.
const RECORD_EVERY: Duration = Duration::from_secs(30);

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

/// What units of a token are worth at a price, base units of USDC.
pub(super) fn decimal_worth(units: Amount, token: Token, price: Decimal) -> Option<Amount> {
    let worth = units.to_decimal(token.decimals()).checked_mul(price)?;
    let units = worth.checked_mul(Decimal::from(10u64.pow(Token::USDC.decimals().into())))?;
    units.floor().to_u64().map(Amount)
}

impl AppState {
    /// The balances of a wallet in display order, each with its token and that token's price in `quote`.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn priced_balances(
        &self,
        wallet: WalletId,
        quote: Token,
    ) -> Result<Vec<(Token, Balance, Option<Decimal>)>, Problem> {
        let balances = self.answer(self.store.balances(wallet)).await?;
        let prices = self.prices(balances.iter().map(|(mint, _)| *mint), quote).await.into_iter();
        let balances: BTreeMap<Mint, Balance> = balances.into_iter().collect();
        let balance = |token: Token| balances.get(&token.mint()).copied().unwrap_or_default();
        Ok(prices.map(|(token, price)| (token, balance(token), price)).collect())
    }

    /// Prices of tokens in `quote`, in display order. Tokens that the market does not know are left out.
    pub(crate) async fn prices(
        &self,
        mints: impl IntoIterator<Item = Mint>,
        quote: Token,
    ) -> Vec<(Token, Option<Decimal>)> {
        let priced = mints.into_iter().map(|mint| async move {
            let token = self.tokens.resolve(&mint.to_string()).await.ok()?;
            Some((token, self.wallet_prices.price(&self.ticker, token, quote).await))
        });
        let priced = futures::future::join_all(priced).await;
        let mut priced: Vec<_> = priced.into_iter().flatten().collect();
        let listed = self.tokens.listed();
        let place = |token: Token| listed.iter().position(|info| info.token == token).unwrap_or(listed.len());
        priced.sort_by_key(|(token, _)| (place(*token), token.mint()));
        priced
    }

    /// What the wallets are worth; one whose worth is not known now is left out, which is a gap in a chart.
    async fn worths(&self) -> Vec<(WalletId, Amount)> {
        let mut worths = Vec::new();
        for wallet in self.all_wallets().await.unwrap_or_default() {
            if let Ok(Some(worth)) = self.worth(wallet.id).await {
                worths.push((wallet.id, worth));
            }
        }
        worths
    }

    /// What a wallet is worth, base units of USDC; `None` if some balance has no price.
    async fn worth(&self, wallet: WalletId) -> Result<Option<Amount>, Problem> {
        let priced = self.priced_balances(wallet, Token::USDC).await?;
        let worth = priced.into_iter().map(|(token, balance, price)| match price {
            _ if balance.total.0 == 0 => Some(0),
            price => decimal_worth(balance.total, token, price?).map(|worth| u128::from(worth.0)),
        });
        let worth: Option<u128> = worth.sum();
        Ok(worth.and_then(|worth| u64::try_from(worth).ok()).map(Amount))
    }
}

/// Records what the wallets are worth, until the process stops. What it has begun it ends: a call that is cut off
/// may still open files, and no file is touched any more once this has ended.
pub(crate) async fn record(state: &AppState) {
    let mut ticks = interval(RECORD_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        if state.stopping.run_until_cancelled(ticks.tick()).await.is_none() {
            return;
        }
        let at = state.clock.now();
        for (wallet, worth) in state.worths().await {
            state.ticker.record_worth(wallet, at, worth).await;
        }
    }
}
