//! The explanation of an order as text: what was ordered, and for each attempt what the venues offered,
//! why one of them won, what was sent and how it ended.

use std::{fmt, fmt::Write};

use comfy_table::{CellAlignment, Table, presets::NOTHING};
use protocol::{
    AmountsView, AttemptTiming, AttemptView, BoundView, DecisionView, Explanation, FailureView,
    InstructionView, Outcome, ResultView, SpecView, WaitView,
};

use super::{order_in_words, price, short};

/// Before every line of an attempt.
const INDENT: &str = "  ";

/// The answer of `/api/orders/{id}/explain` as text.
pub(crate) fn explanation_in_words(explanation: &Explanation<'_>) -> String {
    let mut text = String::new();
    let _ = write_text(&mut text, explanation); // a String takes everything
    text
}

fn write_text(text: &mut String, explanation: &Explanation<'_>) -> fmt::Result {
    let Explanation { order_id, order, .. } = explanation;
    writeln!(text, "order {order_id}")?;
    writeln!(
        text,
        "{} order, {}, at most {} bps worse than quoted",
        order.order_type,
        order_in_words(order),
        order.slippage_bps
    )?;
    if let Some(least) = order.min_amount_out {
        writeln!(text, "at least {least} {}", order.token_out)?;
    }
    if let Some(most) = order.max_amount_in {
        writeln!(text, "at most {most} {}", order.token_in)?;
    }
    if let Some(expires_at) = order.expires_at {
        writeln!(text, "expires at {expires_at}")?;
    }
    if let Some(tag) = &order.tag {
        writeln!(text, "tag {tag}")?;
    }
    write_standing(text, explanation)?;
    if let Some(lost) = explanation.parked_after_lost_claims {
        writeln!(
            text,
            "parked: {lost} claims in a row were lost; `engine resume {order_id}` tries again at once"
        )?;
    }
    if let Some(request) = &explanation.cancel_request {
        writeln!(text, "cancel requested at {}, after event {}", request.requested_at, request.after_seq)?;
    }
    for attempt in &explanation.attempts {
        write_attempt(text, order, attempt)?;
    }
    if let Some(result) = &explanation.result {
        write_result(text, order, result)?;
    }
    Ok(())
}

fn write_standing(text: &mut String, explanation: &Explanation<'_>) -> fmt::Result {
    let timing = &explanation.timing;
    write!(text, "accepted at {}, {}", timing.accepted_at, explanation.status)?;
    if let Some(total) = timing.total_ms {
        write!(text, " after {}", duration(total))?;
    }
    if let Some(queued) = timing.queued_ms {
        write!(text, ", including {} queued", duration(queued))?;
    }
    writeln!(text)
}

fn write_attempt(text: &mut String, order: &SpecView<'_>, attempt: &AttemptView<'_>) -> fmt::Result {
    write!(text, "\nattempt {}, begun at {}", attempt.attempt, attempt.started_at)?;
    if attempt.restarts > 0 {
        write!(text, ", restarted {} times", attempt.restarts)?;
    }
    writeln!(text)?;
    if let Some(WaitView { failure, until, .. }) = attempt.waits.last() {
        let times = attempt.waits.len();
        writeln!(
            text,
            "{INDENT}waited     {times} times, last until {until}, without using up an attempt: {}",
            failure.message
        )?;
    }
    if let Some(routing) = &attempt.routing {
        write_routing(text, order, routing, &attempt.timing)?;
    }
    write_building(text, order, attempt)?;
    if let Some(submission) = &attempt.submission {
        writeln!(
            text,
            "{INDENT}submitted  {} to {}, valid until block {}{}",
            short(submission.signature.as_str()),
            submission.venue,
            submission.last_valid_block_height,
            took(attempt.timing.building_ms)
        )?;
    }
    write_outcome(text, order, attempt)
}

