//! The engine's messages in words, for people who watch a terminal.

mod explanation;
mod orders;

pub(crate) use explanation::explanation_in_words;
pub(crate) use orders::order_table;

use domain::{OrderId, OrderStatus, Timestamp};
use serde::Deserialize;
use serde_json::Value;

/// An event as the engine streams it: amounts are whole tokens.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StreamedEvent {
    pub(crate) order_id: OrderId,
    pub(crate) seq: u32,
    pub(crate) status: OrderStatus,
    pub(crate) attempt: u32,
    pub(crate) at: Timestamp,
    pub(crate) data: Value,
}

impl StreamedEvent {
    /// What happened, by its wire name.
    pub(crate) fn kind(&self) -> &str {
        text(&self.data["kind"])
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

/// What an order asks for, such as `1 SOL -> USDC`.
pub(crate) fn order_in_words(order: &Value) -> String {
    let (token_in, token_out) = (text(&order["tokenIn"]), text(&order["tokenOut"]));
    match order["amountIn"].as_str() {
        Some(amount) => format!("{amount} {token_in} -> {token_out}"),
        None => format!("{token_in} -> {} {token_out}", text(&order["amountOut"])),
    }
}

/// What happened, in one line.
pub(crate) fn event_in_words(event: &StreamedEvent) -> String {
    let data = &event.data;
    match event.kind() {
        "accepted" => format!("accepted: {}", order_in_words(&data["order"])),
        "routing_started" => format!("attempt {}: asking the venues", event.attempt),
        "routed" => {
            let quotes: Vec<String> =
                data["quotes"].as_array().into_iter().flatten().map(quote_in_words).collect();
            format!("{} ({})", text(&data["reason"]), quotes.join(", "))
        }
        "building" => {
            let steps = data["instructions"].as_array().map_or(0, Vec::len);
            format!("building {steps} instructions for {}", text(&data["venue"]))
        }
        "submitted" => format!("submitted {}", short(text(&data["signature"]))),
        "confirmed" => format!(
            "confirmed on {} in slot {}: {} for {} at {}{}",
            text(&data["venue"]),
            data["slot"],
            text(&data["amountOut"]),
            text(&data["amountIn"]),
            price(&data["executedPrice"]),
            if data["afterExpiry"] == true { ", after the order had expired" } else { "" }
        ),
        "waiting" => {
            format!("waiting: {}; again at {}", text(&data["failure"]["message"]), text(&data["until"]))
        }
        "retrying" => format!(
            "attempt {} failed: {}; again at {}",
            event.attempt,
            text(&data["failure"]["message"]),
            text(&data["nextAttemptAt"])
        ),
        "failed" => format!("failed at attempt {}: {}", event.attempt, text(&data["failure"]["message"])),
        "canceled" => withdrawn("canceled", data),
        "expired" => withdrawn("expired", data),
        other => other.to_owned(),
    }
}

/// The end of an order that its owner no longer wanted, with why its last attempt did not land.
fn withdrawn(end: &str, data: &Value) -> String {
    match data["failure"]["message"].as_str() {
        Some(message) => format!("{end}; the last attempt failed: {message}"),
        None => end.to_owned(),
    }
}

fn quote_in_words(quote: &Value) -> String {
    format!("{} {} for {}", text(&quote["venue"]), text(&quote["amountOut"]), text(&quote["amountIn"]))
}

/// The beginning and the end of a signature: enough to tell it from others.
fn short(signature: &str) -> String {
    match (signature.get(..6), signature.get(signature.len().saturating_sub(6)..)) {
        (Some(head), Some(tail)) if signature.len() > 16 => format!("{head}..{tail}"),
        _ => signature.to_owned(),
    }
}

/// A price with the digits that a person reads; the places before the point are never cut.
fn price(value: &Value) -> String {
    const WIDTH: usize = 12;
    let shown = text(value);
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
            assert_eq!(price(&Value::from(exact)), shown);
        }
    }
}
