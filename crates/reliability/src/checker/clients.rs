//! What clients were told, against what is stored.

use std::collections::{BTreeMap, BTreeSet};

use domain::OrderId;
use serde_json::Value;

use super::{Evidence, Findings, FollowRecord, Reply, Rule};

/// An acknowledged order exists, and a key made at most one order, whether or not its reply arrived.
pub(super) fn check_requests(evidence: &Evidence, findings: &mut Findings<'_>) {
    let mut by_key: BTreeMap<&str, BTreeSet<OrderId>> = BTreeMap::new();
    for record in &evidence.orders {
        if let Some(key) = &record.key {
            by_key.entry(key).or_default().insert(record.order.id);
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

/// What a client saw is what is stored, all of it, once and in order.
pub(super) fn check_streams(evidence: &Evidence, findings: &mut Findings<'_>) {
    for follow in &evidence.follows {
        let Some(record) = findings.index.orders.get(&follow.order_id) else { continue };
        let Some(told) = &record.told else {
            findings.add(Rule::StreamIsComplete, Some(follow.order_id), "its events were not collected");
            continue;
        };
        if let Some(difference) = difference(follow, told) {
            findings.add(
                Rule::StreamIsComplete,
                Some(follow.order_id),
                format!("over {} connections a client {difference}", follow.connections),
            );
        }
    }
}

fn difference(follow: &FollowRecord, told: &[Value]) -> Option<String> {
    for (position, (seen, stored)) in follow.events.iter().zip(told).enumerate() {
        if seen != stored {
            return Some(format!("saw as event {}: {seen}\n  stored is: {stored}", position + 1));
        }
    }
    let (seen, stored) = (follow.events.len(), told.len());
    (seen != stored || !follow.has_ended)
        .then(|| format!("saw {seen} of {stored} events, and the end: {}", follow.has_ended))
}