fn write_routing(
    text: &mut String,
    order: &SpecView<'_>,
    routing: &DecisionView<'_>,
    timing: &AttemptTiming,
) -> fmt::Result {
    writeln!(text, "{INDENT}quoted    {}", took(timing.routing_ms))?;
    for line in quote_table(order, routing).lines() {
        writeln!(text, "{INDENT}{}", line.trim_end())?;
    }
    writeln!(text, "{INDENT}selected   {}", routing.reason)?;
    for rejected in &routing.rejected {
        writeln!(text, "{INDENT}rejected   {}: {}", rejected.venue, rejected.reason)?;
    }
    Ok(())
}

fn quote_table(order: &SpecView<'_>, routing: &DecisionView<'_>) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    let (spent, received) = (order.token_in.as_ref(), order.token_out.as_ref());
    table.set_header(["", "venue", spent, received, "price", "impact", "fee", "depth", "answered"]);
    table.add_rows(routing.quotes.iter().map(|quote| {
        [
            if quote.venue == routing.venue { "*" } else { "" }.to_owned(),
            quote.venue.to_string(),
            quote.amounts.amount_in.to_string(),
            quote.amounts.amount_out.to_string(),
            price(quote.amounts.price),
            format!("{} bps", quote.price_impact_bps),
            format!("{} bps", quote.fee_bps),
            format!("{} of 100", quote.liquidity_score),
            format!("{} ms", quote.latency_ms),
        ]
    }));
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn write_building(text: &mut String, order: &SpecView<'_>, attempt: &AttemptView<'_>) -> fmt::Result {
    match attempt.bound {
        Some(BoundView::MinAmountOut(least)) => {
            writeln!(text, "{INDENT}bound      receive at least {least} {}", order.token_out)?;
        }
        Some(BoundView::MaxAmountIn(most)) => {
            writeln!(text, "{INDENT}bound      spend at most {most} {}", order.token_in)?;
        }
        None => {}
    }
    let steps: Vec<String> = attempt.instructions.iter().map(instruction_in_words).collect();
    if !steps.is_empty() {
        writeln!(text, "{INDENT}built      {}", steps.join(", "))?;
    }
    Ok(())
}

fn instruction_in_words(step: &InstructionView) -> String {
    match step {
        InstructionView::CreateTokenAccount { token } => format!("create token account {token}"),
        InstructionView::WrapSol { amount } => format!("wrap sol {amount}"),
        InstructionView::Swap { venue } => format!("swap {venue}"),
        InstructionView::UnwrapSol => "unwrap sol".to_owned(),
        InstructionView::Later => "a step of a later version".to_owned(),
    }
}

fn write_outcome(text: &mut String, order: &SpecView<'_>, attempt: &AttemptView<'_>) -> fmt::Result {
    let landing = took(attempt.timing.landing_ms);
    let failure = attempt.failure.as_ref();
    match (attempt.outcome, &attempt.fill) {
        (Outcome::Confirmed, Some(fill)) => writeln!(
            text,
            "{INDENT}confirmed  in slot {}: {} {} for {} {}{landing}",
            fill.slot, fill.amount_out, order.token_out, fill.amount_in, order.token_in,
        ),
        (Outcome::Retried | Outcome::Failed, _) => {
            if let Some(FailureView { code, message, .. }) = failure {
                writeln!(text, "{INDENT}failed     {code}: {message}{landing}")?;
            }
            write_next(text, attempt)
        }
        (Outcome::Canceled, _) => write_withdrawal(text, "canceled", failure, &landing),
        (Outcome::Expired, _) => write_withdrawal(text, "expired", failure, &landing),
        (Outcome::Later, _) => writeln!(text, "{INDENT}ended in a way that only a later version knows"),
        (Outcome::InProgress | Outcome::Confirmed, _) => writeln!(text, "{INDENT}in progress"),
    }
}

fn write_withdrawal(
    text: &mut String,
    outcome: &str,
    failure: Option<&FailureView<'_>>,
    landing: &str,
) -> fmt::Result {
    match failure {
        Some(failure) => writeln!(text, "{INDENT}{outcome:<10} {}{landing}", failure.message),
        None => writeln!(text, "{INDENT}{outcome:<10} before anything was submitted"),
    }
}

