//! The engine's messages in words, for people who watch a terminal.

mod explanation;
mod orders;

pub(crate) use explanation::explanation_in_words;
pub(crate) use orders::order_table;

use protocol::{DataView, EventBody, EventDataView, FailureView, QuoteView, SpecView};
use rust_decimal::Decimal;

/// What an order asks for, such as `1 SOL -> USDC`.
pub(crate) fn order_in_words(order: &SpecView<'_>) -> String {
    let SpecView { token_in, token_out, .. } = order;
    match (order.amount_in, order.amount_out) {
        (Some(amount), _) => format!("{amount} {token_in} -> {token_out}"),
        (None, Some(amount)) => format!("{token_in} -> {amount} {token_out}"),
        (None, None) => format!("{token_in} -> {token_out}"),
    }
}

/// What happened, in one line.
pub(crate) fn event_in_words(event: &EventBody<'_>) -> String {
    let attempt = event.attempt;
    let data = match &event.data {
        DataView::Known(data) => data,
        DataView::Unknown(data) => return data["kind"].as_str().unwrap_or("?").to_owned(),
    };
    match data {
        EventDataView::Accepted { order, .. } => format!("accepted: {}", order_in_words(order)),
        EventDataView::RoutingStarted => format!("attempt {attempt}: asking the venues"),
        EventDataView::Routed(decision) => {
            let quotes: Vec<String> = decision.quotes.iter().map(quote_in_words).collect();
            format!("{} ({})", decision.reason, quotes.join(", "))
        }
        EventDataView::Building { venue, instructions, .. } => {
            format!("building {} instructions for {venue}", instructions.len())
        }
        EventDataView::Submitted { signature, .. } => format!("submitted {}", short(signature.as_str())),
        EventDataView::Confirmed { fill, after_expiry } => format!(
            "confirmed on {} in slot {}: {} for {} at {}{}",
            fill.venue,
            fill.slot,
            fill.amount_out,
            fill.amount_in,
            price(fill.executed_price),
            if *after_expiry { ", after the order had expired" } else { "" }
        ),
        EventDataView::Waiting { failure, until } => {
            format!("waiting: {}; again at {until}", failure.message)
        }
        EventDataView::Retrying { failure, next_attempt_at } => {
            format!("attempt {attempt} failed: {}; again at {next_attempt_at}", failure.message)
        }
        EventDataView::Failed { failure } => format!("failed at attempt {attempt}: {}", failure.message),
        EventDataView::Canceled { failure, .. } => withdrawn("canceled", failure.as_ref()),
        EventDataView::Expired { failure, .. } => withdrawn("expired", failure.as_ref()),
    }
}

/// The end of an order that was canceled or expired, with why its last attempt did not land.
fn withdrawn(end: &str, failure: Option<&FailureView<'_>>) -> String {
    match failure {
        Some(failure) => format!("{end}; the last attempt failed: {}", failure.message),
        None => end.to_owned(),
    }
}

fn quote_in_words(quote: &QuoteView) -> String {
    format!("{} {} for {}", quote.venue, quote.amounts.amount_out, quote.amounts.amount_in)
}

/// The beginning and the end of a signature, enough to recognize it.
fn short(signature: &str) -> String {
    match (signature.get(..6), signature.get(signature.len().saturating_sub(6)..)) {
        (Some(head), Some(tail)) if signature.len() > 16 => format!("{head}..{tail}"),
        _ => signature.to_owned(),
    }
}

/// A price with the digits that a person reads; the places before the point are never cut.
pub(crate) fn price(price: Decimal) -> String {
    const WIDTH: usize = 12;
    let shown = price.to_string();
    let whole = shown.find('.').unwrap_or(shown.len());
    shown.chars().take(WIDTH.max(whole)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_keeps_its_whole_part() {
        for (exact, shown) in [
            ("149.123456789012", "149.12345678"),
            ("0.000006712345678", "0.0000067123"),
            ("12345678901234.5", "12345678901234"),
            ("7", "7"),
        ] {
            assert_eq!(price(exact.parse().unwrap()), shown);
        }
    }
}
