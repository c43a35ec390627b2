//! Orders as comma-separated values (RFC 4180).

use protocol::OrderView;

/// The names of the columns.
pub(crate) const CSV_HEADER: &str = "id,clientOrderId,tag,status,attempt,tokenIn,tokenOut,amountIn,amountOut,\
    slippageBps,venue,filledIn,filledOut,executedPrice,signature,failureCode,failure,createdAt,updatedAt";

/// An order as a line.
pub(crate) fn csv_row(order: &OrderView<'_>) -> String {
    let (spec, fill, failure) = (&order.spec, order.fill.as_ref(), order.failure.as_ref());
    let venue = fill.map(|fill| fill.venue).or(failure.and_then(|failure| failure.venue));
    let cells = [
        Some(order.id.to_string()),
        order.client_order_id.as_ref().map(ToString::to_string),
        spec.tag.as_ref().map(ToString::to_string),
        Some(order.status.to_string()),
        Some(order.attempt.to_string()),
        Some(spec.token_in.to_string()),
        Some(spec.token_out.to_string()),
        spec.amount_in.map(|amount| amount.to_string()),
        spec.amount_out.map(|amount| amount.to_string()),
        Some(spec.slippage_bps.to_string()),
        venue.map(|venue| venue.to_string()),
        fill.map(|fill| fill.amount_in.to_string()),
        fill.map(|fill| fill.amount_out.to_string()),
        fill.map(|fill| fill.executed_price.to_string()),
        fill.map(|fill| fill.signature.as_str().to_owned()),
        failure.map(|failure| failure.code.to_string()),
        failure.map(|failure| failure.message.to_string()),
        Some(order.created_at.to_string()),
        Some(order.updated_at.to_string()),
    ];
    cells.map(|cell| quoted(&cell.unwrap_or_default())).join(",")
}

fn quoted(cell: &str) -> String {
    // a spreadsheet would compute what begins like a formula
    let is_formula = cell.starts_with(['=', '+', '-', '@']);
    let cell = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use domain::{Order, OrderStatus};
    use testkit::samples;
    use venues::simulated::SimulatedTokens;

    use super::*;

    #[test]
    fn an_order_is_a_line_with_a_cell_for_each_name() {
        let order = samples::acceptance().order;
        let failed = Order { status: OrderStatus::Failed, failure: Some(samples::failure()), ..order };
        let line = csv_row(&OrderView::new(&failed, &SimulatedTokens::default()));
        assert!(line.starts_with(&failed.id.to_string()) && line.contains(",failed,"), "{line}");
        let message = line.split('"').nth(1).unwrap();
        let cells = line.split(',').count() - message.matches(',').count();
        assert_eq!(cells, CSV_HEADER.split(',').count(), "{line}");
    }

    #[test]
    fn a_cell_is_quoted_where_it_must_be() {
        for (cell, expected) in
            [("plain", "plain"), ("a,b", "\"a,b\""), ("say \"hi\"", "\"say \"\"hi\"\"\""), ("=1+1", "'=1+1")]
        {
            assert_eq!(quoted(cell), expected);
        }
    }
}
