//! `GET /api/orders/summary`.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{Mint, Order, OrderStatus, Token, ports::OrderFilter};
use protocol::{OrderSummaryView, TradedView};
use rust_decimal::Decimal;

use super::filter;
use crate::{
    openapi::problems,
    problem::Problem,
    request::{Parameters, refuse_query},
    state::AppState,
};

/// Orders that are read for a summary at most: a fraction of a second.
const MOST: u32 = 10_000;
const PAGE: u32 = 1_000;

problems!(Problems: InvalidQuery, WalletNotFound, UnreadableOrder, StoreUnavailable);

/// Counts orders by status, and what they traded.
///
/// Of the newest 10,000 orders that match; `isComplete` says whether these are all. Takes the filters of
/// `GET /api/orders`; with those for tokens, venues, failures or `q`, only matches among the newest 50,000 orders count.
#[utoipa::path(get, path = "/api/orders/summary", operation_id = "summarizeOrders", tag = "orders",
    params(filter::Filters),
    responses((status = 200, description = "The counts.", body = OrderSummaryView), Problems))]
pub(crate) async fn summarize(State(state): State<AppState>, query: Parameters) -> Result<Response, Problem> {
    let mut errors = Vec::new();
    let read = filter::read(&state, &query, &mut errors).await;
    query.check_names(&filter::NAMES, &mut errors);
    refuse_query(errors)?;
    let mut summary = Summary::default();
    let mut next = OrderFilter { limit: PAGE, ..read.finish(&state).await? };
    let is_complete = loop {
        let page = state.answer(state.scan(next.clone())).await?;
        page.orders.iter().for_each(|order| summary.add(order));
        match page.next {
            None => break true,
            // a search may read many orders for each one that it finds
            Some(_)
                if summary.total >= MOST
                    || (next.is_search(state.account) && page.orders.len() < PAGE as usize) =>
            {
                break false;
            }
            Some(cursor) => next.cursor = Some(cursor),
        }
    };
    Ok(Json(summary.view(is_complete, &state)).into_response())
}

#[derive(Default)]
struct Summary {
    total: u32,
    by_status: BTreeMap<OrderStatus, u32>,
    traded: BTreeMap<(Mint, Mint), Traded>,
}

/// Sums of fills in one direction of a pair.
struct Traded {
    token_in: Token,
    token_out: Token,
    orders: u32,
    /// Base units.
    spent: i128,
    /// Base units.
    received: i128,
}

impl Summary {
    fn add(&mut self, order: &Order) {
        self.total += 1;
        *self.by_status.entry(order.status).or_default() += 1;
        if let Some(fill) = &order.fill {
            let (token_in, token_out) = (fill.amount_in.token, fill.amount_out.token);
            let none = Traded { token_in, token_out, orders: 0, spent: 0, received: 0 };
            let traded = self.traded.entry((token_in.mint(), token_out.mint())).or_insert(none);
            traded.orders += 1;
            traded.spent += i128::from(fill.amount_in.units.0);
            traded.received += i128::from(fill.amount_out.units.0);
        }
    }

    fn view(&self, is_complete: bool, state: &AppState) -> OrderSummaryView {
        // 10,000 amounts of 64 bits fit a decimal, which has 96
        let amount = |units, token: Token| {
            Decimal::from_i128_with_scale(units, u32::from(token.decimals())).normalize()
        };
        let traded = self.traded.values().map(|traded| TradedView {
            token_in: state.tokens.symbol(traded.token_in),
            token_out: state.tokens.symbol(traded.token_out),
            orders: traded.orders,
            amount_in: amount(traded.spent, traded.token_in),
            amount_out: amount(traded.received, traded.token_out),
        });
        OrderSummaryView {
            total: self.total,
            is_complete,
            by_status: self.by_status.clone(),
            traded: traded.collect(),
        }
    }
}
