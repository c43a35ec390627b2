//! The explanation of an order as text: what was ordered, and for each attempt what the venues offered,
//! why one of them won, what was sent and how it ended.

use std::{fmt, fmt::Write};

use comfy_table::{CellAlignment, Table, presets::NOTHING};
use protocol::{
    AmountsView, AttemptTiming, AttemptView, BoundView, DecisionView, Explanation, FailureView,
    InstructionView, Outcome, ResultView, SpecView,
};

use super::{order_in_words, price, short};

/// Before every line of an attempt.
const INDENT: &str = "  ";

/// The answer of `/api/orders/{id}/explain` as text.
pub(crate) fn explanation_in_words(explanation: &Explanation<'_>) -> String {
    let mut story = String::new();
    let _ = write_story(&mut story, explanation); // a String takes everything
    story
}

fn write_story(story: &mut String, explanation: &Explanation<'_>) -> fmt::Result {
    let Explanation { order_id, order, .. } = explanation;
    writeln!(story, "order {order_id}")?;
    writeln!(
        story,
        "{} order, {}, at most {} bps worse than quoted",
        order.order_type,
        order_in_words(order),
        order.slippage_bps
    )?;
    if let Some(least) = order.min_amount_out {
        writeln!(story, "at least {least} {}", order.token_out)?;
    }
    if let Some(most) = order.max_amount_in {
        writeln!(story, "at most {most} {}", order.token_in)?;
    }
    if let Some(expires_at) = order.expires_at {
        writeln!(story, "expires at {expires_at}")?;
    }
    if let Some(tag) = &order.tag {
        writeln!(story, "tag {tag}")?;
    }
    tell_standing(story, explanation)?;
    if let Some(lost) = explanation.parked_after_lost_claims {
        writeln!(
            story,
            "parked: {lost} claims in a row were lost; `engine resume {order_id}` tries again at once"
        )?;
    }
    if let Some(request) = &explanation.cancel_request {
        writeln!(story, "cancel requested at {}, after event {}", request.requested_at, request.after_seq)?;
    }
    for attempt in &explanation.attempts {
        tell_attempt(story, order, attempt)?;
    }
    if let Some(result) = &explanation.result {
        tell_result(story, order, result)?;
    }
    Ok(())
}

fn tell_standing(story: &mut String, explanation: &Explanation<'_>) -> fmt::Result {
    let timing = &explanation.timing;
    write!(story, "accepted at {}, {}", timing.accepted_at, explanation.status)?;
    if let Some(total) = timing.total_ms {
        write!(story, " after {}", duration(total))?;
    }
    if let Some(queued) = timing.queued_ms {
        write!(story, ", {} of them in the queue", duration(queued))?;
    }
    writeln!(story)
}

fn tell_attempt(story: &mut String, order: &SpecView<'_>, attempt: &AttemptView<'_>) -> fmt::Result {
    write!(story, "\nattempt {}, begun at {}", attempt.attempt, attempt.started_at)?;
    if attempt.restarts > 0 {
        write!(story, ", restarted {} times", attempt.restarts)?;
    }
    writeln!(story)?;
    if let Some(routing) = &attempt.routing {
        tell_routing(story, order, routing, &attempt.timing)?;
    }
    tell_building(story, order, attempt)?;
    if let Some(submission) = &attempt.submission {
        writeln!(
            story,
            "{INDENT}submitted  {} to {}, can land up to block {}{}",
            short(submission.signature.as_str()),
            submission.venue,
            submission.last_valid_block_height,
            took(attempt.timing.building_ms)
        )?;
    }
    tell_outcome(story, order, attempt)
}

