//! The explanation of an order as text: what was ordered, and for each attempt what the venues offered,
//! why one of them won, what was sent and how it ended.

use std::{
    fmt::{self, Write},
    time::Duration,
};

use domain::routing::percent;
use protocol::{
    AmountsView, AttemptView, Explanation, FailureView, InstructionView, Outcome, ResultView, SpecView,
    WaitView,
};

use super::{
    fill_in_words, order_in_words,
    quotes::{INDENT, TEXT_AT, write_bound, write_decision},
    words,
};

/// How much of an explanation is shown.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Detail {
    /// Columns of the terminal; `None` if there is none.
    pub(crate) width: Option<usize>,
    /// Full signatures and exact times.
    pub(crate) is_long: bool,
}

impl Detail {
    fn time(self, at: domain::Timestamp) -> String {
        if self.is_long { at.to_string() } else { words::to_the_second(at) }
    }

    fn signature(self, signature: &str) -> String {
        if self.is_long { signature.to_owned() } else { words::short_signature(signature) }
    }
}

/// The answer of `/api/orders/{id}/explain` as text.
pub(crate) fn explanation_in_words(explanation: &Explanation<'_>, detail: Detail) -> String {
    let mut text = String::new();
    let _ = write_text(&mut text, explanation, detail); // a String takes everything
    let lines = text.lines().map(|line| {
        let indent = if line.starts_with(INDENT) { TEXT_AT } else { INDENT.len() };
        words::wrapped(line, indent, detail.width)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn write_text(text: &mut String, explanation: &Explanation<'_>, detail: Detail) -> fmt::Result {
    let Explanation { order_id, order, .. } = explanation;
    writeln!(text, "order {order_id}")?;
    writeln!(
        text,
        "{} order, {}, at most {} worse than quoted",
        order.order_type,
        order_in_words(order),
        percent(order.slippage_bps.into())
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
    write_standing(text, explanation, detail)?;
    for attempt in &explanation.attempts {
        write_attempt(text, order, attempt, detail)?;
    }
    if let Some(result) = &explanation.result {
        write_result(text, order, result)?;
    }
    Ok(())
}

fn write_standing(text: &mut String, explanation: &Explanation<'_>, detail: Detail) -> fmt::Result {
    let timing = &explanation.timing;
    let status = words::status(explanation.status);
    write!(text, "accepted at {}, {status}", detail.time(timing.accepted_at))?;
    if let Some(total) = timing.total_ms {
        write!(text, " after {}", duration(total))?;
    }
    if let Some(queued) = timing.queued_ms {
        write!(text, ", including {} queued", duration(queued))?;
    }
    writeln!(text)?;
    if let Some(origin) = &explanation.origin {
        let client = origin.client.as_deref().unwrap_or("an unnamed client");
        writeln!(text, "placed by {client}, request {}", origin.request_id)?;
    }
    let id = explanation.order_id;
    if let Some(lost) = explanation.parked_after_lost_claims {
        writeln!(text, "parked: {lost} claims in a row were lost; to try again at once: engine resume {id}")?;
    }
    if let Some(request) = &explanation.cancel_request {
        let at = detail.time(request.requested_at);
        writeln!(text, "cancel requested at {at}, after event {}", request.after_seq)?;
    }
    Ok(())
}

fn write_attempt(
    text: &mut String,
    order: &SpecView<'_>,
    attempt: &AttemptView<'_>,
    detail: Detail,
) -> fmt::Result {
    write!(text, "\nattempt {}, started at {}", attempt.attempt, detail.time(attempt.started_at))?;
    if attempt.restarts > 0 {
        write!(text, ", restarted {}", words::counted(attempt.restarts as usize, "time"))?;
    }
    writeln!(text)?;
    if let Some(WaitView { failure, until, .. }) = attempt.waits.last() {
        writeln!(
            text,
            "{INDENT}waited     {}, last until {until}, without using up an attempt: {}",
            words::counted(attempt.waits.len(), "time"),
            failure.message
        )?;
    }
    if let Some(routing) = &attempt.routing {
        writeln!(text, "{INDENT}quoted    {}", took(attempt.timing.routing_ms))?;
        write_decision(text, order, routing, detail.width)?;
    }
    if let Some(bound) = &attempt.bound {
        write_bound(text, order, bound)?;
    }
    let steps: Vec<String> = attempt.instructions.iter().map(instruction_in_words).collect();
    if !steps.is_empty() {
        writeln!(text, "{INDENT}built      {}", steps.join(", "))?;
    }
    if let Some(submission) = &attempt.submission {
        writeln!(
            text,
            "{INDENT}submitted  {} to {}, valid until block {}{}",
            detail.signature(submission.signature.as_str()),
            submission.venue,
            submission.last_valid_block_height,
            took(attempt.timing.building_ms)
        )?;
    }
    write_outcome(text, order, attempt, detail)
}

fn instruction_in_words(step: &InstructionView) -> String {
    match step {
        InstructionView::CreateTokenAccount { token } => format!("create token account {token}"),
        InstructionView::WrapSol { amount } => format!("wrap {amount} SOL"),
        InstructionView::Swap { venue } => format!("swap on {venue}"),
        InstructionView::UnwrapSol => "unwrap SOL".to_owned(),
        InstructionView::Later => "a step of a later version".to_owned(),
    }
}

fn write_outcome(
    text: &mut String,
    order: &SpecView<'_>,
    attempt: &AttemptView<'_>,
    detail: Detail,
) -> fmt::Result {
    let landing = took(attempt.timing.landing_ms);
    let failure = attempt.failure.as_ref();
    match (attempt.outcome, &attempt.fill) {
        (Outcome::Confirmed, Some(fill)) => {
            writeln!(
                text,
                "{INDENT}confirmed  in slot {}: {}{landing}",
                fill.slot,
                fill_in_words(fill, Some(order))
            )
        }
        (Outcome::Retried | Outcome::Failed, _) => {
            if let Some(failure) = failure {
                writeln!(text, "{INDENT}failed     {}{landing}", failure_in_words(failure))?;
                write_charge(text, failure)?;
            }
            write_next(text, attempt, detail)
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
        Some(failure) => {
            writeln!(text, "{INDENT}{outcome:<10} {}{landing}", failure.message)?;
            write_charge(text, failure)
        }
        None => writeln!(text, "{INDENT}{outcome:<10} before anything was submitted"),
    }
}

/// A transaction that reverted costs its fee all the same.
fn write_charge(text: &mut String, failure: &FailureView<'_>) -> fmt::Result {
    match failure.network_fee {
        Some(fee) => writeln!(text, "{INDENT}           network fee {fee} SOL"),
        None => Ok(()),
    }
}

/// The code and the message, unless the message begins with the code.
fn failure_in_words(FailureView { code, message, .. }: &FailureView<'_>) -> String {
    if message.starts_with(&code.to_string().replace('_', " ")) {
        message.to_string()
    } else {
        format!("{code}: {message}")
    }
}

fn write_next(text: &mut String, attempt: &AttemptView<'_>, detail: Detail) -> fmt::Result {
    let (Some(ended), Some(next)) = (attempt.ended_at, attempt.next_attempt_at) else {
        let is_retryable = attempt.failure.as_ref().is_some_and(|failure| failure.retryable);
        let why = match (is_retryable, attempt.waits.is_empty()) {
            (true, true) => "that was the last attempt",
            (true, false) => "the outage lasted too long (OUTAGE_DEADLINE_MS)",
            (false, _) => "it cannot succeed",
        };
        return writeln!(text, "{INDENT}           no retry: {why}");
    };
    let wait = u64::try_from(next.since(ended).as_millis()).unwrap_or(u64::MAX);
    writeln!(text, "{INDENT}retry      after {}, at {}", duration(wait), detail.time(next))
}

fn write_result(text: &mut String, order: &SpecView<'_>, result: &ResultView) -> fmt::Result {
    let difference = percent(u32::try_from(result.improvement_bps.unsigned_abs()).unwrap_or(u32::MAX));
    let compared = match result.improvement_bps {
        0 => "as quoted".to_owned(),
        1.. => format!("{difference} better"),
        ..0 => format!("{difference} worse"),
    };
    writeln!(
        text,
        "\nquoted {}, realised {}: {compared}; up to {} worse was allowed",
        trade(order, &result.quoted),
        trade(order, &result.realised),
        percent(result.slippage_bps_allowed.into())
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
    words::duration(Duration::from_millis(millis))
}

#[cfg(test)]
mod tests;
