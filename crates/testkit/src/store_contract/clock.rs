//! What a store keeps when the wall clock steps.

use std::time::Duration;

use domain::{
    EventData,
    ports::{AttemptState, ClaimAction, OrderStore},
};

use super::{claimed, is_due, step, submit};
use crate::{ManualClock, samples};

const HOUR: i64 = 3_600;
const LEASE: Duration = Duration::from_secs(10);
const MOMENT: Duration = Duration::from_millis(1);
const NEARLY: Duration = Duration::from_millis(9_999);

/// Holds a store that goes by `clock` against what waits promise, over steps in either direction.
pub async fn check(store: &dyn OrderStore, clock: &ManualClock) {
    for seconds in [HOUR, -HOUR, -2 * HOUR, 2 * HOUR] {
        a_lease_holds_and_ends(store, clock, seconds).await;
        a_retry_fires_neither_early_nor_late(store, clock, seconds).await;
    }
}

async fn a_lease_holds_and_ends(store: &dyn OrderStore, clock: &ManualClock, seconds: i64) {
    let claim = claimed(store, LEASE).await;
    let id = claim.order.id;
    clock.step(seconds);
    clock.advance(NEARLY);
    assert!(store.claim(id, "other", LEASE).await.unwrap().is_none(), "{seconds} s: the lease holds");
    clock.advance(MOMENT);
    assert!(is_due(store, id, LEASE).await, "{seconds} s: it is due");
    assert!(store.claim(id, "other", LEASE).await.unwrap().is_some(), "{seconds} s: the lease has ended");
}

async fn a_retry_fires_neither_early_nor_late(store: &dyn OrderStore, clock: &ManualClock, seconds: i64) {
    let mut claim = claimed(store, LEASE).await;
    let id = claim.order.id;
    let (attempt, commit) = submit(&mut claim);
    store.commit(commit).await.unwrap();
    let failed = EventData::Retrying { failure: samples::failure(), next_attempt_at: claim.order.updated_at };
    let reverted = samples::resolve(&attempt, AttemptState::Reverted);
    let retry = step(&mut claim, vec![failed], Some(reverted), ClaimAction::RetryAfter(LEASE));
    store.commit(retry).await.unwrap();
    clock.step(seconds);
    clock.advance(NEARLY);
    assert!(!is_due(store, id, LEASE).await, "{seconds} s: not early");
    clock.advance(MOMENT);
    assert!(is_due(store, id, LEASE).await, "{seconds} s: not late");
}
