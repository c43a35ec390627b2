//! What orders trade from: the wallet that a request names, and how much is held there.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use domain::{
    AccountId, Amount, Bps, Mint, OrderSpec, SwapAmount,
    amount::AmountError,
    books::{Funding, Wallet, WalletId, WalletKind},
    order::MOST_ATTEMPTS,
    ports::{Market, TokenError, Tokens, WalletOpening},
    swap::SlippageBound,
};
use tokio::sync::OnceCell;

use crate::{
    problem::{Code, Problem},
    routes::quotes,
    state::AppState,
    validation::OrderRequest,
};

/// The name of the default wallet.
pub(crate) const DEFAULT_NAME: &str = "default";
/// What is held above the maximum of an exact-out order that has no maximum of its own: a later attempt may cost more
/// than the quote at its acceptance.
const HEADROOM: u128 = 500;

/// The wallets of an account, as far as requests have named them.
#[derive(Debug, Default)]
pub(crate) struct KnownWallets {
    default: OnceCell<()>,
    /// By id and by name. No wallet is ever closed or renamed.
    named: Mutex<HashMap<String, WalletId>>,
}

/// What a new default wallet begins with: amounts of whole tokens by symbol, as in `SOL=1000`.
///
/// # Errors
/// What is wrong with the setting `PAPER_BALANCES`.
pub(crate) async fn opening(
    balances: &[(String, String)],
    tokens: &dyn Tokens,
) -> Result<Vec<(Mint, Amount)>, InvalidBalance> {
    let mut opening = Vec::with_capacity(balances.len());
    for (symbol, amount) in balances {
        let token =
            tokens.resolve(symbol).await.map_err(|error| InvalidBalance::Token(symbol.clone(), error))?;
        let units = Amount::parse(amount, token.decimals());
        let units = units.map_err(|error| InvalidBalance::Amount(symbol.clone(), error))?;
        opening.push((token.mint(), units));
    }
    Ok(opening)
}

/// Why a balance of `PAPER_BALANCES` cannot be deposited.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidBalance {
    #[error("PAPER_BALANCES: {0} is not a token of this market")]
    Token(String, #[source] TokenError),
    #[error("PAPER_BALANCES: the amount of {0} {1}")]
    Amount(String, #[source] AmountError),
}

impl AppState {
    /// Decides what a new order trades from. Exact-out orders without a maximum are quoted for it.
    ///
    /// # Errors
    /// When there is no such wallet, or no quote for the maximum.
    pub(crate) async fn fund(&self, request: &OrderRequest) -> Result<Option<Funding>, Problem> {
        let Market::Paper { .. } = self.trades_on;
        let named = request.spec.wallet.as_deref().filter(|_| request.is_canonical);
        let wallet = match named {
            Some(name) => self.wallet_named(name).await?,
            None => self.default_wallet().await?,
        };
        let swap = self.most_spent(&request.spec).await?;
        let costs = Amount(self.attempt_cost.0.saturating_mul(MOST_ATTEMPTS.into()));
        Ok(Some(Funding { wallet, swap, costs }))
    }

    /// The default wallet, which is opened when it is first needed.
    pub(crate) async fn default_wallet(&self) -> Result<WalletId, Problem> {
        let id = WalletId::default_of(self.account);
        self.wallets.default.get_or_try_init(|| self.open_default(id)).await?;
        Ok(id)
    }

    async fn open_default(&self, id: WalletId) -> Result<(), Problem> {
        let opening = opening(&self.limits.paper_balances, self.tokens.as_ref()).await;
        let opening = opening.map_err(|error| {
            tracing::error!(%error, "the default wallet cannot be opened");
            Problem::internal()
        })?;
        let wallet = self.new_wallet(id, DEFAULT_NAME.to_owned());
        if self.answer(self.store.open_wallet(wallet, opening)).await? == WalletOpening::Opened {
            tracing::info!(wallet = %id, "opened the default wallet");
        }
        Ok(())
    }

    /// A paper wallet that begins now.
    pub(crate) fn new_wallet(&self, id: WalletId, name: String) -> Wallet {
        let now = self.clock.now();
        Wallet {
            id,
            account: self.account,
            name,
            kind: WalletKind::Paper,
            epoch: 0,
            created_at: now,
            epoch_began_at: now,
        }
    }

    /// The wallet of the account with an id or a name.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) async fn wallet_named(&self, name: &str) -> Result<WalletId, Problem> {
        self.default_wallet().await?;
        let known = |state: &Self| {
            state.wallets.named.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied()
        };
        if let Some(id) = known(self) {
            return Ok(id);
        }
        self.all_wallets(self.account).await?;
        known(self).ok_or_else(|| {
            let name = crate::problem::shown(name);
            Problem::new(
                Code::WalletNotFound,
                format!("no wallet has the id or the name {name}; see GET /api/wallets"),
            )
        })
    }

    /// The wallets of an account, oldest first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn all_wallets(&self, account: AccountId) -> Result<Vec<Wallet>, Problem> {
        let wallets = self.answer(self.store.wallets(account)).await?;
        let mut named = self.wallets.named.lock().unwrap_or_else(PoisonError::into_inner);
        for wallet in &wallets {
            named.insert(wallet.id.to_string(), wallet.id);
            named.insert(wallet.name.clone(), wallet.id);
        }
        Ok(wallets)
    }

    /// The most that an order may spend, base units of its token in.
    async fn most_spent(&self, spec: &OrderSpec) -> Result<Amount, Problem> {
        match (spec.request.amount, spec.bound) {
            (SwapAmount::ExactIn(amount), _) => Ok(amount),
            (SwapAmount::ExactOut(_), Some(SlippageBound::MaxAmountIn(most))) => Ok(most.units),
            (SwapAmount::ExactOut(_), _) => {
                let decided = quoting::decide(&self.venues, &spec.request, self.limits.quotes_within).await;
                let best = decided.map_err(|failure| quotes::refusal(&failure))?.best;
                let around = SlippageBound::around(&best, spec.request.amount, spec.slippage_bps);
                let most = match around {
                    SlippageBound::MaxAmountIn(most) => most.units,
                    SlippageBound::MinAmountOut(_) => best.amount_in.units,
                };
                Ok(most.mul_div_ceil(Bps::ONE + HEADROOM, Bps::ONE).unwrap_or(Amount(u64::MAX)))
            }
        }
    }
}
