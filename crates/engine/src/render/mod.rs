//! The engine's messages in words, for people who watch a terminal.

mod demo;
mod event;
mod explanation;
mod orders;
mod price;
mod quotes;
pub(crate) mod table;
mod wallets;
pub(crate) mod words;

pub(crate) use demo::{demo_table, step_in_words};
pub(crate) use event::{event_in_words, fill_in_words};
pub(crate) use explanation::{Detail, explanation_in_words};
pub(crate) use orders::order_table;
pub(crate) use price::price;
pub(crate) use quotes::quotes_in_words;
pub(crate) use wallets::{
    earnings_in_words, gain_in_words, moves_in_words, posting_table, wallet_in_words, wallet_table,
};

use protocol::SpecView;

/// What an order asks for, such as `1 SOL -> USDC`.
pub(crate) fn order_in_words(order: &SpecView<'_>) -> String {
    let SpecView { token_in, token_out, .. } = order;
    match (order.amount_in, order.amount_out) {
        (Some(amount), _) => format!("{amount} {token_in} -> {token_out}"),
        (None, Some(amount)) => format!("{token_in} -> {amount} {token_out}"),
        (None, None) => format!("{token_in} -> {token_out}"),
    }
}
