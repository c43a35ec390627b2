//! The explanation of an order as a story: what was asked, and for each attempt what the venues offered,
//! why one of them won, what was sent and what came of it.

use std::{fmt, fmt::Write};

use comfy_table::{CellAlignment, Table, presets::NOTHING};
use domain::Timestamp;
use serde_json::Value;

use super::{order_in_words, price, short, text};

/// Before every line of an attempt.
const INDENT: &str = "  ";

/// The story that the answer of `/api/orders/{id}/explain` tells.
pub(crate) fn explanation_in_words(explanation: &Value) -> String {
    let mut story = String::new();
    let _ = tell(&mut story, explanation); // a String takes everything
    story
}

fn tell(story: &mut String, explanation: &Value) -> fmt::Result {
    let order = &explanation["order"];
    writeln!(story, "order {}", text(&explanation["orderId"]))?;
    writeln!(
        story,
        "{} order, {}, at most {} bps worse than quoted",
        text(&order["type"]),
        order_in_words(order),
        order["slippageBps"]
    )?;
    let (token_in, token_out) = (text(&order["tokenIn"]), text(&order["tokenOut"]));
    if let Some(least) = order["minAmountOut"].as_str() {
        writeln!(story, "at least {least} {token_out}")?;
    }
    if let Some(most) = order["maxAmountIn"].as_str() {
        writeln!(story, "at most {most} {token_in}")?;
    }
    if let Some(expires_at) = order["expiresAt"].as_str() {
        writeln!(story, "expires at {expires_at}")?;
    }
    if let Some(tag) = order["tag"].as_str() {
        writeln!(story, "tag {tag}")?;
    }
    tell_standing(story, explanation)?;
    if let Some(lost) = explanation["parkedAfterLostClaims"].as_u64() {
        let id = text(&explanation["orderId"]);
        writeln!(
            story,
            "parked: {lost} claims in a row were lost; `engine resume {id}` tries again at once"
        )?;
    }
    if let Some(requested_at) = explanation["cancelRequest"]["requestedAt"].as_str() {
        writeln!(
            story,
            "cancel requested at {requested_at}, after event {}",
            explanation["cancelRequest"]["afterSeq"]
        )?;
    }
    for attempt in explanation["attempts"].as_array().into_iter().flatten() {
        tell_attempt(story, order, attempt)?;
    }
    if explanation["result"].is_object() {
        tell_result(story, order, &explanation["result"])?;
    }
    Ok(())
}

fn tell_standing(story: &mut String, explanation: &Value) -> fmt::Result {
    let timing = &explanation["timing"];
    write!(story, "accepted at {}, {}", text(&timing["acceptedAt"]), text(&explanation["status"]))?;
    if let Some(total) = timing["totalMs"].as_u64() {
        write!(story, " after {}", duration(total))?;
    }
    if let Some(queued) = timing["queuedMs"].as_u64() {
        write!(story, ", {} of them in the queue", duration(queued))?;
    }
    writeln!(story)
}

fn tell_attempt(story: &mut String, order: &Value, attempt: &Value) -> fmt::Result {
    write!(story, "\nattempt {}, begun at {}", attempt["attempt"], text(&attempt["startedAt"]))?;
    match attempt["restarts"].as_u64() {
        None | Some(0) => {}
        Some(restarts) => write!(story, ", begun anew {restarts} times")?,
    }
    writeln!(story)?;
    if attempt["routing"].is_object() {
        tell_routing(story, order, attempt)?;
    }
    tell_building(story, order, attempt)?;
    let submission = &attempt["submission"];
    if submission.is_object() {
        let (signature, venue) = (short(text(&submission["signature"])), text(&submission["venue"]));
        let height = &submission["lastValidBlockHeight"];
        writeln!(
            story,
            "{INDENT}submitted  {signature} to {venue}, can land up to block {height}{}",
            took(attempt, "buildingMs")
        )?;
    }
    tell_outcome(story, order, attempt)
}

fn tell_routing(story: &mut String, order: &Value, attempt: &Value) -> fmt::Result {
    let routing = &attempt["routing"];
    let chosen = text(&routing["venue"]);
    let quotes = routing["quotes"].as_array().map_or(&[] as &[Value], Vec::as_slice);
    writeln!(story, "{INDENT}quoted    {}", took(attempt, "routingMs"))?;
    for line in quote_table(order, quotes, chosen).lines() {
        writeln!(story, "{INDENT}{}", line.trim_end())?;
    }
    writeln!(story, "{INDENT}chose      {chosen}: {}", text(&routing["reason"]))?;
    for rejected in routing["rejected"].as_array().into_iter().flatten() {
        writeln!(story, "{INDENT}not        {}: {}", text(&rejected["venue"]), text(&rejected["reason"]))?;
    }
    Ok(())
}

