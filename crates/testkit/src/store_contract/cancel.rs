//! Requests to cancel orders.

use std::time::Duration;

use domain::{
    AccountId, EventData, OrderId, OrderStatus, Timestamp,
    ports::{
        AttemptState, Cancel, Cancellation, Claim, ClaimAction, CommitOutcome, DueAction, OrderStore,
        PARKED_AFTER,
    },
};

use super::{LONG, SHORT, accepted, claimed, is_due, step, stored_events, submit};
use crate::{eventually, eventually_some, samples};

pub(super) async fn check(store: &dyn OrderStore) {
    an_order_that_nobody_executes_is_claimed_and_canceled(store).await;
    an_order_that_waits_for_its_next_attempt_is_claimed_at_once(store).await;
    an_execution_is_refused_its_next_attempt(store).await;
    an_attempt_that_may_land_keeps_the_order(store).await;
    a_parked_order_can_be_canceled(store).await;
    a_cancel_whose_caller_dies_is_found_again(store).await;
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_millis(1_800_000_000_000 + seconds * 1_000)
}

async fn cancel(store: &dyn OrderStore, id: OrderId, seconds: i64) -> Cancellation {
    let cancel =
        Cancel { account: AccountId::DEFAULT, id, at: at(seconds), by: "api".to_owned(), lease: LONG };
    store.cancel(cancel).await.unwrap()
}

fn claim_of(cancellation: Cancellation) -> Claim {
    match cancellation {
        Cancellation::Claimed(claim) => *claim,
        other => panic!("not claimed: {other:?}"),
    }
}

/// Commits the end of an order that was claimed to be canceled.
async fn end(store: &dyn OrderStore, claim: Claim) {
    let request = claim.order.cancel_request.expect("the request is on record");
    let commit = claim.cancel(request, at(9)).unwrap();
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
}

async fn an_order_that_nobody_executes_is_claimed_and_canceled(store: &dyn OrderStore) {
    let order = accepted(store, Duration::ZERO).await;
    let stranger =
        Cancel { account: samples::account_id(), id: order.id, at: at(0), by: String::new(), lease: LONG };
    assert_eq!(store.cancel(stranger).await.unwrap(), Cancellation::Unknown);
    assert_eq!(cancel(store, samples::order_id(), 0).await, Cancellation::Unknown);

    let claim = claim_of(cancel(store, order.id, 1).await);
    let request = claim.order.cancel_request.unwrap();
    assert_eq!((request.at, request.after_seq, claim.unresolved.as_ref()), (at(1), 1, None));
    assert!(store.claim(order.id, "worker", LONG).await.unwrap().is_none(), "the caller holds it");
    end(store, claim).await;
    let row = store.order(AccountId::DEFAULT, order.id).await.unwrap().unwrap();
    assert_eq!((row.status, row.cancel_request), (OrderStatus::Canceled, Some(request)));
    assert_eq!(stored_events(store, order.id).await.last().unwrap().data.kind_name(), "canceled");
    assert!(!is_due(store, order.id, LONG).await);
    assert_eq!(cancel(store, order.id, 2).await, Cancellation::Ended(Box::new(row)));
}

async fn an_order_that_waits_for_its_next_attempt_is_claimed_at_once(store: &dyn OrderStore) {
    let mut waiting = claimed(store, LONG).await;
    let (attempt, commit) = submit(&mut waiting);
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
    let next_attempt_at = waiting.order.updated_at + LONG;
    let retry = EventData::Retrying { failure: samples::failure(), next_attempt_at };
    let reverted = samples::resolve(&attempt, AttemptState::Reverted);
    let commit = step(&mut waiting, vec![retry], Some(reverted), ClaimAction::RetryAfter(LONG));
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
    let row = store.order(AccountId::DEFAULT, waiting.order.id).await.unwrap().unwrap();
    assert_eq!(row.next_attempt_at, Some(next_attempt_at));
    end(store, claim_of(cancel(store, row.id, 1).await)).await;
    let row = store.order(AccountId::DEFAULT, row.id).await.unwrap().unwrap();
    assert_eq!((row.status, row.next_attempt_at), (OrderStatus::Canceled, None));
}

