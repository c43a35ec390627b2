//! Orders side by side.

use domain::Timestamp;
use protocol::OrderView;

use super::{
    order_in_words, price,
    table::{Table, number, text},
    words::{ago, short_id, status},
};

/// One row per order, in the order given. A terminal's rows have short ids and ages.
pub(crate) fn order_table(orders: &[OrderView<'_>], now: Timestamp, is_terminal: bool) -> Table {
    let columns = vec![
        text("ID", 0),
        text("ACCEPTED", 2),
        text("ORDER", 0),
        text("STATUS", 0),
        number("TRY", 5),
        text("VENUE", 3),
        text("RESULT", 1),
        text("PRICE", 4),
    ];
    Table::new(columns, orders.iter().map(|order| row(order, now, is_terminal)))
}

fn row(order: &OrderView<'_>, now: Timestamp, is_terminal: bool) -> Vec<String> {
    vec![
        if is_terminal { short_id(order.id) } else { order.id.to_string() },
        if is_terminal { ago(order.created_at, now) } else { order.created_at.to_string() },
        order_in_words(&order.spec),
        status(order.status).to_string(),
        order.attempt.to_string(),
        venue(order),
        result(order),
        executed_price(order),
    ]
}

/// The venue that filled it or failed last.
pub(super) fn venue(order: &OrderView<'_>) -> String {
    let failed = order.failure.as_ref().and_then(|failure| failure.venue);
    or_dash(order.fill.as_ref().map(|fill| fill.venue).or(failed))
}

/// What the order left open, or why it failed.
pub(super) fn result(order: &OrderView<'_>) -> String {
    let spec = &order.spec;
    match &order.fill {
        Some(fill) if spec.amount_in.is_some() => format!("{} {}", fill.amount_out, spec.token_out),
        Some(fill) => format!("{} {}", fill.amount_in, spec.token_in),
        None => or_dash(order.failure.as_ref().map(|failure| &failure.code)),
    }
}

pub(super) fn executed_price(order: &OrderView<'_>) -> String {
    let spec = &order.spec;
    or_dash(order.fill.as_ref().map(|fill| price(&spec.token_in, &spec.token_out, fill.executed_price)))
}

fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use domain::{Fill, Order, OrderStatus};
    use testkit::samples;
    use venues::simulated::SimulatedTokens;

    use super::*;

    fn row_of(order: &Order, is_terminal: bool) -> Vec<String> {
        let now = order.created_at + std::time::Duration::from_mins(5);
        row(&OrderView::new(order, &SimulatedTokens::default()), now, is_terminal)
    }

    #[test]
    fn a_row_says_what_became_of_an_order() {
        console::set_colors_enabled(false);
        let accepted = Order { status: OrderStatus::Routing, attempt: 1, ..samples::acceptance().order };
        let id = accepted.id.to_string();
        let at = accepted.created_at.to_string();
        assert_eq!(row_of(&accepted, false), [&id, &at, "1 SOL -> USDC", "routing", "1", "-", "-", "-"]);
        assert_eq!(row_of(&accepted, true)[..2], [id[28..].to_owned(), "5m ago".to_owned()]);
        let fill = samples::fill(&samples::attempt(&accepted));
        let Fill { venue, amount_out, executed_price, .. } = fill.clone();
        let filled = Order { status: OrderStatus::Confirmed, fill: Some(fill), ..accepted.clone() };
        let received = format!("{} USDC", amount_out.to_decimal());
        let price = price("SOL", "USDC", executed_price).to_string();
        assert_eq!(row_of(&filled, false)[5..], [venue.to_string(), received, price]);
        let failure = Some(samples::failure());
        let failed = Order { status: OrderStatus::Failed, failure, ..accepted };
        assert_eq!(row_of(&failed, false)[5..], ["meteora", "slippage_exceeded", "-"]);
    }
}