fn tell_routing(
    story: &mut String,
    order: &SpecView<'_>,
    routing: &DecisionView<'_>,
    timing: &AttemptTiming,
) -> fmt::Result {
    writeln!(story, "{INDENT}quoted    {}", took(timing.routing_ms))?;
    for line in quote_table(order, routing).lines() {
        writeln!(story, "{INDENT}{}", line.trim_end())?;
    }
    writeln!(story, "{INDENT}chose      {}: {}", routing.venue, routing.reason)?;
    for rejected in &routing.rejected {
        writeln!(story, "{INDENT}not        {}: {}", rejected.venue, rejected.reason)?;
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

fn tell_building(story: &mut String, order: &SpecView<'_>, attempt: &AttemptView<'_>) -> fmt::Result {
    match attempt.bound {
        Some(BoundView::MinAmountOut(least)) => {
            writeln!(story, "{INDENT}bound      no less than {least} {} out", order.token_out)?;
        }
        Some(BoundView::MaxAmountIn(most)) => {
            writeln!(story, "{INDENT}bound      no more than {most} {} in", order.token_in)?;
        }
        None => {}
    }
    let steps: Vec<String> = attempt.instructions.iter().map(instruction_in_words).collect();
    if !steps.is_empty() {
        writeln!(story, "{INDENT}built      {}", steps.join(", "))?;
    }
    Ok(())
}

fn instruction_in_words(step: &InstructionView) -> String {
    match step {
        InstructionView::CreateTokenAccount { token } => format!("create token account {token}"),
        InstructionView::WrapSol { amount } => format!("wrap sol {amount}"),
        InstructionView::Swap { venue } => format!("swap {venue}"),
        InstructionView::UnwrapSol => "unwrap sol".to_owned(),
    }
}

fn tell_outcome(story: &mut String, order: &SpecView<'_>, attempt: &AttemptView<'_>) -> fmt::Result {
    let landing = took(attempt.timing.landing_ms);
    let failure = attempt.failure.as_ref();
    match (attempt.outcome, &attempt.fill) {
        (Outcome::Confirmed, Some(fill)) => writeln!(
            story,
            "{INDENT}confirmed  in slot {}: {} {} for {} {}{landing}",
            fill.slot, fill.amount_out, order.token_out, fill.amount_in, order.token_in,
        ),
        (Outcome::Retried | Outcome::Failed, _) => {
            if let Some(FailureView { code, message, .. }) = failure {
                writeln!(story, "{INDENT}failed     {code}: {message}{landing}")?;
            }
            tell_next(story, attempt)
        }
        (Outcome::Canceled, _) => tell_withdrawal(story, "canceled", failure, &landing),
        (Outcome::Expired, _) => tell_withdrawal(story, "expired", failure, &landing),
        (Outcome::InProgress | Outcome::Confirmed, _) => writeln!(story, "{INDENT}in progress"),
    }
}

fn tell_withdrawal(
    story: &mut String,
    outcome: &str,
    failure: Option<&FailureView<'_>>,
    landing: &str,
) -> fmt::Result {
    match failure {
        Some(failure) => writeln!(story, "{INDENT}{outcome:<10} {}{landing}", failure.message),
        None => writeln!(story, "{INDENT}{outcome:<10} before anything was submitted"),
    }
}

fn tell_next(story: &mut String, attempt: &AttemptView<'_>) -> fmt::Result {
    let (Some(ended), Some(next)) = (attempt.ended_at, attempt.next_attempt_at) else {
        let is_retryable = attempt.failure.as_ref().is_some_and(|failure| failure.retryable);
        let why = if is_retryable { "that was the last attempt" } else { "no attempt can succeed" };
        return writeln!(story, "{INDENT}           for good: {why}");
    };
    let wait = u64::try_from(next.since(ended).as_millis()).unwrap_or(u64::MAX);
    writeln!(story, "{INDENT}again      after {}, at {next}", duration(wait))
}

fn tell_result(story: &mut String, order: &SpecView<'_>, result: &ResultView) -> fmt::Result {
    let improvement = result.improvement_bps;
    let compared = match improvement {
        0 => "as quoted".to_owned(),
        1.. => format!("{improvement} bps better"),
        ..0 => format!("{} bps worse", improvement.unsigned_abs()),
    };
    writeln!(
        story,
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
                        "reason": "0.6 USDC less out than meteora, 39 bps",
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

    fn story_of(explanation: Value) -> String {
        explanation_in_words(&serde_json::from_value(explanation).unwrap())
    }

    #[test]
    fn a_story_tells_every_decision() {
        let story = story_of(retried_once());
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
            assert!(story.lines().any(|written| written == line), "{line}\nis missing in\n{story}");
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
        let story = story_of(explanation);
        assert!(story.ends_with("accepted at 2026-11-21T07:59:59.990000Z, pending\n"), "{story}");
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
            story_of(explanation)
        };
        assert!(last(true).contains("for good: that was the last attempt"));
        assert!(last(false).contains("for good: no attempt can succeed"));
    }
}