fn write_next(text: &mut String, attempt: &AttemptView<'_>) -> fmt::Result {
    let (Some(ended), Some(next)) = (attempt.ended_at, attempt.next_attempt_at) else {
        let is_retryable = attempt.failure.as_ref().is_some_and(|failure| failure.retryable);
        let why = match (is_retryable, attempt.waits.is_empty()) {
            (true, true) => "that was the last attempt",
            (true, false) => "the outage lasted too long (OUTAGE_DEADLINE_MS)",
            (false, _) => "no attempt can succeed",
        };
        return writeln!(text, "{INDENT}           for good: {why}");
    };
    let wait = u64::try_from(next.since(ended).as_millis()).unwrap_or(u64::MAX);
    writeln!(text, "{INDENT}again      after {}, at {next}", duration(wait))
}

fn write_result(text: &mut String, order: &SpecView<'_>, result: &ResultView) -> fmt::Result {
    let improvement = result.improvement_bps;
    let compared = match improvement {
        0 => "as quoted".to_owned(),
        1.. => format!("{improvement} bps better"),
        ..0 => format!("{} bps worse", improvement.unsigned_abs()),
    };
    writeln!(
        text,
        "\nquoted {}, realised {}: {compared}, {} bps worse allowed",
        trade(order, &result.quoted),
        trade(order, &result.realised),
        result.slippage_bps_allowed
    )
}

/// The side of a trade that the order left open.
fn trade(order: &SpecView<'_>, amounts: &AmountsView) -> String {
    if order.amount_in.is_some() {
        format!("{} {}", amounts.amount_out, order.token_out)
    } else {
        format!("{} {}", amounts.amount_in, order.token_in)
    }
}

