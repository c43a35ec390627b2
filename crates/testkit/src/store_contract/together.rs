//! Writes that arrive at once and have something in common: each gets the answer it would get if all
//! had come one after the other.

use std::time::Duration;

use domain::{
    AccountId, EventData, OrderId, OrderStatus,
    ports::{
        Acceptance, Accepted, AttemptChange, AttemptState, Claim, ClaimAction, Commit, CommitOutcome,
        OrderStore,
    },
};
use futures::future::{join, join_all, join3};

use super::{LONG, accepted, claimed, step, stored_events, submit};
use crate::samples;

/// Other writes beside those under test, so that all gather in one batch.
const NEIGHBOURS: usize = 30;

pub(super) async fn check(store: &dyn OrderStore) {
    one_key_makes_one_order(store).await;
    one_client_order_id_makes_one_order(store).await;
    a_request_with_the_keys_of_two_orders_is_a_conflict(store).await;
    one_of_many_commits_at_the_same_sequence_passes(store).await;
    the_sequence_alone_decides_where_no_attempt_is_at_stake(store).await;
    a_claim_and_a_commit_of_its_predecessor_follow_each_other(store).await;
    a_release_and_a_commit_follow_each_other(store).await;
    every_kind_of_write_may_come_at_once(store).await;
    commits_that_break_a_guard_hurt_no_neighbour(store).await;
}

/// Accepts with neighbours in flight.
async fn accept_all(store: &dyn OrderStore, asked: Vec<Acceptance>) -> Vec<Accepted> {
    let count = asked.len();
    let neighbours = (0..NEIGHBOURS).map(|_| samples::acceptance());
    let all = asked.into_iter().chain(neighbours).map(|acceptance| store.accept(acceptance));
    let mut results: Vec<Accepted> = join_all(all).await.into_iter().map(Result::unwrap).collect();
    assert!(results.split_off(count).iter().all(|accepted| *accepted == Accepted::Created));
    results
}

/// One was created, and every other answer names it: the same request replayed, others refused.
fn assert_one_order(asked: &[Acceptance], results: &[Accepted]) {
    let created: Vec<_> =
        asked.iter().zip(results).filter(|(_, result)| **result == Accepted::Created).collect();
    let [(first, _)] = created[..] else { panic!("{} orders were created", created.len()) };
    for (asked, result) in asked.iter().zip(results).filter(|(_, result)| **result != Accepted::Created) {
        match result {
            Accepted::Replayed(order) => {
                assert_eq!((order.id, asked.fingerprint), (first.order.id, first.fingerprint));
            }
            Accepted::Conflict(id) => {
                assert_eq!(*id, first.order.id);
                assert_ne!(asked.fingerprint, first.fingerprint);
            }
            Accepted::Created | Accepted::Insufficient(_) => unreachable!("{result:?}"),
        }
    }
}

async fn one_key_makes_one_order(store: &dyn OrderStore) {
    let key = format!("together-{}", samples::order_id());
    let asked: Vec<Acceptance> = (0..20)
        .map(|number| Acceptance {
            idempotency_key: Some(key.clone()),
            fingerprint: [1 + number % 2; 32],
            ..samples::acceptance()
        })
        .collect();
    assert_one_order(&asked, &accept_all(store, asked.clone()).await);
}

async fn one_client_order_id_makes_one_order(store: &dyn OrderStore) {
    let client_order_id = Some(format!("together-{}", samples::order_id()));
    let asked: Vec<Acceptance> = (0..20)
        .map(|number| {
            let mut acceptance = Acceptance { fingerprint: [1 + number % 2; 32], ..samples::acceptance() };
            acceptance.order.client_order_id.clone_from(&client_order_id);
            acceptance
        })
        .collect();
    assert_one_order(&asked, &accept_all(store, asked.clone()).await);
}

