//! The contract every order store keeps. Time passes by waiting for a condition: leases and delays
//! are short, and nothing asserts how long anything took.

mod cancel;
mod clock;
mod effects;
mod feed;
mod histories;
mod parking;
mod resting;
mod together;

use std::{collections::HashSet, sync::Arc, time::Duration};

use domain::{
    AccountId, Event, EventData, Order, OrderId, OrderStatus,
    ports::{
        Acceptance, Accepted, Attempt, AttemptChange, AttemptState, Claim, ClaimAction, Commit,
        CommitOutcome, DueOrder, OrderFilter, OrderStore,
    },
};
use futures::future::join_all;

use crate::{eventually, eventually_some, samples};

const LONG: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_millis(30);

pub use clock::check as check_clock;
pub use histories::check_against as check_histories_against;

/// Holds a store against the whole contract.
pub async fn check(store: Arc<dyn OrderStore>) {
    let store = store.as_ref();
    accepting_is_idempotent(store).await;
    the_same_request_with_any_of_its_keys_is_the_same_order(store).await;
    concurrent_duplicates_make_one_order(store).await;
    one_claim_wins(store).await;
    a_zombie_writes_nothing(store).await;
    an_execution_is_kept_whole(store).await;
    a_second_unresolved_attempt_is_refused_and_hurts_no_neighbour(store).await;
    only_the_attempt_on_record_can_be_resolved(store).await;
    a_retry_waits_and_then_is_due(store).await;
    a_claim_given_back_is_free_at_once(store).await;
    two_sweepers_never_take_the_same(store).await;
    listings_page_and_belong_to_an_account(store).await;
    listings_by_tag_find_the_orders_of_that_tag_alone(store).await;
    orders_in_flight_are_counted_up_to_a_bound(store).await;
    a_claimed_order_is_due_when_its_lease_ends(store).await;
    together::check(store).await;
    feed::check(store).await;
    parking::check(store).await;
    cancel::check(store).await;
    resting::check(store).await;
    effects::check(store).await;
}

async fn accepted(store: &dyn OrderStore, grace: Duration) -> Order {
    let acceptance = Acceptance { due_after: Some(grace), ..samples::acceptance() };
    let order = acceptance.order.clone();
    assert_eq!(store.accept(acceptance).await.unwrap(), Accepted::Created);
    order
}

async fn claimed(store: &dyn OrderStore, lease: Duration) -> Claim {
    let order = accepted(store, LONG).await;
    store.claim(order.id, "worker", lease).await.unwrap().expect("a new order can be claimed")
}

/// Whether the sweeper finds the order.
async fn is_due(store: &dyn OrderStore, id: OrderId, redeliver_after: Duration) -> bool {
    store.lease_due(1_000, redeliver_after).await.unwrap().iter().any(|due| due.id == id)
}

/// The commit of `steps` at the order's current state, which it moves on.
fn step(
    claim: &mut Claim,
    steps: Vec<EventData>,
    change: Option<AttemptChange>,
    then: ClaimAction,
) -> Commit {
    let now = claim.order.updated_at + Duration::from_millis(1);
    let events: Vec<Event> = steps.into_iter().map(|data| claim.order.apply(data, now).unwrap()).collect();
    Commit { fence: claim.fence, order: claim.order.clone(), events, change, then, effects: Vec::new() }
}

fn submit(claim: &mut Claim) -> (Attempt, Commit) {
    let mut steps = samples::steps_to_building();
    let mut ahead = claim.order.clone();
    for data in &steps {
        ahead.apply(data.clone(), ahead.updated_at).unwrap();
    }
    let attempt = samples::attempt(&ahead);
    steps.push(samples::submitted(&attempt));
    let commit = step(claim, steps, Some(AttemptChange::Open(attempt.clone())), ClaimAction::Continue);
    (attempt, commit)
}

async fn stored_events(store: &dyn OrderStore, id: OrderId) -> Vec<Event> {
    store.events(AccountId::DEFAULT, id, 0, 1_000).await.unwrap()
}

