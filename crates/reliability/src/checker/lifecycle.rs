//! What an order's own row and events must agree on.

use std::time::Duration;

use domain::{EventData, FailureClass, Order, OrderStatus};

use super::{Findings, OrderRecord, Rule};

pub(super) fn check(record: &OrderRecord, max_attempts: u32, findings: &mut Findings<'_>) {
    let OrderRecord { order, events, .. } = record;
    let id = order.id;
    findings.require(order.status.is_terminal(), Rule::Terminates, id, || format!("it is {}", order.status));

    let seqs: Vec<u32> = events.iter().map(|event| event.seq).collect();
    let is_gapless = seqs.iter().zip(1..).all(|(&seq, expected)| seq == expected) && !seqs.is_empty();
    findings.require(is_gapless, Rule::Gapless, id, || format!("its events are {seqs:?}"));

    check_transitions(record, findings);

    let ends: Vec<u32> =
        events.iter().filter(|event| event.status.is_terminal()).map(|event| event.seq).collect();
    let has_one_end = match ends.as_slice() {
        [] => !order.status.is_terminal(),
        [end] => Some(end) == seqs.last(),
        _ => false,
    };
    findings.require(has_one_end, Rule::OneEnd, id, || format!("its terminal events are {ends:?}"));

    let folded = Order::fold(id, order.account, order.client_order_id.clone(), events);
    let is_row = folded.as_ref() == Some(&Order { cancel_request: None, ..order.clone() });
    findings.require(is_row, Rule::FoldIsRow, id, || format!("its events give {folded:?}"));

    check_failure(record, max_attempts, findings);
    check_cancel(record, findings);
    check_expiry(record, findings);
}

/// The request is on record with the last event before it, so what came after it is certain, whatever the clocks
/// of the processes say.
fn check_cancel(record: &OrderRecord, findings: &mut Findings<'_>) {
    let order = &record.order;
    let is_canceled = order.status == OrderStatus::Canceled;
    findings.require(!is_canceled || order.cancel_request.is_some(), Rule::CancelHolds, order.id, || {
        "it was canceled without a request".to_owned()
    });
    let Some(request) = order.cancel_request else { return };
    let leads_to_attempt =
        |data: &EventData| matches!(data, EventData::Submitted { .. } | EventData::Retrying { .. });
    let after = record.events.iter().filter(|event| event.seq > request.after_seq);
    let late: Vec<_> = after.filter(|event| leads_to_attempt(&event.data)).map(|event| event.seq).collect();
    findings.require(late.is_empty(), Rule::CancelHolds, order.id, || {
        format!("its events {late:?} follow the request after event {}", request.after_seq)
    });
}

/// How long a worker may take from its last look at the clock until it records the submission.
const LOOK_TO_RECORD: Duration = Duration::from_secs(1);

fn check_expiry(record: &OrderRecord, findings: &mut Findings<'_>) {
    let order = &record.order;
    for event in &record.events {
        let holds = match (&event.data, order.spec.expires_at) {
            (EventData::Submitted { .. }, Some(expires_at)) => event.at < expires_at + LOOK_TO_RECORD,
            (EventData::Expired { .. }, expires_at) => expires_at.is_some_and(|at| at <= event.at),
            _ => true,
        };
        findings.require(holds, Rule::ExpiryHolds, order.id, || {
            format!("event {} is at {}, and it expires at {:?}", event.seq, event.at, order.spec.expires_at)
        });
    }
}

fn check_transitions(record: &OrderRecord, findings: &mut Findings<'_>) {
    for pair in record.events.windows(2) {
        let [before, after] = pair else { continue };
        let expected = before.status.after(after.data.kind());
        findings.require(expected == Ok(after.status), Rule::LegalTransitions, record.order.id, || {
            format!("event {} goes from {} to {}: {expected:?}", after.seq, before.status, after.status)
        });
    }
}

/// An order may fail at once for a reason that no further attempt can cure, and otherwise only
/// after its last attempt.
fn check_failure(record: &OrderRecord, max_attempts: u32, findings: &mut Findings<'_>) {
    let order = &record.order;
    let retries =
        record.events.iter().filter(|event| matches!(event.data, EventData::Retrying { .. })).count();
    findings.require(
        u32::try_from(retries).is_ok_and(|retries| retries < max_attempts),
        Rule::FailsLast,
        order.id,
        || format!("it was retried {retries} times with {max_attempts} attempts in all"),
    );
    if order.status != OrderStatus::Failed {
        return;
    }
    // an outage that lasts until its deadline ends the order, whichever attempt it is
    let is_final =
        order.failure.as_ref().is_some_and(|failure| failure.code.class() != FailureClass::Transient);
    findings.require(is_final || order.attempt == max_attempts, Rule::FailsLast, order.id, || {
        format!("it failed in attempt {} of {max_attempts}", order.attempt)
    });
}
