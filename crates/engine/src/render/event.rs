//! What happened to an order, in one line.

use domain::Timestamp;
use protocol::{DataView, EventBody, EventDataView, FailureView, FillView, QuoteView, SpecView};

use super::{
    order_in_words, price,
    words::{short_signature, time_of_day},
};

/// What happened, without the status, which stands beside it. `order` gives amounts their units; `is_long`: signatures
/// are whole and times exact.
pub(crate) fn event_in_words(event: &EventBody<'_>, order: Option<&SpecView<'_>>, is_long: bool) -> String {
    let attempt = event.attempt;
    let time = |at: Timestamp| if is_long { at.to_string() } else { time_of_day(at) };
    let data = match &event.data {
        DataView::Known(data) => data,
        DataView::Unknown(data) => return data["kind"].as_str().unwrap_or("?").to_owned(),
    };
    match data {
        EventDataView::Accepted { order, .. } => format!("accepted: {}", order_in_words(order)),
        EventDataView::RoutingStarted => format!("attempt {attempt}: requesting quotes"),
        EventDataView::Routed(decision) => {
            let quotes: Vec<String> =
                decision.quotes.iter().map(|quote| quote_in_words(quote, order)).collect();
            format!("{} ({})", decision.reason, quotes.join(", "))
        }
        EventDataView::Building { venue, instructions, .. } => {
            format!("{} instructions for {venue}", instructions.len())
        }
        EventDataView::Submitted { signature, venue, .. } => {
            let signature = signature.as_str();
            format!("to {venue}: {}", if is_long { signature.to_owned() } else { short_signature(signature) })
        }
        EventDataView::Confirmed { fill, after_expiry } => {
            let late = if *after_expiry { ", after the order had expired" } else { "" };
            format!("{} on {}, slot {}{late}", fill_in_words(fill, order), fill.venue, fill.slot)
        }
        EventDataView::Waiting { failure, until } => {
            format!("waiting: {}; again at {}", failure.message, time(*until))
        }
        EventDataView::Retrying { failure, next_attempt_at } => {
            format!("attempt {attempt} failed: {}; again at {}", failure.message, time(*next_attempt_at))
        }
        EventDataView::Failed { failure } => format!("attempt {attempt}: {}", failure.message),
        EventDataView::Canceled { failure, .. } | EventDataView::Expired { failure, .. } => {
            withdrawn(failure.as_ref())
        }
    }
}

/// How an order traded, such as `154.67 USDC for 1 SOL at 154.67 USDC/SOL`.
pub(crate) fn fill_in_words(fill: &FillView<'_>, order: Option<&SpecView<'_>>) -> String {
    let Some(order) = order else { return format!("{} for {}", fill.amount_out, fill.amount_in) };
    format!(
        "{} {} for {} {} at {}",
        fill.amount_out,
        order.token_out,
        fill.amount_in,
        order.token_in,
        price(&order.token_in, &order.token_out, fill.executed_price)
    )
}

/// The end of an order that was canceled or expired, with why its last attempt did not land.
fn withdrawn(failure: Option<&FailureView<'_>>) -> String {
    match failure {
        Some(failure) => format!("the last attempt failed: {}", failure.message),
        None => "before anything was submitted".to_owned(),
    }
}

/// The side that the order leaves open.
fn quote_in_words(quote: &QuoteView, order: Option<&SpecView<'_>>) -> String {
    let amounts = &quote.amounts;
    match order {
        Some(order) if order.amount_in.is_some() => {
            format!("{} {} {}", quote.venue, amounts.amount_out, order.token_out)
        }
        Some(order) => format!("{} {} {}", quote.venue, amounts.amount_in, order.token_in),
        None => format!("{} {} for {}", quote.venue, amounts.amount_out, amounts.amount_in),
    }
}
