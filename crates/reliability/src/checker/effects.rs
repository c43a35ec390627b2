//! What happened on chain, against what the orders say. The chain's transaction log knows signatures only,
//! so whatever the engine sent is in it, also what the engine has forgotten.

use std::collections::BTreeSet;

use domain::{
    Amount, EventData, Fill, OrderStatus, Signature,
    ports::{AttemptState, TransactionStatus},
    swap::ImplausibleTrade,
};
use venues::simulated::transaction_log::{Entry, LandingOutcome};

use super::{Evidence, Findings, OrderRecord, Rule};

pub(super) fn check_order(record: &OrderRecord, findings: &mut Findings<'_>) {
    let order = &record.order;
    let entries: Vec<Option<&Entry>> = record
        .attempts
        .iter()
        .map(|attempt| findings.index.transactions.get(&attempt.transaction.signature).copied())
        .collect();
    let of_attempts = record.attempts.iter().zip(&entries);
    let landed: Vec<(&Entry, Result<Fill, ImplausibleTrade>)> = of_attempts
        .filter_map(|(attempt, entry)| {
            let LandingOutcome::Landed(landed) = &(*entry)?.outcome else { return None };
            let signature = &attempt.transaction.signature;
            Some(((*entry)?, Fill::of(&order.spec.request, attempt.venue, signature, landed)))
        })
        .collect();

    findings.require(landed.len() <= 1, Rule::LandsOnce, order.id, || {
        format!("{} of its transactions landed", landed.len())
    });
    check_submissions(record, findings);
    let should_have_landed = match order.status {
        OrderStatus::Confirmed => Some(true),
        OrderStatus::Failed | OrderStatus::Canceled | OrderStatus::Expired => Some(false),
        _ => None,
    };
    findings.require(
        should_have_landed.is_none_or(|should| should != landed.is_empty()),
        Rule::StatusTellsTheTruth,
        order.id,
        || format!("it is {} and {} of its transactions landed", order.status, landed.len()),
    );
    if let (Some(shown), Some((_, fill))) = (&order.fill, landed.first()) {
        findings.require(Ok(shown) == fill.as_ref(), Rule::FillIsTrue, order.id, || {
            format!("the chain says {fill:?}")
        });
    }
    for (entry, fill) in landed {
        let is_kept = fill.as_ref().is_ok_and(|fill| {
            entry.swap().is_some_and(|swap| swap.bound.allows(fill.amount_in.units, fill.amount_out.units))
        });
        findings.require(is_kept, Rule::KeepsItsBound, order.id, || format!("{fill:?}"));
    }
    if order.status.is_terminal() {
        check_attempts(record, &entries, findings);
    }
}

/// An attempt and its `submitted` event are written together, so there is one for the other.
fn check_submissions(record: &OrderRecord, findings: &mut Findings<'_>) {
    let submitted: Vec<&Signature> = record
        .events
        .iter()
        .filter_map(|event| match &event.data {
            EventData::Submitted { signature, .. } => Some(signature),
            _ => None,
        })
        .collect();
    let written: Vec<&Signature> =
        record.attempts.iter().map(|attempt| &attempt.transaction.signature).collect();
    findings.require(submitted == written, Rule::WrittenAhead, record.order.id, || {
        format!("it published {submitted:?}")
    });
}

/// What the chain charged for a transaction, whether it landed or reverted.
pub(super) fn charged(entry: &Entry) -> Option<Amount> {
    match entry.status_at(entry.settles_at) {
        TransactionStatus::Landed(landed) => landed.network_fee,
        TransactionStatus::Failed { network_fee, .. } => network_fee,
        TransactionStatus::Expired | TransactionStatus::Unknown => None,
    }
}

fn check_attempts(record: &OrderRecord, entries: &[Option<&Entry>], findings: &mut Findings<'_>) {
    for (attempt, entry) in record.attempts.iter().zip(entries) {
        let agrees = match attempt.state {
            AttemptState::Unresolved => false,
            AttemptState::Landed => {
                entry.is_some_and(|entry| matches!(entry.outcome, LandingOutcome::Landed(_)))
            }
            AttemptState::Reverted => {
                entry.is_some_and(|entry| matches!(entry.outcome, LandingOutcome::Failed { .. }))
            }
            AttemptState::Expired => entry.is_none_or(|entry| entry.outcome == LandingOutcome::Expired),
        };
        findings.require(agrees, Rule::AttemptsResolved, record.order.id, || {
            format!("attempt {} is {:?}", attempt.number, attempt.state)
        });
        let charged = entry.and_then(charged);
        findings.require(attempt.network_fee == charged, Rule::FeesAreKept, record.order.id, || {
            format!(
                "attempt {} has a fee of {:?} instead of {charged:?}",
                attempt.number, attempt.network_fee
            )
        });
    }
}

/// Every transaction on the chain belongs to an attempt on record.
pub(super) fn check_transactions(evidence: &Evidence, findings: &mut Findings<'_>) {
    let attempts = evidence.orders.iter().flat_map(|record| &record.attempts);
    let known: BTreeSet<_> = attempts.map(|attempt| &attempt.transaction.signature).collect();
    for entry in &evidence.transactions {
        if !known.contains(&entry.signature) {
            findings.add(Rule::WrittenAhead, None, format!("{} is no attempt's: {entry:?}", entry.signature));
        }
    }
}
