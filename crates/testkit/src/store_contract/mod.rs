//! The contract every order store keeps. Time passes by waiting for a condition: leases and delays
//! are short, and nothing asserts how long anything took.

mod accepting;
mod books;
mod cancel;
mod clock;
mod effects;
mod executions;
mod feed;
mod histories;
mod limits;
mod listings;
mod parking;
mod resting;
mod together;

use std::{sync::Arc, time::Duration};

use domain::{
    AccountId, Event, EventData, Order, OrderId,
    ports::{Acceptance, Accepted, Attempt, AttemptChange, Claim, ClaimAction, Commit, OrderStore},
};

use crate::samples;

const LONG: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_millis(30);

pub use clock::check as check_clock;
pub use histories::check_against as check_histories_against;

/// Holds a store against the whole contract.
pub async fn check(store: Arc<dyn OrderStore>) {
    let store = store.as_ref();
    accepting::check(store).await;
    executions::check(store).await;
    listings::check(store).await;
    together::check(store).await;
    feed::check(store).await;
    parking::check(store).await;
    cancel::check(store).await;
    resting::check(store).await;
    effects::check(store).await;
    books::check(store).await;
    limits::check(store).await;
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