async fn a_request_with_the_keys_of_two_orders_is_a_conflict(store: &dyn OrderStore) {
    let unique = format!("both-{}", samples::order_id());
    let by_key = Acceptance { idempotency_key: Some(unique.clone()), ..samples::acceptance() };
    let mut by_client_id = samples::acceptance();
    by_client_id.order.client_order_id = Some(unique.clone());
    let mut of_both = Acceptance { idempotency_key: Some(unique.clone()), ..samples::acceptance() };
    of_both.order.client_order_id = Some(unique);
    let ids = [by_key.order.id, by_client_id.order.id, of_both.order.id];
    let results = accept_all(store, vec![by_key, by_client_id, of_both]).await;
    // Which comes first is not known: either the two without it, or it without them.
    let is_first = results[2] == Accepted::Created;
    for (number, result) in results.iter().enumerate().filter(|(number, _)| is_first != (*number == 2)) {
        let known = match result {
            Accepted::Created => ids[number],
            Accepted::Replayed(order) => order.id,
            Accepted::Conflict(id) => *id,
            Accepted::Insufficient(_) => unreachable!("they trade from nothing"),
        };
        assert!(ids.contains(&known), "{result:?}");
        assert!(!is_first || *result != Accepted::Created, "{result:?}");
    }
}

async fn one_of_many_commits_at_the_same_sequence_passes(store: &dyn OrderStore) {
    let claim = claimed(store, LONG).await;
    let rivals: Vec<_> = (0..20).map(|_| submit(&mut claim.clone())).collect();
    let others = others(store).await;
    let commits = rivals.iter().map(|(_, commit)| commit).chain(&others);
    let outcomes = join_all(commits.map(|commit| store.commit(commit.clone()))).await;
    let (outcomes, others) = outcomes.split_at(rivals.len());
    let passed: Vec<usize> = outcomes
        .iter()
        .enumerate()
        .filter(|(_, outcome)| *outcome.as_ref().unwrap() == CommitOutcome::Committed)
        .map(|(number, _)| number)
        .collect();
    let [passed] = passed[..] else { panic!("{} commits passed", passed.len()) };
    assert!(others.iter().all(|outcome| *outcome.as_ref().unwrap() == CommitOutcome::Committed));
    let id = claim.order.id;
    assert_eq!(store.attempts(AccountId::DEFAULT, id).await.unwrap(), [rivals[passed].0.clone()]);
    assert_eq!(stored_events(store, id).await[1..], rivals[passed].1.events);
}

async fn the_sequence_alone_decides_where_no_attempt_is_at_stake(store: &dyn OrderStore) {
    let claim = claimed(store, LONG).await;
    let commit = step(&mut claim.clone(), vec![EventData::RoutingStarted], None, ClaimAction::Continue);
    let outcomes = join_all((0..20).map(|_| store.commit(commit.clone()))).await;
    let passed =
        outcomes.into_iter().filter(|outcome| *outcome.as_ref().unwrap() == CommitOutcome::Committed);
    assert_eq!(passed.count(), 1, "every other one is fenced");
    assert_eq!(stored_events(store, claim.order.id).await.len(), 2);
}

/// First commits of orders of their own.
async fn others(store: &dyn OrderStore) -> Vec<Commit> {
    join_all((0..NEIGHBOURS).map(|_| async { submit(&mut claimed(store, LONG).await).1 })).await
}

async fn a_claim_and_a_commit_of_its_predecessor_follow_each_other(store: &dyn OrderStore) {
    for _ in 0..10 {
        let mut old = claimed(store, std::time::Duration::ZERO).await;
        let (attempt, late) = submit(&mut old);
        let id = old.order.id;
        let (outcome, heir, _) =
            join3(store.commit(late), store.claim(id, "heir", LONG), accept_all(store, Vec::new())).await;
        let is_committed = outcome.unwrap() == CommitOutcome::Committed;
        // A claim need not wait for a write in flight. It is repeated later, as the queue would.
        let heir = match heir.unwrap() {
            Some(heir) => heir,
            None => store.claim(id, "heir", LONG).await.unwrap().expect("no other worker has it"),
        };
        assert_eq!(heir.unresolved, is_committed.then_some(attempt));
        let events = u32::try_from(stored_events(store, id).await.len()).unwrap();
        assert_eq!((heir.order.last_seq, events), if is_committed { (5, 5) } else { (1, 1) });
    }
}

