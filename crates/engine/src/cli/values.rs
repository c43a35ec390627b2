//! Values of arguments.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use domain::{FailureCode, OrderStatus, Timestamp, ports::Clock};
use infra::clock::SystemClock;
use reqwest::header::HeaderValue;

/// The status of an order.
pub(super) fn order_status() -> impl TypedValueParser<Value = OrderStatus> {
    PossibleValuesParser::new(OrderStatus::ALL.map(OrderStatus::as_str))
        .try_map(|text| text.parse::<OrderStatus>())
}

/// The code of a failure, as the API names it.
pub(super) fn failure_code() -> PossibleValuesParser {
    PossibleValuesParser::new(FailureCode::ALL.map(FailureCode::as_str))
}

/// An amount. Only its sign is checked here; the engine checks the rest.
pub(super) fn amount(text: &str) -> Result<String, String> {
    if text.starts_with('-') { Err("must be greater than zero".to_owned()) } else { Ok(text.to_owned()) }
}

/// A token and how much of it, such as `SOL=10`. The engine checks both.
pub(super) fn payment(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').map(|(token, amount)| (token.trim(), amount.trim()));
    match parts.filter(|(token, amount)| !token.is_empty() && !amount.is_empty()) {
        Some((token, given)) => Ok((token.to_owned(), amount(given)?)),
        None => Err("must be a token and an amount, such as SOL=10".to_owned()),
    }
}

/// A key that fits into a header.
pub(super) fn idempotency_key(text: &str) -> Result<String, String> {
    let fits = (1..=255).contains(&text.len()) && HeaderValue::from_str(text).is_ok();
    if fits { Ok(text.to_owned()) } else { Err("must be 1 to 255 printable ASCII characters".to_owned()) }
}

/// A time, or how long ago it was.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    time_at(text, SystemClock.now()).ok_or_else(|| {
        "must be a time such as 2026-11-21T08:00:00Z, or an age such as 15m, 2h or 3d".to_owned()
    })
}

fn time_at(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let age = text.trim_end_matches("ago").trim();
    let unit = age.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let count: u64 = age.trim_end_matches(unit).trim().parse().ok()?;
    let micros = i64::try_from(Duration::from_secs(count.checked_mul(seconds)?).as_micros()).ok()?;
    Some(Timestamp::from_unix_micros(now.unix_micros().checked_sub(micros)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_absolute_or_an_age() {
        let now = Timestamp::from_unix_millis(10_000_000_000);
        for (text, millis) in [
            ("15m", 10_000_000_000 - 900_000),
            ("2h", 10_000_000_000 - 7_200_000),
            ("3d ago", 10_000_000_000 - 259_200_000),
            ("1 w ago", 10_000_000_000 - 604_800_000),
            ("1970-01-01T01:00:00+01:00", 0),
        ] {
            assert_eq!(time_at(text, now), Some(Timestamp::from_unix_millis(millis)), "{text}");
        }
        for wrong in ["", "m", "15", "-1h", "1y", "yesterday", "99999999999999999999d"] {
            assert_eq!(time_at(wrong, now), None, "{wrong}");
        }
    }
}
