use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{
    Token,
    books::{Holding, Profit, Wallet},
};
use protocol::{FeesView, PnlView, RentView, TokenPnlView, value_of};
use rust_decimal::Decimal;

use super::{QUOTE, WalletPath};
use crate::{openapi::problems, problem::Problem, request::NoParameters, state::AppState};

problems!(Problems: InvalidQuery, WalletNotFound, StoreUnavailable);

/// What a wallet has earned since its last reset, by average cost.
///
/// The cost of a deposit is its value at the time. Selling a token for USDC realizes the difference between the proceeds and
/// its average cost; a swap between two other tokens carries the cost over. Fees are counted separately, and so is rent, at
/// cost. `value` = `deposited` + `realized` + `unrealized` - `fees.total` - `rent.cost`.
#[utoipa::path(get, path = "/api/wallets/{id}/pnl", operation_id = "getPnl", tag = "wallets",
    params(("id" = String, Path, description = "The wallet's id or name, such as `default`.")),
    responses((status = 200, description = "Profit and loss.", body = PnlView), Problems))]
pub(crate) async fn pnl(
    State(state): State<AppState>,
    WalletPath(name): WalletPath,
    _: NoParameters,
) -> Result<Response, Problem> {
    let wallet = state.find_wallet(&name).await?;
    let profit = state.profit(wallet.id).await?;
    let prices = state.prices(profit.holdings.keys().copied(), QUOTE).await;
    Ok(Json(view(&state, &wallet, &profit, &prices)).into_response())
}

fn view<'a>(
    state: &AppState,
    wallet: &Wallet,
    profit: &Profit,
    prices: &[(Token, Option<Decimal>)],
) -> PnlView<'a> {
    let holding = |token: Token| profit.holdings.get(&token.mint()).copied().unwrap_or_default();
    let tokens =
        prices.iter().map(|&(token, price)| (holding(token), of_token(state, token, holding(token), price)));
    let (holdings, tokens): (Vec<Holding>, Vec<TokenPnlView<'_>>) = tokens.unzip();
    let is_priced =
        tokens.iter().zip(&holdings).all(|(token, holding)| token.value.is_some() || holding.units == 0);
    let value: Decimal = tokens.iter().filter_map(|token| token.value).sum();
    let cost: Decimal = tokens.iter().filter(|token| token.value.is_some()).map(|token| token.cost).sum();
    let fees = FeesView {
        venues: usdc(profit.fees.venues),
        network: usdc(profit.fees.network),
        total: usdc(profit.fees.venues + profit.fees.network),
    };
    PnlView {
        quote_token: state.tokens.symbol(QUOTE).into(),
        // not from the wallet, which was read before: it may have been reset in the meantime
        since: profit.reset_at.unwrap_or(wallet.created_at),
        value: value.normalize(),
        deposited: signed(profit.deposited),
        realized: signed(profit.realized()),
        unrealized: (value - cost).normalize(),
        fees,
        rent: RentView { amount: decimal(profit.rent.units, Token::SOL), cost: usdc(profit.rent.cost) },
        tokens,
        is_complete: is_priced && !profit.has_unpriced && holdings.len() == profit.holdings.len(),
    }
}

fn of_token<'a>(
    state: &AppState,
    token: Token,
    holding: Holding,
    price: Option<Decimal>,
) -> TokenPnlView<'a> {
    let amount = decimal(holding.units, token);
    let cost = usdc(holding.cost);
    let value = price.and_then(|price| value_of(amount, price, QUOTE));
    TokenPnlView {
        token: state.tokens.symbol(token).into(),
        mint: token.mint(),
        amount,
        cost,
        average_price: cost.checked_div(amount).map(|price| price.round_sf(9).unwrap_or(price).normalize()),
        value,
        realized: signed(holding.realized),
        unrealized: value.map(|value| (value - cost).normalize()),
    }
}

fn decimal(units: u128, token: Token) -> Decimal {
    let units = i128::try_from(units).unwrap_or(i128::MAX);
    Decimal::try_from_i128_with_scale(units, token.decimals().into()).unwrap_or(Decimal::MAX).normalize()
}

fn usdc(units: u128) -> Decimal {
    decimal(units, QUOTE)
}

fn signed(units: i128) -> Decimal {
    Decimal::try_from_i128_with_scale(units, QUOTE.decimals().into()).unwrap_or(Decimal::MAX).normalize()
}