async fn a_release_and_a_commit_follow_each_other(store: &dyn OrderStore) {
    for is_release_first in [true, false] {
        let mut claim = claimed(store, LONG).await;
        let (_, commit) = submit(&mut claim);
        let (release, renew) = (store.release(claim.fence, Duration::ZERO), store.renew(claim.fence, LONG));
        let outcome = if is_release_first {
            let ((released, outcome), renewed) = join(join(release, store.commit(commit)), renew).await;
            released.and(renewed.map(drop)).unwrap();
            outcome
        } else {
            let ((outcome, released), renewed) = join(join(store.commit(commit), release), renew).await;
            released.and(renewed.map(drop)).unwrap();
            outcome
        };
        let id = claim.order.id;
        let events = stored_events(store, id).await.len();
        assert_eq!(events, if outcome.unwrap() == CommitOutcome::Committed { 5 } else { 1 });
        assert!(store.claim(id, "next", LONG).await.unwrap().is_some(), "it was given back");
    }
}

async fn every_kind_of_write_may_come_at_once(store: &dyn OrderStore) {
    let claims: Vec<Claim> = join_all((0..NEIGHBOURS).map(|_| claimed(store, LONG))).await;
    let free: Vec<OrderId> =
        join_all((0..NEIGHBOURS).map(|_| accepted(store, LONG))).await.iter().map(|order| order.id).collect();
    let rounds = claims.iter().zip(&free).map(|(claim, free)| async move {
        let mut moved = claim.clone();
        let commit = store.commit(submit(&mut moved).1);
        let (accepted, claimed, committed) =
            join3(store.accept(samples::acceptance()), store.claim(*free, "worker", LONG), commit).await;
        assert_eq!(accepted.unwrap(), Accepted::Created);
        assert_eq!(committed.unwrap(), CommitOutcome::Committed);
        let claimed = claimed.unwrap().unwrap();
        assert_eq!((claimed.order.id, claimed.unresolved), (*free, None));
        let (renewed, released, due) = join3(
            store.renew(moved.fence, LONG),
            store.release(claimed.fence, Duration::ZERO),
            store.lease_due(0, LONG),
        )
        .await;
        released.unwrap();
        assert_eq!((renewed.unwrap(), due.unwrap()), (true, Vec::new()));
        let row = store.order(AccountId::DEFAULT, moved.order.id).await.unwrap();
        assert_eq!(row, Some(moved.order));
    });
    join_all(rounds).await;
}

async fn commits_that_break_a_guard_hurt_no_neighbour(store: &dyn OrderStore) {
    let mut first = claimed(store, LONG).await;
    let (attempt, commit) = submit(&mut first);
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
    // Another signature, and a resolution of an attempt that does not exist.
    let mut thief = claimed(store, LONG).await;
    let mut stolen = submit(&mut thief).1;
    if let Some(AttemptChange::Open(opened)) = &mut stolen.change {
        opened.transaction.signature = attempt.transaction.signature.clone();
    }
    let mut other_signature = attempt.clone();
    other_signature.transaction.signature = samples::attempt(&first.order).transaction.signature;
    let confirmed = vec![samples::confirmed(&attempt)];
    let resolution = samples::resolve(&other_signature, AttemptState::Landed);
    let unknown = step(&mut first.clone(), confirmed, Some(resolution), ClaimAction::Finish);
    let others = others(store).await;
    let bad = join(store.commit(stolen), store.commit(unknown));
    let good = join_all(others.iter().map(|commit| store.commit(commit.clone())));
    let ((stolen, unknown), good) = join(bad, good).await;
    assert_ne!(stolen.ok(), Some(CommitOutcome::Committed));
    assert_ne!(unknown.ok(), Some(CommitOutcome::Committed));
    assert!(good.into_iter().all(|outcome| outcome.unwrap() == CommitOutcome::Committed));
    assert_eq!(stored_events(store, thief.order.id).await.len(), 1);
    let row = store.order(AccountId::DEFAULT, first.order.id).await.unwrap().unwrap();
    assert_eq!(row.status, OrderStatus::Submitted);
}
