//! Orders side by side.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets::NOTHING};
use serde_json::Value;

use super::{order_in_words, price, text};

/// One row an order, in the order given. As wide as the terminal, but an id is never broken.
pub(crate) fn order_table(orders: &[Value]) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["ID", "ACCEPTED", "ORDER", "STATUS", "TRY", "VENUE", "RESULT"]);
    table.add_rows(orders.iter().map(row));
    if let Some(id) = table.column_mut(0) {
        id.set_constraint(ColumnConstraint::ContentWidth);
    }
    table
}

fn row(order: &Value) -> [String; 7] {
    let (fill, failure) = (&order["fill"], &order["failure"]);
    let venue = fill["venue"].as_str().or(failure["venue"].as_str()).unwrap_or("-");
    let result = if fill.is_object() {
        let (amount, token) = (text(&fill["amountOut"]), text(&order["tokenOut"]));
        format!("{amount} {token} at {}", price(&fill["executedPrice"]))
    } else {
        failure["code"].as_str().unwrap_or("-").to_owned()
    };
    [
        text(&order["id"]).to_owned(),
        to_the_second(text(&order["createdAt"])),
        order_in_words(order),
        text(&order["status"]).to_owned(),
        order["attempt"].to_string(),
        venue.to_owned(),
        result,
    ]
}

/// `2026-11-21T08:00:00.123456Z` as `2026-11-21 08:00:00`.
fn to_the_second(at: &str) -> String {
    at.get(..19).unwrap_or(at).replace('T', " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_tells_what_came_of_an_order() {
        let order = |more: &Value| {
            let mut order = json!({
                "id": "019", "createdAt": "2026-11-21T08:00:00.123456Z", "tokenIn": "SOL",
                "tokenOut": "USDC", "amountIn": "1", "status": "routing", "attempt": 1,
            });
            order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            row(&order)
        };
        assert_eq!(
            order(&json!({})),
            ["019", "2026-11-21 08:00:00", "1 SOL -> USDC", "routing", "1", "-", "-"]
        );
        let fill = json!({ "venue": "meteora", "amountOut": "150.1", "executedPrice": "150.1" });
        assert_eq!(order(&json!({ "fill": fill }))[5..], ["meteora", "150.1 USDC at 150.1"]);
        let failure = json!({ "code": "no_route", "message": "no venue trades the pair" });
        assert_eq!(order(&json!({ "failure": failure }))[5..], ["-", "no_route"]);
    }
}
