//! Claims, transitions and due orders.

use std::{collections::HashSet, time::Duration};

use domain::{
    AccountId, EventData, Order, OrderStatus,
    ports::{
        Accepted, Attempt, AttemptChange, AttemptState, Claim, ClaimAction, Commit, CommitOutcome, DueOrder,
        OrderStore,
    },
};
use futures::future::join_all;

use super::{LONG, SHORT, accepted, claimed, is_due, step, stored_events, submit};
use crate::{eventually, eventually_some, samples};

pub(super) async fn check(store: &dyn OrderStore) {
    one_claim_wins(store).await;
    a_zombie_writes_nothing(store).await;
    an_execution_is_kept_whole(store).await;
    a_second_unresolved_attempt_is_refused_and_hurts_no_neighbour(store).await;
    only_the_attempt_on_record_can_be_resolved(store).await;
    a_retry_waits_and_then_is_due(store).await;
    a_claim_given_back_is_free_at_once(store).await;
    two_sweepers_never_take_the_same(store).await;
    a_claimed_order_is_due_when_its_lease_ends(store).await;
}

async fn one_claim_wins(store: &dyn OrderStore) {
    let order = accepted(store, LONG).await;
    let claims = join_all((0..50).map(|_| store.claim(order.id, "worker", LONG))).await;
    let won: Vec<Claim> = claims.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(won.len(), 1);
    assert_eq!((&won[0].order, &won[0].unresolved), (&order, &None));
    assert!(store.renew(won[0].fence, LONG).await.unwrap());
    assert!(store.claim(samples::order_id(), "worker", LONG).await.unwrap().is_none(), "unknown order");
}

async fn a_zombie_writes_nothing(store: &dyn OrderStore) {
    let mut zombie = claimed(store, SHORT).await;
    let id = zombie.order.id;
    let mut heir =
        eventually_some("the lease runs out", || async { store.claim(id, "heir", LONG).await.unwrap() })
            .await;
    assert!(heir.fence.lease_epoch > zombie.fence.lease_epoch);
    let (_, late) = submit(&mut zombie);
    assert_eq!(store.commit(late).await.unwrap(), CommitOutcome::Fenced);
    assert!(!store.renew(zombie.fence, LONG).await.unwrap());
    store.release(zombie.fence, Duration::ZERO).await.unwrap();
    assert_eq!(stored_events(store, id).await.len(), 1);
    assert!(store.attempts(AccountId::DEFAULT, id).await.unwrap().is_empty());
    let (_, live) = submit(&mut heir);
    assert_eq!(store.commit(live.clone()).await.unwrap(), CommitOutcome::Committed);
    assert_eq!(store.commit(live).await.unwrap(), CommitOutcome::Fenced, "the sequence has moved on");
}

async fn an_execution_is_kept_whole(store: &dyn OrderStore) {
    let mut claim = claimed(store, SHORT).await;
    let id = claim.order.id;
    let (attempt, commit) = submit(&mut claim);
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
    let mut heir =
        eventually_some("the lease runs out", || async { store.claim(id, "heir", LONG).await.unwrap() })
            .await;
    assert_eq!((&heir.order, heir.unresolved.as_ref()), (&claim.order, Some(&attempt)));
    let confirmed = samples::confirmed(&attempt);
    let resolved = samples::resolve(&attempt, AttemptState::Landed);
    let finish = step(&mut heir, vec![confirmed], Some(resolved), ClaimAction::Finish);
    assert_eq!(store.commit(finish).await.unwrap(), CommitOutcome::Committed);

    let row = store.order(AccountId::DEFAULT, id).await.unwrap().unwrap();
    let events = stored_events(store, id).await;
    assert_eq!(row, heir.order);
    assert_eq!(Order::fold(id, AccountId::DEFAULT, None, &events).as_ref(), Some(&row));
    let after_three = store.events(AccountId::DEFAULT, id, 3, 1).await.unwrap();
    assert_eq!(after_three, events[3..4]);
    let attempts = store.attempts(AccountId::DEFAULT, id).await.unwrap();
    assert_eq!(attempts, [ended(attempt, AttemptState::Landed)]);
    assert_eq!(store.last_seqs(&[id, samples::order_id()]).await.unwrap(), [(id, row.last_seq)]);
    assert!(store.claim(id, "late", LONG).await.unwrap().is_none(), "terminal orders are not claimed");
    assert!(!store.renew(heir.fence, LONG).await.unwrap());
}

async fn a_second_unresolved_attempt_is_refused_and_hurts_no_neighbour(store: &dyn OrderStore) {
    let mut claim = claimed(store, LONG).await;
    let (first, commit) = submit(&mut claim);
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
    let back_off = samples::failure();
    let next_attempt_at = claim.order.updated_at;
    let retry = EventData::Retrying { failure: back_off, next_attempt_at };
    let second = Attempt { number: 2, ..samples::attempt(&claim.order) };
    let bad = step(&mut claim, vec![retry], Some(AttemptChange::Open(second)), ClaimAction::Continue);
    let (bad, neighbours) =
        futures::join!(store.commit(bad), join_all((0..10).map(|_| store.accept(samples::acceptance()))));
    assert_ne!(bad.ok(), Some(CommitOutcome::Committed));
    assert!(neighbours.into_iter().all(|accepted| accepted.unwrap() == Accepted::Created));
    let attempts = store.attempts(AccountId::DEFAULT, first.order_id).await.unwrap();
    assert_eq!(attempts, std::slice::from_ref(&first));
    assert_eq!(stored_events(store, first.order_id).await.last().unwrap().status, OrderStatus::Submitted);
}

