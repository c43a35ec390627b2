//! Quotes side by side, and the choice among them.

use std::fmt::{self, Write};

use domain::routing::percent;
use protocol::{BoundView, DecisionView, QuotesView, SpecView};

use super::{
    order_in_words, price,
    table::{Table, number, text},
    words::wrapped,
};

/// Before every line.
pub(super) const INDENT: &str = "  ";
/// Where the text of a line begins, after its label.
pub(super) const TEXT_AT: usize = 13;

/// The answer of `/api/quotes` as text.
pub(crate) fn quotes_in_words(quotes: &QuotesView<'_>, width: Option<usize>) -> String {
    let mut text = String::new();
    let QuotesView { request, decision, bound } = quotes;
    // a String takes everything
    let _ = writeln!(
        text,
        "{}, at most {} worse than quoted",
        order_in_words(request),
        percent(request.slippage_bps.into())
    );
    let _ = write_decision(&mut text, request, decision, width);
    let _ = write_bound(&mut text, request, bound);
    text
}

/// The quotes, which one was selected, and why the others were not.
pub(super) fn write_decision(
    text: &mut String,
    order: &SpecView<'_>,
    decision: &DecisionView<'_>,
    width: Option<usize>,
) -> fmt::Result {
    for line in quote_table(order, decision).lines(width.map(|width| width.saturating_sub(INDENT.len()))) {
        writeln!(text, "{INDENT}{line}")?;
    }
    let mut line = |line: String| writeln!(text, "{}", wrapped(&line, TEXT_AT, width));
    line(format!("{INDENT}selected   {}", decision.reason))?;
    for rejected in &decision.rejected {
        line(format!("{INDENT}rejected   {}: {}", rejected.venue, rejected.reason))?;
    }
    Ok(())
}

/// The worst result that the order accepts.
pub(super) fn write_bound(text: &mut String, order: &SpecView<'_>, bound: &BoundView) -> fmt::Result {
    match bound {
        BoundView::MinAmountOut(least) => {
            writeln!(text, "{INDENT}bound      receive at least {least} {}", order.token_out)
        }
        BoundView::MaxAmountIn(most) => {
            writeln!(text, "{INDENT}bound      spend at most {most} {}", order.token_in)
        }
    }
}

fn quote_table(order: &SpecView<'_>, decision: &DecisionView<'_>) -> Table {
    let (spent, received) = (order.token_in.as_ref(), order.token_out.as_ref());
    let shown_price = |rate| price(spent, received, rate);
    let unit = decision.quotes.first().map(|quote| shown_price(quote.amounts.price).unit);
    let columns = vec![
        text("", 0),
        text("venue", 0),
        number(spent, 0),
        number(received, 0),
        number(&unit.unwrap_or_default(), 2),
        number("impact", 1),
        number("fee", 3),
        number("depth", 5),
        number("answered", 4),
    ];
    let rows = decision.quotes.iter().map(|quote| {
        vec![
            if quote.venue == decision.venue { "*" } else { "" }.to_owned(),
            quote.venue.to_string(),
            quote.amounts.amount_in.to_string(),
            quote.amounts.amount_out.to_string(),
            shown_price(quote.amounts.price).value.to_string(),
            percent(quote.price_impact_bps),
            percent(quote.fee_bps),
            format!("{} of 100", quote.liquidity_score),
            format!("{} ms", quote.latency_ms),
        ]
    });
    Table::new(columns, rows)
}
