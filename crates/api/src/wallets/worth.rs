//! What tokens and wallets are worth.

use std::collections::BTreeMap;

use domain::{
    Amount, Mint, Token,
    books::{Balance, WalletId},
};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use tokio::time::{Duration, MissedTickBehavior, interval};

use crate::{problem::Problem, state::AppState};

/// How often what wallets are worth is recorded.
const RECORD_EVERY: Duration = Duration::from_secs(30);

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
            Some((token, self.wallet_prices.price(&self.ticker, token, quote).await.ok()))
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
