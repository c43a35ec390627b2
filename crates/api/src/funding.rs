//! What orders trade from, and how much is held there.

use domain::{
    Amount, Bps, OrderSpec, SwapAmount,
    books::{Funding, WalletId},
    ports::Market,
    swap::SlippageBound,
};

use crate::{problem::Problem, routes::quotes, state::AppState, validation::OrderRequest};

/// Whether the most that an order may spend takes quotes.
pub(crate) fn takes_quotes(spec: &OrderSpec) -> bool {
    let bounded = matches!(spec.bound, Some(SlippageBound::MaxAmountIn(_)));
    matches!(spec.request.amount, SwapAmount::ExactOut(_)) && !bounded
}

/// What is held above the maximum of an exact-out order that has no maximum of its own: a later attempt may cost more
/// than the quote at its acceptance.
const HEADROOM: u128 = 500;

impl AppState {
    /// The wallet that a request names; `None` if it names none.
    ///
    /// # Errors
    /// The wallet does not exist.
    pub(crate) async fn wallet_of(&self, request: &OrderRequest) -> Result<Option<WalletId>, Problem> {
        let Market::Paper { .. } = self.trades_on;
        // in the forms of earlier systems it is the user's own wallet on the chain, and says nothing here
        match request.spec.wallet.as_deref().filter(|_| request.is_canonical) {
            Some(name) => self.wallet_named(name).await.map(Some),
            None => Ok(None),
        }
    }

    /// Decides what a new order trades from. Exact-out orders without a maximum are quoted for it.
    ///
    /// # Errors
    /// No venue quotes the order.
    pub(crate) async fn fund(&self, wallet: WalletId, spec: &OrderSpec) -> Result<Funding, Problem> {
        let swap = self.most_spent(spec).await?;
        let (costs, rent) = (self.costs.of_all_attempts(), self.costs.rent(&spec.request));
        Ok(Funding { wallet, swap, costs, rent })
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
