//! Orders side by side.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets::NOTHING};
use domain::Timestamp;
use protocol::OrderView;

use super::{order_in_words, price};

/// One row per order, in the order given. As wide as the terminal, but an id is never broken.
pub(crate) fn order_table(orders: &[OrderView<'_>]) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["ID", "ACCEPTED", "ORDER", "STATUS", "TRY", "VENUE", "RESULT"]);
    table.add_rows(orders.iter().map(row));
    if let Some(id) = table.column_mut(0) {
        id.set_constraint(ColumnConstraint::ContentWidth);
    }
    table
}

fn row(order: &OrderView<'_>) -> [String; 7] {
    let (fill, failure) = (order.fill.as_ref(), order.failure.as_ref());
    let venue = fill.map(|fill| fill.venue).or(failure.and_then(|failure| failure.venue));
    let result = match (fill, failure) {
        (Some(fill), _) => {
            format!("{} {} at {}", fill.amount_out, order.spec.token_out, price(fill.executed_price))
        }
        (None, Some(failure)) => failure.code.to_string(),
        (None, None) => "-".to_owned(),
    };
    [
        order.id.to_string(),
        to_the_second(order.created_at),
        order_in_words(&order.spec),
        order.status.to_string(),
        order.attempt.to_string(),
        venue.map_or_else(|| "-".to_owned(), |venue| venue.to_string()),
        result,
    ]
}

/// `2026-11-21T08:00:00.123456Z` as `2026-11-21 08:00:00`.
fn to_the_second(at: Timestamp) -> String {
    let at = at.to_string();
    at.get(..19).unwrap_or(&at).replace('T', " ")
}

#[cfg(test)]
mod tests {
    use domain::{Fill, Order, OrderStatus};
    use testkit::samples;
    use venues::simulated::SimulatedTokens;

    use super::*;

    #[test]
    fn a_row_tells_what_came_of_an_order() {
        let accepted = Order { status: OrderStatus::Routing, attempt: 1, ..samples::acceptance().order };
        let id = accepted.id.to_string();
        let row = |order: &Order| row(&OrderView::new(order, &SimulatedTokens::default()));
        assert_eq!(row(&accepted), [&id, "2027-01-15 07:59:59", "1 SOL -> USDC", "routing", "1", "-", "-"]);
        let fill = samples::fill(&samples::attempt(&accepted));
        let Fill { venue, amount_out, executed_price, .. } = fill.clone();
        let filled = Order { status: OrderStatus::Confirmed, fill: Some(fill), ..accepted.clone() };
        let received = format!("{} USDC at {}", amount_out.to_decimal(), price(executed_price));
        assert_eq!(row(&filled)[5..], [venue.to_string(), received]);
        let failure = Some(samples::failure());
        let failed = Order { status: OrderStatus::Failed, failure, ..accepted };
        assert_eq!(row(&failed)[5..], ["meteora", "slippage_exceeded"]);
    }
}