async fn accepting_is_idempotent(store: &dyn OrderStore) {
    let unique = |name: &str| Some(format!("{name}-{}", samples::order_id()));
    let (key, client_id) = (unique("key"), unique("mine"));
    let mut first = samples::acceptance();
    first.idempotency_key.clone_from(&key);
    first.order.client_order_id.clone_from(&client_id);
    let order = first.order.clone();
    assert_eq!(store.accept(first).await.unwrap(), Accepted::Created);
    for (key, client_id) in [(&key, &None), (&None, &client_id), (&key, &client_id)] {
        let mut again = samples::acceptance();
        again.idempotency_key.clone_from(key);
        again.order.client_order_id.clone_from(client_id);
        let mut other = Acceptance { fingerprint: [2; 32], ..again.clone() };
        other.order.id = samples::order_id();
        assert_eq!(store.accept(again).await.unwrap(), Accepted::Replayed(Box::new(order.clone())));
        assert_eq!(store.accept(other).await.unwrap(), Accepted::Conflict(order.id));
    }
    let alone = samples::acceptance();
    let other = Acceptance { fingerprint: [2; 32], ..alone.clone() };
    assert_eq!(store.accept(alone.clone()).await.unwrap(), Accepted::Created);
    assert_eq!(
        store.accept(alone.clone()).await.unwrap(),
        Accepted::Replayed(Box::new(alone.order.clone())),
        "by its id"
    );
    assert_eq!(store.accept(other).await.unwrap(), Accepted::Conflict(alone.order.id));

    let mut second = samples::acceptance();
    second.order.client_order_id = unique("other");
    let second_client_id = second.order.client_order_id.clone();
    assert_eq!(store.accept(second).await.unwrap(), Accepted::Created);
    let mut of_both = Acceptance { fingerprint: [2; 32], ..samples::acceptance() };
    of_both.idempotency_key = key;
    of_both.order.client_order_id = second_client_id;
    assert!(matches!(store.accept(of_both).await.unwrap(), Accepted::Conflict(_)));
}

/// The answer to a request must not depend on what came between it and its repetition.
async fn the_same_request_with_any_of_its_keys_is_the_same_order(store: &dyn OrderStore) {
    let unique = |name: &str| Some(format!("{name}-{}", samples::order_id()));
    let (client_id, first_key, second_key) = (unique("mine"), unique("first"), unique("second"));
    let asked = |key: &Option<String>| {
        let mut asked = samples::acceptance();
        asked.order.client_order_id.clone_from(&client_id);
        asked.idempotency_key.clone_from(key);
        asked
    };
    let first = asked(&first_key);
    let order = first.order.clone();
    let replayed = Accepted::Replayed(Box::new(order.clone()));
    assert_eq!(store.accept(first).await.unwrap(), Accepted::Created);
    assert_eq!(store.accept(asked(&second_key)).await.unwrap(), replayed);
    // Another request takes the key that only met the order.
    let mut other = Acceptance { fingerprint: [2; 32], ..samples::acceptance() };
    other.order.client_order_id = unique("other");
    other.idempotency_key.clone_from(&second_key);
    assert_eq!(store.accept(other.clone()).await.unwrap(), Accepted::Created);
    for key in [&first_key, &second_key, &None] {
        assert_eq!(store.accept(asked(key)).await.unwrap(), replayed, "{key:?}");
    }
    let again = store.accept(other.clone()).await.unwrap();
    assert_eq!(again, Accepted::Replayed(Box::new(other.order)));
}

