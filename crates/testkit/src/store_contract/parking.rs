//! Claims that are lost in a row, and orders that are parked because of them.

use std::time::Duration;

use domain::{
    AccountId, EventData, OrderId,
    ports::{Claim, ClaimAction, CommitOutcome, OrderFilter, OrderStore, PARKED_AFTER},
};

use super::{LONG, SHORT, claimed, is_due, step, submit};
use crate::{eventually_some, samples};

pub(super) async fn check(store: &dyn OrderStore) {
    a_claim_counts_as_lost_until_its_holder_moves_an_attempt_or_ends_it(store).await;
    an_order_that_loses_claim_after_claim_is_held_longer(store).await;
    a_parked_order_that_is_resumed_goes_on_at_once(store).await;
}

async fn parked(store: &dyn OrderStore) -> Vec<OrderId> {
    let filter = OrderFilter { parked: true, ..OrderFilter::newest(1_000) };
    store.orders(AccountId::DEFAULT, filter).await.unwrap().orders.iter().map(|order| order.id).collect()
}

async fn claim_when_free(store: &dyn OrderStore, id: OrderId, lease: Duration) -> Claim {
    eventually_some("the lease runs out", || async { store.claim(id, "heir", lease).await.unwrap() }).await
}

async fn a_claim_counts_as_lost_until_its_holder_moves_an_attempt_or_ends_it(store: &dyn OrderStore) {
    let first = claimed(store, SHORT).await;
    let id = first.order.id;
    assert_eq!(first.lost_claims, 0);
    let second = claim_when_free(store, id, SHORT).await;
    assert_eq!(second.lost_claims, 1);
    store.release(first.fence, Duration::ZERO).await.unwrap();
    let mut third = claim_when_free(store, id, LONG).await;
    assert_eq!(third.lost_claims, 2, "a claim that was lost cannot be given back");
    let begun = step(&mut third, vec![EventData::RoutingStarted], None, ClaimAction::Continue);
    assert_eq!(store.commit(begun).await.unwrap(), CommitOutcome::Committed);
    store.release(third.fence, Duration::ZERO).await.unwrap();
    let fourth = claim_when_free(store, id, LONG).await;
    assert_eq!(fourth.lost_claims, 2, "a claim that was given back counts for nothing");
    store.release(fourth.fence, Duration::ZERO).await.unwrap();

    let mut moves = claimed(store, SHORT).await;
    let (_, commit) = submit(&mut moves);
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
    let heir = claim_when_free(store, moves.order.id, LONG).await;
    assert_eq!(heir.lost_claims, 0, "it sent something");
}

async fn an_order_that_loses_claim_after_claim_is_held_longer(store: &dyn OrderStore) {
    let moment = Duration::from_millis(1);
    let id = claimed(store, moment).await.order.id;
    for lost in 1..PARKED_AFTER {
        let claim = claim_when_free(store, id, moment).await;
        assert_eq!((claim.lost_claims, claim.is_parked()), (lost, false));
    }
    let parked = claim_when_free(store, id, LONG).await;
    assert!(parked.is_parked());
    assert_eq!(Claim::lease_of(LONG, parked.lost_claims + 1), LONG * 2);
    // a renewal to a moment holds for two, and so on: the order is free again in the end
    assert!(store.renew(parked.fence, moment).await.unwrap());
    assert_eq!(claim_when_free(store, id, moment).await.lost_claims, PARKED_AFTER + 1);
}

async fn a_parked_order_that_is_resumed_goes_on_at_once(store: &dyn OrderStore) {
    let moment = Duration::from_millis(1);
    let id = claimed(store, moment).await.order.id;
    for _ in 1..PARKED_AFTER {
        assert!(!store.unpark(AccountId::DEFAULT, id).await.unwrap(), "it is not parked yet");
        claim_when_free(store, id, moment).await;
    }
    let mut held = claim_when_free(store, id, LONG).await;
    assert!(held.is_parked());
    assert_eq!(store.lost_claims(AccountId::DEFAULT, id).await.unwrap(), Some(PARKED_AFTER));
    assert_eq!(store.lost_claims(samples::account_id(), id).await.unwrap(), None);
    assert!(parked(store).await.contains(&id));
    assert!(!store.unpark(samples::account_id(), id).await.unwrap(), "it is another account's");
    assert!(store.unpark(AccountId::DEFAULT, id).await.unwrap());
    let (_, late) = submit(&mut held);
    assert_eq!(store.commit(late).await.unwrap(), CommitOutcome::Fenced, "the claim that held it is void");
    assert!(is_due(store, id, LONG).await);
    let claim = store.claim(id, "next", LONG).await.unwrap().expect("it is free at once");
    assert_eq!(claim.lost_claims, 0);
    assert!(!parked(store).await.contains(&id));
    assert!(!store.unpark(AccountId::DEFAULT, id).await.unwrap());
    assert!(!store.unpark(AccountId::DEFAULT, samples::order_id()).await.unwrap());
}