fn quote_table(order: &Value, quotes: &[Value], chosen: &str) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    let (spent, received) = (text(&order["tokenIn"]), text(&order["tokenOut"]));
    table.set_header(["", "venue", spent, received, "price", "impact", "fee", "depth", "answered"]);
    table.add_rows(quotes.iter().map(|quote| {
        let venue = text(&quote["venue"]);
        [
            if venue == chosen { "*" } else { "" }.to_owned(),
            venue.to_owned(),
            text(&quote["amountIn"]).to_owned(),
            text(&quote["amountOut"]).to_owned(),
            price(&quote["price"]),
            format!("{} bps", quote["priceImpactBps"]),
            format!("{} bps", quote["feeBps"]),
            format!("{} of 100", quote["liquidityScore"]),
            format!("{} ms", quote["latencyMs"]),
        ]
    }));
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn tell_building(story: &mut String, order: &Value, attempt: &Value) -> fmt::Result {
    let bound = &attempt["bound"];
    if let Some(least) = bound["minAmountOut"].as_str() {
        writeln!(story, "{INDENT}bound      no less than {least} {} out", text(&order["tokenOut"]))?;
    }
    if let Some(most) = bound["maxAmountIn"].as_str() {
        writeln!(story, "{INDENT}bound      no more than {most} {} in", text(&order["tokenIn"]))?;
    }
    let steps: Vec<String> =
        attempt["instructions"].as_array().into_iter().flatten().map(instruction_in_words).collect();
    if !steps.is_empty() {
        writeln!(story, "{INDENT}built      {}", steps.join(", "))?;
    }
    Ok(())
}

fn instruction_in_words(step: &Value) -> String {
    let name = text(&step["instruction"]).replace('_', " ");
    let details = ["token", "amount", "venue"].map(|detail| step[detail].as_str());
    details.into_iter().flatten().fold(name, |words, detail| format!("{words} {detail}"))
}

fn tell_outcome(story: &mut String, order: &Value, attempt: &Value) -> fmt::Result {
    let (fill, failure) = (&attempt["fill"], &attempt["failure"]);
    let landing = took(attempt, "landingMs");
    match text(&attempt["outcome"]) {
        "confirmed" => writeln!(
            story,
            "{INDENT}confirmed  in slot {}: {} {} for {} {}{landing}",
            fill["slot"],
            text(&fill["amountOut"]),
            text(&order["tokenOut"]),
            text(&fill["amountIn"]),
            text(&order["tokenIn"]),
        ),
        "retried" | "failed" => {
            let (code, message) = (text(&failure["code"]), text(&failure["message"]));
            writeln!(story, "{INDENT}failed     {code}: {message}{landing}")?;
            tell_next(story, attempt)
        }
        outcome @ ("canceled" | "expired") => match failure["message"].as_str() {
            Some(message) => writeln!(story, "{INDENT}{outcome:<10} {message}{landing}"),
            None => writeln!(story, "{INDENT}{outcome:<10} before anything was submitted"),
        },
        _ => writeln!(story, "{INDENT}in progress"),
    }
}

fn tell_next(story: &mut String, attempt: &Value) -> fmt::Result {
    let (Some(ended), Some(next)) = (time(&attempt["endedAt"]), time(&attempt["nextAttemptAt"])) else {
        return writeln!(story, "{INDENT}           for good: {}", if_retryable(&attempt["failure"]));
    };
    let wait = u64::try_from(next.since(ended).as_millis()).unwrap_or(u64::MAX);
    writeln!(story, "{INDENT}again      after {}, at {next}", duration(wait))
}

/// Why nothing follows a failure.
fn if_retryable(failure: &Value) -> &'static str {
    if failure["retryable"] == true { "that was the last attempt" } else { "no attempt can succeed" }
}

fn tell_result(story: &mut String, order: &Value, result: &Value) -> fmt::Result {
    let improvement = result["improvementBps"].as_i64().unwrap_or(0);
    let compared = match improvement {
        0 => "as quoted".to_owned(),
        1.. => format!("{improvement} bps better"),
        ..0 => format!("{} bps worse", improvement.unsigned_abs()),
    };
    writeln!(
        story,
        "\nquoted {}, realised {}: {compared}, {} bps worse allowed",
        trade(order, &result["quoted"]),
        trade(order, &result["realised"]),
        result["slippageBpsAllowed"]
    )
}

/// The side of a trade that the order left open.
fn trade(order: &Value, amounts: &Value) -> String {
    let (amount, token) =
        if order["amountIn"].is_string() { ("amountOut", "tokenOut") } else { ("amountIn", "tokenIn") };
    format!("{} {}", text(&amounts[amount]), text(&order[token]))
}

fn took(attempt: &Value, step: &str) -> String {
    attempt["timing"][step].as_u64().map(|millis| format!(" ({})", duration(millis))).unwrap_or_default()
}

fn time(value: &Value) -> Option<Timestamp> {
    serde_json::from_value(value.clone()).ok()
}