async fn an_execution_is_refused_its_next_attempt(store: &dyn OrderStore) {
    let mut executing = claimed(store, LONG).await;
    let id = executing.order.id;
    let Cancellation::Requested(order) = cancel(store, id, 1).await else { panic!("it executes") };
    let request = order.cancel_request.unwrap();
    let again = cancel(store, id, 2).await;
    assert_eq!(again, Cancellation::Requested(order), "the first request counts");

    let before = executing.clone();
    let (_, open) = submit(&mut executing);
    assert_eq!(store.commit(open).await.unwrap(), CommitOutcome::CancelRequested(request));
    assert_eq!(store.attempts(AccountId::DEFAULT, id).await.unwrap(), []);
    let mut executing = before;
    let steps = vec![
        EventData::RoutingStarted,
        EventData::Retrying { failure: samples::failure(), next_attempt_at: at(60) },
    ];
    let begun = executing.clone();
    let retry = step(&mut executing, steps, None, ClaimAction::RetryAfter(LONG));
    assert_eq!(store.commit(retry).await.unwrap(), CommitOutcome::CancelRequested(request));
    assert_eq!(stored_events(store, id).await.len(), 1, "nothing was written");

    // what leads to no attempt is taken, and keeps the request
    let mut executing = begun;
    let routing = step(&mut executing, vec![EventData::RoutingStarted], None, ClaimAction::Continue);
    assert_eq!(store.commit(routing).await.unwrap(), CommitOutcome::Committed);
    let claim = Claim { order: executing.order, ..before_fence(executing.fence) };
    let canceled = claim.cancel(request, at(9)).unwrap();
    assert_eq!(store.commit(canceled).await.unwrap(), CommitOutcome::Committed);
    let row = store.order(AccountId::DEFAULT, id).await.unwrap().unwrap();
    assert_eq!((row.status, row.cancel_request), (OrderStatus::Canceled, Some(request)));
}

fn before_fence(fence: domain::ports::Fence) -> Claim {
    Claim { fence, order: samples::acceptance().order, unresolved: None, lost_claims: 0 }
}

async fn an_attempt_that_may_land_keeps_the_order(store: &dyn OrderStore) {
    let mut executing = claimed(store, SHORT).await;
    let (attempt, open) = submit(&mut executing);
    assert_eq!(store.commit(open).await.unwrap(), CommitOutcome::Committed);
    let id = executing.order.id;
    assert!(matches!(cancel(store, id, 1).await, Cancellation::Requested(_)));
    eventually("the lease runs out", || async { is_due(store, id, Duration::ZERO).await }).await;
    assert!(
        matches!(cancel(store, id, 2).await, Cancellation::Requested(_)),
        "also when it is not executing"
    );
    let mut heir = store.claim(id, "heir", LONG).await.unwrap().unwrap();
    assert_eq!(heir.order.cancel_request.unwrap().after_seq, executing.order.last_seq);
    assert_eq!(heir.unresolved.as_ref(), Some(&attempt));
    let landed = samples::resolve(&attempt, AttemptState::Landed);
    let finish = step(&mut heir, vec![samples::confirmed(&attempt)], Some(landed), ClaimAction::Finish);
    assert_eq!(store.commit(finish).await.unwrap(), CommitOutcome::Committed, "the chain decides");
    let Cancellation::Ended(row) = cancel(store, id, 3).await else { panic!("it has ended") };
    assert_eq!(row.status, OrderStatus::Confirmed);
}

async fn a_parked_order_can_be_canceled(store: &dyn OrderStore) {
    let moment = Duration::from_millis(1);
    let id = claimed(store, moment).await.order.id;
    for _ in 1..PARKED_AFTER {
        eventually_some("free", || async { store.claim(id, "doomed", moment).await.unwrap() }).await;
    }
    let mut held = eventually_some("free", || async { store.claim(id, "doomed", LONG).await.unwrap() }).await;
    assert!(held.is_parked());
    let claim = claim_of(cancel(store, id, 1).await);
    let (_, late) = submit(&mut held);
    assert_eq!(store.commit(late).await.unwrap(), CommitOutcome::Fenced, "the claim that held it is void");
    end(store, claim).await;
}

async fn a_cancel_whose_caller_dies_is_found_again(store: &dyn OrderStore) {
    let order = accepted(store, LONG).await;
    let request =
        Cancel { account: AccountId::DEFAULT, id: order.id, at: at(1), by: String::new(), lease: SHORT };
    claim_of(store.cancel(request).await.unwrap());
    eventually("its lease runs out", || async { is_due(store, order.id, LONG).await }).await;
    let heir = store.claim(order.id, "worker", LONG).await.unwrap().unwrap();
    assert_eq!(DueAction::of(heir.order.status), DueAction::Execute);
    assert!(heir.order.cancel_request.is_some());
    end(store, heir).await;
}