async fn concurrent_duplicates_make_one_order(store: &dyn OrderStore) {
    let key = format!("burst-{}", samples::order_id());
    let results = join_all((0..100).map(|_| {
        let acceptance = Acceptance { idempotency_key: Some(key.clone()), ..samples::acceptance() };
        store.accept(acceptance)
    }))
    .await;
    let created = results.iter().filter(|result| matches!(result, Ok(Accepted::Created))).count();
    let replayed: HashSet<OrderId> = results
        .iter()
        .filter_map(|result| match result {
            Ok(Accepted::Replayed(order)) => Some(order.id),
            _ => None,
        })
        .collect();
    assert_eq!((created, replayed.len(), results.iter().filter(|r| r.is_err()).count()), (1, 1, 0));
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
    assert_eq!(attempts, [Attempt { state: AttemptState::Landed, ..attempt }]);
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

async fn listings_page_and_belong_to_an_account(store: &dyn OrderStore) {
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(accepted(store, LONG).await.id);
    }
    ids.sort_unstable();
    let mut seen = Vec::new();
    let mut before = None;
    while seen.len() < 5 {
        let filter = OrderFilter { status: Some(OrderStatus::Pending), before, ..OrderFilter::newest(2) };
        let page = store.orders(AccountId::DEFAULT, filter).await.unwrap();
        assert!(page.len() <= 2 && !page.is_empty());
        before = page.last().map(|order| order.id);
        seen.extend(page.iter().map(|order| order.id).filter(|id| ids.contains(id)));
    }
    ids.reverse();
    assert_eq!(seen, ids, "newest first");
    let stranger = samples::account_id();
    let id = ids[0];
    assert_eq!(store.order(stranger, id).await.unwrap(), None);
    assert_eq!(store.events(stranger, id, 0, 10).await.unwrap(), []);
    assert_eq!(store.attempts(stranger, id).await.unwrap(), []);
    let all = OrderFilter::newest(10);
    assert_eq!(store.orders(stranger, all).await.unwrap(), []);
}

async fn listings_by_tag_find_the_orders_of_that_tag_alone(store: &dyn OrderStore) {
    let tag = samples::order_id().to_string();
    let mut tagged = Vec::new();
    for tag in [Some(&tag), None, Some(&tag), Some(&format!("{tag}x"))] {
        let mut asked = samples::acceptance();
        asked.order.spec.tag = tag.cloned();
        let id = asked.order.id;
        store.accept(asked).await.unwrap();
        tagged.push(id);
    }
    let expected = [tagged[2], tagged[0]];
    for status in [None, Some(OrderStatus::Pending)] {
        let filter = OrderFilter { status, tag: Some(tag.clone()), ..OrderFilter::newest(10) };
        let found = store.orders(AccountId::DEFAULT, filter.clone()).await.unwrap();
        assert_eq!(found.iter().map(|order| order.id).collect::<Vec<_>>(), expected);
        let next = OrderFilter { before: Some(expected[0]), limit: 1, ..filter };
        let found = store.orders(AccountId::DEFAULT, next).await.unwrap();
        assert_eq!(found.iter().map(|order| order.id).collect::<Vec<_>>(), expected[1..]);
    }
}

async fn orders_in_flight_are_counted_up_to_a_bound(store: &dyn OrderStore) {
    let before = store.in_flight(u32::MAX).await.unwrap();
    let pending = store.active_by_status(u32::MAX).await.unwrap().with(OrderStatus::Pending);
    let mut executing = claimed(store, LONG).await;
    accepted(store, LONG).await;
    let now = store.active_by_status(u32::MAX).await.unwrap();
    assert_eq!((now.total(), now.with(OrderStatus::Pending)), (before + 2, pending + 2));
    assert_eq!(store.in_flight(u32::MAX).await.unwrap(), before + 2);
    let failed = vec![EventData::RoutingStarted, EventData::Failed { failure: samples::failure() }];
    let finish = step(&mut executing, failed, None, ClaimAction::Finish);
    assert_eq!(store.commit(finish).await.unwrap(), CommitOutcome::Committed);
    let now = store.active_by_status(u32::MAX).await.unwrap();
    assert_eq!((now.total(), now.with(OrderStatus::Failed)), (before + 1, 0));
    assert_eq!(store.in_flight(u32::MAX).await.unwrap(), before + 1);
    for bound in [0, 1] {
        assert_eq!(store.in_flight(bound).await.unwrap(), bound);
        assert_eq!(store.active_by_status(bound).await.unwrap().total(), bound);
    }
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