fn duration(millis: u64) -> String {
    if millis < 1_000 {
        format!("{millis} ms")
    } else {
        format!("{}.{:02} s", millis / 1_000, millis % 1_000 / 10)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn retried_once() -> Value {
        let quote = |venue: &str, amount_out: &str| {
            json!({
                "venue": venue, "amountIn": "1", "amountOut": amount_out, "price": amount_out,
                "priceImpactBps": 2, "feeBps": 30, "liquidityScore": 90, "latencyMs": 201,
            })
        };
        let attempt = |number: u32, more: Value| {
            let mut attempt = json!({
                "attempt": number, "startedAt": "2026-11-21T08:00:00.000000Z", "restarts": 0,
                "routing": {
                    "venue": "meteora", "reason": "meteora gives more",
                    "quotes": [quote("raydium", "149.5"), quote("meteora", "150.1")],
                    "rejected": [{ "venue": "raydium", "reason": "0.6 USDC less out than meteora, 39 bps" }],
                },
                "bound": { "minAmountOut": "149.3" },
                "instructions": [
                    { "instruction": "wrap_sol", "amount": "1" },
                    { "instruction": "swap", "venue": "meteora" },
                ],
                "submission": { "venue": "meteora", "signature": "5abc", "lastValidBlockHeight": 150 },
                "timing": { "routingMs": 205, "buildingMs": 3, "landingMs": 2_410 },
            });
            attempt.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            attempt
        };
        let failure = json!({ "code": "slippage_exceeded", "message": "the price moved", "retryable": true });
        json!({
            "orderId": "019", "status": "confirmed",
            "order": {
                "type": "market", "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "slippageBps": 50,
            },
            "attempts": [
                attempt(1, json!({
                    "outcome": "retried", "failure": failure,
                    "endedAt": "2026-11-21T08:00:02.600000Z", "nextAttemptAt": "2026-11-21T08:00:03.100000Z",
                })),
                attempt(2, json!({
                    "outcome": "confirmed", "fill": { "slot": 77, "amountIn": "1", "amountOut": "149.9" },
                })),
            ],
            "result": {
                "quoted": { "amountIn": "1", "amountOut": "150.1" },
                "realised": { "amountIn": "1", "amountOut": "149.9" },
                "improvementBps": -14, "slippageBpsAllowed": 50,
            },
            "timing": { "acceptedAt": "2026-11-21T07:59:59.990000Z", "queuedMs": 10, "totalMs": 5_730 },
        })
    }

    #[test]
    fn a_story_tells_every_decision() {
        let story = explanation_in_words(&retried_once());
        for line in [
            "market order, 1 SOL -> USDC, at most 50 bps worse than quoted",
            "accepted at 2026-11-21T07:59:59.990000Z, confirmed after 5.73 s, 10 ms of them in the queue",
            "attempt 1, begun at 2026-11-21T08:00:00.000000Z",
            "  chose      meteora: meteora gives more",
            "  not        raydium: 0.6 USDC less out than meteora, 39 bps",
            "  bound      no less than 149.3 USDC out",
            "  built      wrap sol 1, swap meteora",
            "  submitted  5abc to meteora, can land up to block 150 (3 ms)",
            "  failed     slippage_exceeded: the price moved (2.41 s)",
            "  again      after 500 ms, at 2026-11-21T08:00:03.100000Z",
            "  confirmed  in slot 77: 149.9 USDC for 1 SOL (2.41 s)",
            "quoted 150.1 USDC, realised 149.9 USDC: 14 bps worse, 50 bps worse allowed",
        ] {
            assert!(story.lines().any(|told| told == line), "{line}\nis missing in\n{story}");
        }
        let row = |venue: &str| {
            let line = story.lines().find(|line| line.contains(venue) && line.contains("of 100"));
            line.unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(row("meteora"), "* meteora 1 150.1 150.1 2 bps 30 bps 90 of 100 201 ms");
        assert_eq!(row("raydium"), "raydium 1 149.5 149.5 2 bps 30 bps 90 of 100 201 ms");
    }

    #[test]
    fn an_order_that_nobody_has_begun_has_a_story_too() {
        let mut explanation = retried_once();
        explanation["status"] = "pending".into();
        explanation["attempts"] = json!([]);
        explanation["result"] = Value::Null;
        explanation["timing"] = json!({ "acceptedAt": "2026-11-21T07:59:59.990000Z" });
        let story = explanation_in_words(&explanation);
        assert!(story.ends_with("accepted at 2026-11-21T07:59:59.990000Z, pending\n"), "{story}");
    }

    #[test]
    fn a_last_failure_says_why_nothing_follows() {
        let last = |retryable: bool| {
            let mut explanation = retried_once();
            let failure = json!({ "code": "no_route", "message": "m", "retryable": retryable });
            explanation["attempts"] = json!([{ "attempt": 1, "outcome": "failed", "failure": failure }]);
            explanation_in_words(&explanation)
        };
        assert!(last(true).contains("for good: that was the last attempt"));
        assert!(last(false).contains("for good: no attempt can succeed"));
    }
}
