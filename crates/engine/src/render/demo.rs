//! The orders of `engine demo`.

use protocol::{DataView, EventBody, EventDataView, OrderView, SpecView};

use super::{
    order_in_words,
    orders::{executed_price, result, venue},
    price,
    table::{Table, number, text},
    words::{duration, status},
};

/// A step in a few words, which stand beside order and status on a terminal of 80 columns.
pub(crate) fn step_in_words(event: &EventBody<'_>, order: &SpecView<'_>) -> String {
    let DataView::Known(data) = &event.data else { return String::new() };
    let shown_price = |rate| price(&order.token_in, &order.token_out, rate);
    match data {
        EventDataView::Accepted { .. } => "accepted".to_owned(),
        EventDataView::RoutingStarted => "requesting quotes".to_owned(),
        EventDataView::Routed(decision) => {
            let best = decision.quotes.first().map(|quote| shown_price(quote.amounts.price).to_string());
            format!("best at {}: {}", decision.venue.title(), best.unwrap_or_default())
        }
        EventDataView::Building { venue, .. } => format!("a swap on {}", venue.title()),
        EventDataView::Submitted { venue, .. } => format!("to {}, waiting for the chain", venue.title()),
        EventDataView::Confirmed { fill, .. } => {
            let (amount, token) = match order.amount_in {
                Some(_) => (fill.amount_out, &order.token_out),
                None => (fill.amount_in, &order.token_in),
            };
            format!("{amount} {token} at {}", shown_price(fill.executed_price))
        }
        EventDataView::Waiting { failure, .. } => format!("waiting after {}", failure.code),
        EventDataView::Retrying { failure, .. } => format!("trying again after {}", failure.code),
        EventDataView::Failed { failure } => failure.code.to_string(),
        EventDataView::Canceled { .. } | EventDataView::Expired { .. } => String::new(),
    }
}

/// What became of the orders.
pub(crate) fn demo_table(orders: &[OrderView<'_>]) -> Table {
    let columns = vec![
        text("ORDER", 0),
        text("STATUS", 0),
        text("RESULT", 0),
        text("PRICE", 1),
        text("VENUE", 2),
        number("TRY", 4),
        number("DURATION", 3),
    ];
    let rows = orders.iter().map(|order| {
        vec![
            order_in_words(&order.spec),
            status(order.status).to_string(),
            // the reason is below the table, where there is room
            if order.fill.is_some() { result(order) } else { "-".to_owned() },
            executed_price(order),
            venue(order),
            order.attempt.to_string(),
            duration(order.updated_at.since(order.created_at)),
        ]
    });
    Table::new(columns, rows)
}