async fn only_the_attempt_on_record_can_be_resolved(store: &dyn OrderStore) {
    let mut claim = claimed(store, LONG).await;
    let (attempt, commit) = submit(&mut claim);
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
    let before = claim.order.clone();
    let confirmed = samples::confirmed(&attempt);
    let finish = step(&mut claim, vec![confirmed], None, ClaimAction::Finish);
    let resolving = |attempt: &Attempt| Commit {
        change: Some(samples::resolve(attempt, AttemptState::Landed)),
        ..finish.clone()
    };
    let other = Attempt { number: attempt.number, ..samples::attempt(&before) };
    assert_ne!(store.commit(resolving(&other)).await.ok(), Some(CommitOutcome::Committed));
    assert_eq!(store.order(AccountId::DEFAULT, before.id).await.unwrap(), Some(before.clone()));
    assert_eq!(stored_events(store, before.id).await.len(), before.last_seq as usize);
    let attempts = store.attempts(AccountId::DEFAULT, before.id).await.unwrap();
    assert_eq!(attempts, std::slice::from_ref(&attempt));
    assert_eq!(store.commit(resolving(&attempt)).await.unwrap(), CommitOutcome::Committed);
}

/// An attempt once it is resolved.
fn ended(attempt: Attempt, state: AttemptState) -> Attempt {
    Attempt { state, network_fee: samples::charged(state), ..attempt }
}

async fn a_retry_waits_and_then_is_due(store: &dyn OrderStore) {
    let mut claim = claimed(store, LONG).await;
    let id = claim.order.id;
    let (attempt, commit) = submit(&mut claim);
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
    let retry =
        EventData::Retrying { failure: samples::failure(), next_attempt_at: claim.order.updated_at + LONG };
    let resolved = samples::resolve(&attempt, AttemptState::Reverted);
    let commit = step(&mut claim, vec![retry], Some(resolved), ClaimAction::RetryAfter(LONG));
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
    assert!(store.claim(id, "early", LONG).await.unwrap().is_none(), "it must not start early");
    assert!(!store.renew(claim.fence, LONG).await.unwrap(), "the claim ended");
    let attempts = store.attempts(AccountId::DEFAULT, id).await.unwrap();
    assert_eq!(attempts, [ended(attempt, AttemptState::Reverted)], "the chain charged for it all the same");

    let mut claim = claimed(store, LONG).await;
    let id = claim.order.id;
    let steps = vec![
        EventData::RoutingStarted,
        EventData::Retrying { failure: samples::failure(), next_attempt_at: claim.order.updated_at },
    ];
    let commit = step(&mut claim, steps, None, ClaimAction::RetryAfter(SHORT));
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
    eventually("the order is due", || async { is_due(store, id, LONG).await }).await;
    let again = store.claim(id, "worker", LONG).await.unwrap().expect("a due order can be claimed");
    assert_eq!(again.order.attempt, 2);
}

async fn a_claim_given_back_is_free_at_once(store: &dyn OrderStore) {
    let mut claim = claimed(store, LONG).await;
    store.release(claim.fence, Duration::ZERO).await.unwrap();
    let (_, late) = submit(&mut claim);
    assert_eq!(store.commit(late).await.unwrap(), CommitOutcome::Fenced);
    assert!(store.claim(claim.order.id, "next", LONG).await.unwrap().is_some());
}

async fn two_sweepers_never_take_the_same(store: &dyn OrderStore) {
    let mut waiting = HashSet::new();
    for _ in 0..40 {
        waiting.insert(accepted(store, Duration::ZERO).await.id);
    }
    let not_due = accepted(store, LONG).await.id;
    let mut taken = HashSet::new();
    while !waiting.is_subset(&taken) {
        let (one, other) = futures::join!(store.lease_due(7, LONG), store.lease_due(7, LONG));
        for DueOrder { id, .. } in one.unwrap().into_iter().chain(other.unwrap()) {
            assert!(taken.insert(id), "{id} was taken twice");
        }
    }
    assert!(!taken.contains(&not_due));
}

async fn a_claimed_order_is_due_when_its_lease_ends(store: &dyn OrderStore) {
    let order = accepted(store, Duration::ZERO).await;
    let claim = store.claim(order.id, "worker", LONG).await.unwrap().unwrap();
    assert!(!is_due(store, order.id, LONG).await, "it is being executed");
    assert!(store.renew(claim.fence, SHORT).await.unwrap());
    eventually("it is due", || async { is_due(store, order.id, LONG).await }).await;
    assert!(!is_due(store, order.id, LONG).await, "it was just delivered");
    let claim = store.claim(order.id, "heir", LONG).await.unwrap().unwrap();
    store.release(claim.fence, Duration::ZERO).await.unwrap();
    assert!(is_due(store, order.id, LONG).await, "a claim given back is due");
}
