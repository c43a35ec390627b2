//! What clients received, against what is stored.

use std::collections::{BTreeMap, BTreeSet};

use domain::{OrderId, OrderStatus};
use protocol::CancelOutcome;
use serde_json::{Value, json};

use super::{Evidence, Findings, FollowRecord, Reply, Rule};

/// An acknowledged order exists, and a key made at most one order, whether or not its reply arrived.
pub(super) fn check_requests(evidence: &Evidence, findings: &mut Findings<'_>) {
    let mut by_key: BTreeMap<&str, BTreeSet<OrderId>> = BTreeMap::new();
    let asked: BTreeSet<&str> = evidence.requests.iter().map(|request| request.key.as_str()).collect();
    for record in &evidence.orders {
        let names = [&record.key, &record.order.client_order_id];
        let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
        let is_asked_for = !names.is_empty() && names.iter().all(|name| asked.contains(name));
        findings.require(is_asked_for, Rule::AskedFor, record.order.id, || format!("it goes by {names:?}"));
        for name in names {
            by_key.entry(name).or_default().insert(record.order.id);
        }
    }
    for request in &evidence.requests {
        for reply in &request.replies {
            let Reply::Acknowledged(id) = reply else { continue };
            if !findings.index.orders.contains_key(id) {
                findings.add(
                    Rule::AcknowledgedExists,
                    Some(*id),
                    format!("{id} was acknowledged and is lost"),
                );
            }
            by_key.entry(&request.key).or_default().insert(*id);
        }
    }
    for (key, ids) in by_key {
        if ids.len() > 1 {
            let first = ids.first().copied();
            findings.add(Rule::OneOrderPerKey, first, format!("the key {key} made {ids:?}"));
        }
    }
}

/// A client whose cancel was answered with `canceled` finds the order canceled, and one with a recorded request finds it
/// on record.
pub(super) fn check_cancels(evidence: &Evidence, findings: &mut Findings<'_>) {
    for request in &evidence.requests {
        let Some(reply) = request.cancel else { continue };
        let acknowledged = request.replies.iter().find_map(|reply| match reply {
            Reply::Acknowledged(id) => findings.index.orders.get(id),
            Reply::Refused | Reply::Short => None,
        });
        let Some(record) = acknowledged else { continue };
        let order = &record.order;
        let holds = match reply {
            CancelOutcome::Canceled => order.status == OrderStatus::Canceled,
            CancelOutcome::CancelRequested => order.cancel_request.is_some(),
            CancelOutcome::AlreadyTerminal => order.status.is_terminal(),
            CancelOutcome::NotFound => false,
            CancelOutcome::StoreUnavailable | CancelOutcome::Later => true,
        };
        findings.require(holds, Rule::CancelHolds, order.id, || {
            format!("a client got {reply:?}, and it is {} with {:?}", order.status, order.cancel_request)
        });
    }
}

/// The API's answer about an order is what is stored, so that a stream may be compared with it.
pub(super) fn check_told(evidence: &Evidence, findings: &mut Findings<'_>) {
    for record in &evidence.orders {
        let Some(shown) = &record.shown else { continue };
        let stored: Vec<Value> =
            record.events.iter().map(|event| json!([event.seq, event.status, event.attempt])).collect();
        let shown: Vec<Value> =
            shown.iter().map(|event| json!([event["seq"], event["status"], event["attempt"]])).collect();
        findings
            .require(stored == shown, Rule::ShownIsStored, record.order.id, || format!("it shows {shown:?}"));
    }
}

/// What a client saw is what is stored, all of it, once and in order.
pub(super) fn check_streams(evidence: &Evidence, findings: &mut Findings<'_>) {
    for follow in &evidence.follows {
        let Some(record) = findings.index.orders.get(&follow.order_id) else { continue };
        let Some(shown) = &record.shown else {
            findings.add(Rule::StreamIsComplete, Some(follow.order_id), "its events were not collected");
            continue;
        };
        if let Some(difference) = difference(follow, shown) {
            findings.add(
                Rule::StreamIsComplete,
                Some(follow.order_id),
                format!("over {} connections a client {difference}", follow.connections),
            );
        }
    }
}

/// A client that followed all orders saw every event of each once, in its order, and nothing else.
pub(super) fn check_feeds(evidence: &Evidence, findings: &mut Findings<'_>) {
    for feed in &evidence.feeds {
        let mut seen: BTreeMap<OrderId, Vec<(u32, OrderStatus)>> = BTreeMap::new();
        for (id, seq, status) in &feed.events {
            seen.entry(*id).or_default().push((*seq, *status));
        }
        for record in &evidence.orders {
            let id = record.order.id;
            let stored: Vec<_> = record.events.iter().map(|event| (event.seq, event.status)).collect();
            let seen = seen.remove(&id).unwrap_or_default();
            findings.require(seen == stored, Rule::FeedIsComplete, id, || {
                let (connections, error) = (feed.connections, feed.last_error.as_deref().unwrap_or("none"));
                format!(
                    "over {connections} connections a client of all orders saw {seen:?}; last error: {error}"
                )
            });
        }
        for id in seen.into_keys() {
            findings.add(Rule::FeedIsComplete, Some(id), "a client saw an order that is not stored");
        }
    }
}

fn difference(follow: &FollowRecord, shown: &[Value]) -> Option<String> {
    for (position, (seen, stored)) in follow.events.iter().zip(shown).enumerate() {
        if seen != stored {
            return Some(format!("saw as event {}: {seen}\n  stored is: {stored}", position + 1));
        }
    }
    let (seen, stored) = (follow.events.len(), shown.len());
    (seen != stored || !follow.has_ended)
        .then(|| format!("saw {seen} of {stored} events, and the end: {}", follow.has_ended))
}
