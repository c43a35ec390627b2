//! Orders that rest.

use std::time::Duration;

use domain::{
    AccountId, Event, EventData, Order, OrderStatus, Phase,
    ports::{Acceptance, Accepted, Cancel, Cancellation, ClaimAction, DueAction, OrderFilter, OrderStore},
};

use super::{LONG, SHORT, step};
use crate::{eventually_some, samples};

pub(super) async fn check(store: &dyn OrderStore) {
    a_resting_order_is_not_in_flight_and_is_only_inspected(store).await;
    a_resting_order_without_an_expiry_is_never_due_and_can_be_canceled(store).await;
    a_resting_order_that_was_inspected_can_be_claimed_before_it_is_due(store).await;
}

async fn resting(store: &dyn OrderStore, status: OrderStatus, due_after: Option<Duration>) -> Order {
    let mut asked = samples::acceptance();
    asked.order.status = status;
    asked.event = Event { status, ..asked.event };
    let order = asked.order.clone();
    assert_eq!(store.accept(Acceptance { due_after, ..asked }).await.unwrap(), Accepted::Created);
    order
}

async fn a_resting_order_is_not_in_flight_and_is_only_inspected(store: &dyn OrderStore) {
    let account = AccountId::DEFAULT;
    let (in_flight, at_rest) =
        (store.in_flight(u32::MAX).await.unwrap(), store.resting(account, u32::MAX).await.unwrap());
    let open = resting(store, OrderStatus::Open, Some(SHORT)).await;
    let held = resting(store, OrderStatus::Held, Some(LONG)).await;
    assert_eq!(store.in_flight(u32::MAX).await.unwrap(), in_flight);
    assert_eq!(store.resting(account, u32::MAX).await.unwrap(), at_rest + 2);
    assert_eq!(store.resting(account, 1).await.unwrap(), 1);
    assert_eq!(store.resting(samples::account_id(), 9).await.unwrap(), 0);
    let active = store.active_by_status(u32::MAX).await.unwrap();
    assert_eq!((active.in_phase(Phase::InFlight), active.in_phase(Phase::Resting)), (in_flight, at_rest + 2));
    for order in [&open, &held] {
        let of_status = OrderFilter { status: Some(order.status), ..OrderFilter::newest(1_000) };
        let found = store.orders(account, of_status).await.unwrap().orders;
        assert!(found.iter().any(|found| found.id == order.id), "{}", order.status);
    }
    let due = eventually_some("its time runs out", || async {
        let due = store.lease_due(1_000, LONG).await.unwrap();
        due.into_iter().find(|due| due.id == open.id)
    })
    .await;
    assert_eq!(due.action, DueAction::Inspect);

    let mut claim = store.claim(open.id, "sweeper", LONG).await.unwrap().unwrap();
    let expired = EventData::Expired { expires_at: claim.order.updated_at, failure: None };
    let commit = step(&mut claim, vec![expired], None, ClaimAction::Finish);
    store.commit(commit).await.unwrap();
    assert_eq!(store.resting(account, u32::MAX).await.unwrap(), at_rest + 1);
    let expired = OrderFilter { status: Some(OrderStatus::Expired), ..OrderFilter::newest(1_000) };
    let found = store.orders(account, expired).await.unwrap().orders;
    assert!(found.iter().any(|found| found.id == open.id));
    let active = OrderFilter { phase: Some(Phase::Resting), ..OrderFilter::newest(1_000) };
    let found = store.orders(account, active).await.unwrap().orders;
    assert!(found.iter().any(|order| order.id == held.id) && found.iter().all(|order| order.id != open.id));
}

async fn a_resting_order_without_an_expiry_is_never_due_and_can_be_canceled(store: &dyn OrderStore) {
    let order = resting(store, OrderStatus::Open, None).await;
    let due = store.lease_due(1_000, Duration::ZERO).await.unwrap();
    assert!(due.iter().all(|due| due.id != order.id));
    let cancel = Cancel {
        account: AccountId::DEFAULT,
        id: order.id,
        at: order.created_at,
        by: String::new(),
        lease: SHORT,
    };
    assert!(matches!(store.cancel(cancel).await.unwrap(), Cancellation::Claimed(_)));
    // the process that asked for it dies
    let due = eventually_some("the lease of the cancel runs out", || async {
        let due = store.lease_due(1_000, LONG).await.unwrap();
        due.into_iter().find(|due| due.id == order.id)
    })
    .await;
    assert_eq!(due.action, DueAction::Inspect);
    let claim = store.claim(order.id, "sweeper", LONG).await.unwrap().unwrap();
    let request = claim.order.cancel_request.unwrap();
    store.commit(claim.cancel(request, order.created_at).unwrap()).await.unwrap();
}

/// Its trigger may fire at any time, and a worker claims it then.
async fn a_resting_order_that_was_inspected_can_be_claimed_before_it_is_due(store: &dyn OrderStore) {
    let order = resting(store, OrderStatus::Open, Some(LONG)).await;
    let inspected = store.claim(order.id, "sweeper", SHORT).await.unwrap().unwrap();
    store.release(inspected.fence, LONG).await.unwrap();
    let triggered = store.claim(order.id, "trigger", SHORT).await.unwrap().expect("it can be claimed");
    assert_eq!(triggered.lost_claims, 0);
    store.release(triggered.fence, LONG).await.unwrap();
    // later than any lease of it, which no longer counts
    let other = resting(store, OrderStatus::Open, Some(SHORT)).await;
    let due = eventually_some("an order is due that rests no longer", || async {
        let due = store.lease_due(1_000, LONG).await.unwrap();
        due.iter().any(|due| due.id == other.id).then_some(due)
    })
    .await;
    assert!(due.iter().all(|due| due.id != order.id), "it is not due before its time");
    let inspected = store.claim(order.id, "sweeper", LONG).await.unwrap().unwrap();
    store.release(inspected.fence, SHORT).await.unwrap();
    let due = eventually_some("its time runs out", || async {
        let due = store.lease_due(1_000, LONG).await.unwrap();
        due.into_iter().find(|due| due.id == order.id)
    })
    .await;
    assert_eq!(due.action, DueAction::Inspect);
}