fn took(millis: Option<u64>) -> String {
    millis.map(|millis| format!(" ({})", duration(millis))).unwrap_or_default()
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
    use serde_json::{Value, json};

    use super::*;

    fn retried_once() -> Value {
        let quote = |venue: &str, amount_out: &str| {
            json!({
                "venue": venue, "amountIn": "1", "amountOut": amount_out, "price": amount_out,
                "priceImpactBps": 2, "fee": "0.003", "feeToken": "SOL", "feeBps": 30, "feePpm": 3_000,
                "liquidityScore": 90, "latencyMs": 201, "validUntil": "2026-11-21T08:00:10.000000Z",
            })
        };
        let attempt = |number: u32, more: Value| {
            let mut attempt = json!({
                "attempt": number, "startedAt": "2026-11-21T08:00:00.000000Z", "restarts": 0,
                "routing": {
                    "venue": "meteora", "reason": "meteora gives more",
                    "quotes": [quote("raydium", "149.5"), quote("meteora", "150.1")],
                    "rejected": [{
                        "venue": "raydium", "code": "outbid",
                        "reason": "0.6 USDC (0.39 %) less than Meteora",
                    }],
                },
                "bound": { "minAmountOut": "149.3" },
                "instructions": [
                    { "instruction": "wrap_sol", "amount": "1" },
                    { "instruction": "swap", "venue": "meteora" },
                ],
                "submission": {
                    "venue": "meteora", "signature": "5abc", "lastValidBlockHeight": 150,
                    "at": "2026-11-21T08:00:00.208000Z",
                },
                "timing": { "routingMs": 205, "buildingMs": 3, "landingMs": 2_410 },
            });
            attempt.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            attempt
        };
        let failure = json!({ "code": "slippage_exceeded", "message": "the price moved", "retryable": true });
        json!({
            "orderId": "01900000-0000-7000-8000-000000000001", "status": "confirmed",
            "order": {
                "type": "market", "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "slippageBps": 50,
                "tokenInMint": "So11111111111111111111111111111111111111112",
                "tokenOutMint": "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
            },
            "attempts": [
                attempt(1, json!({
                    "outcome": "retried", "failure": failure,
                    "endedAt": "2026-11-21T08:00:02.600000Z", "nextAttemptAt": "2026-11-21T08:00:03.100000Z",
                })),
                attempt(2, json!({
                    "outcome": "confirmed",
                    "fill": {
                        "venue": "meteora", "signature": "5abc", "slot": 77, "amountIn": "1",
                        "amountOut": "149.9", "fee": "0.003", "executedPrice": "149.9",
                    },
                })),
            ],
            "result": {
                "venue": "meteora",
                "quoted": { "amountIn": "1", "amountOut": "150.1", "price": "150.1" },
                "realised": { "amountIn": "1", "amountOut": "149.9", "price": "149.9" },
                "improvementBps": -14, "slippageBpsAllowed": 50,
            },
            "timing": { "acceptedAt": "2026-11-21T07:59:59.990000Z", "queuedMs": 10, "totalMs": 5_730 },
        })
    }

    fn text_of(explanation: Value) -> String {
        explanation_in_words(&serde_json::from_value(explanation).unwrap())
    }

    #[test]
    fn a_text_tells_every_decision() {
        let text = text_of(retried_once());
        for line in [
            "market order, 1 SOL -> USDC, at most 50 bps worse than quoted",
            "accepted at 2026-11-21T07:59:59.990000Z, confirmed after 5.73 s, including 10 ms queued",
            "attempt 1, begun at 2026-11-21T08:00:00.000000Z",
            "  selected   meteora gives more",
            "  rejected   raydium: 0.6 USDC (0.39 %) less than Meteora",
            "  bound      receive at least 149.3 USDC",
            "  built      wrap sol 1, swap meteora",
            "  submitted  5abc to meteora, valid until block 150 (3 ms)",
            "  failed     slippage_exceeded: the price moved (2.41 s)",
            "  again      after 500 ms, at 2026-11-21T08:00:03.100000Z",
            "  confirmed  in slot 77: 149.9 USDC for 1 SOL (2.41 s)",
            "quoted 150.1 USDC, realised 149.9 USDC: 14 bps worse, 50 bps worse allowed",
        ] {
            assert!(text.lines().any(|written| written == line), "{line}\nis missing in\n{text}");
        }
        let row = |venue: &str| {
            let line = text.lines().find(|line| line.contains(venue) && line.contains("of 100"));
            line.unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(row("meteora"), "* meteora 1 150.1 150.1 2 bps 30 bps 90 of 100 201 ms");
        assert_eq!(row("raydium"), "raydium 1 149.5 149.5 2 bps 30 bps 90 of 100 201 ms");
    }

    #[test]
    fn an_order_that_nobody_has_begun_has_a_text_too() {
        let mut explanation = retried_once();
        explanation["status"] = "pending".into();
        explanation["attempts"] = json!([]);
        explanation["result"] = Value::Null;
        explanation["timing"] = json!({ "acceptedAt": "2026-11-21T07:59:59.990000Z" });
        let text = text_of(explanation);
        assert!(text.ends_with("accepted at 2026-11-21T07:59:59.990000Z, pending\n"), "{text}");
    }

    #[test]
    fn a_last_failure_says_why_nothing_follows() {
        let last = |retryable: bool| {
            let mut explanation = retried_once();
            let failure = json!({ "code": "no_route", "message": "m", "retryable": retryable });
            explanation["attempts"] = json!([{
                "attempt": 1, "startedAt": "2026-11-21T08:00:00.000000Z", "restarts": 0, "outcome": "failed",
                "instructions": [], "failure": failure, "timing": {},
            }]);
            text_of(explanation)
        };
        assert!(last(true).contains("for good: that was the last attempt"));
        assert!(last(false).contains("for good: no attempt can succeed"));
    }

    #[test]
    fn an_outage_that_ended_an_order_is_named() {
        let mut explanation = retried_once();
        let failure =
            json!({ "code": "quotes_unavailable", "message": "no venue quoted", "retryable": true });
        let wait =
            json!({ "failure": failure, "at": "2026-11-21T08:00:00Z", "until": "2026-11-21T08:00:01Z" });
        explanation["attempts"] = json!([{
            "attempt": 1, "startedAt": "2026-11-21T08:00:00Z", "restarts": 0, "outcome": "failed",
            "instructions": [], "failure": failure, "waits": [wait, wait], "timing": {},
        }]);
        let text = text_of(explanation);
        assert!(text.contains("waited     2 times, last until 2026-11-21T08:00:01.000000Z"), "{text}");
        assert!(text.contains("for good: the outage lasted too long (OUTAGE_DEADLINE_MS)"), "{text}");
    }
}
