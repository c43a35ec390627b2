//! What is written together with new orders and transitions.

use std::time::Duration;

use domain::{
    AccountId, EventData, OrderId,
    ports::{Acceptance, Accepted, ClaimAction, CommitOutcome, Effect, FeedCursor, FeedScope, OrderStore},
};

use super::{LONG, SHORT, claimed, is_due, step, stored_events};
use crate::{eventually, samples};

pub(super) async fn check(store: &dyn OrderStore) {
    a_new_order_brings_others(store).await;
    a_repeated_order_brings_nothing(store).await;
    a_transition_brings_orders_once(store).await;
    a_fenced_transition_brings_nothing(store).await;
    an_order_that_cannot_be_brought_stops_everything(store).await;
    effects_among_other_writes(store).await;
}

fn child(effects: Vec<Effect>) -> (OrderId, Effect) {
    let asked = Acceptance { due_after: Some(Duration::ZERO), effects, ..samples::acceptance() };
    (asked.order.id, Effect::Accept(Box::new(asked)))
}

async fn is_there(store: &dyn OrderStore, id: OrderId) -> bool {
    store.order(AccountId::DEFAULT, id).await.unwrap().is_some()
}

async fn a_new_order_brings_others(store: &dyn OrderStore) {
    let (grandchild, effect) = child(Vec::new());
    let (child_of_it, second) = child(vec![effect]);
    let (sibling, first) = child(Vec::new());
    let asked = Acceptance { effects: vec![first, second], ..samples::acceptance() };
    let announced: Vec<OrderId> = asked.announcements().into_iter().map(|event| event.order_id).collect();
    assert_eq!(announced, [asked.order.id, sibling, child_of_it, grandchild]);
    let parent = asked.order.id;
    assert_eq!(store.accept(asked).await.unwrap(), Accepted::Created);
    for id in [parent, sibling, child_of_it, grandchild] {
        let order = store.order(AccountId::DEFAULT, id).await.unwrap().expect("it came with its parent");
        let events = stored_events(store, id).await;
        assert_eq!((events.len(), order.last_seq), (1, 1));
        let scope = FeedScope::Orders([id].into());
        let shown = async || {
            let page = store.feed(AccountId::DEFAULT, &scope, FeedCursor::START, 10).await.unwrap();
            page.events.len() == 1
        };
        eventually("the feed shows its event", shown).await;
    }
    assert!(is_due(store, grandchild, LONG).await);
    assert!(
        store.claim(child_of_it, "worker", LONG).await.unwrap().is_some(),
        "it is an order like any other"
    );
}

async fn a_repeated_order_brings_nothing(store: &dyn OrderStore) {
    let key = Some(samples::order_id().to_string());
    let asked = || Acceptance { idempotency_key: key.clone(), ..samples::acceptance() };
    assert_eq!(store.accept(asked()).await.unwrap(), Accepted::Created);
    let (id, effect) = child(Vec::new());
    let again = store.accept(Acceptance { effects: vec![effect], ..asked() }).await.unwrap();
    assert!(matches!(again, Accepted::Replayed(_)), "{again:?}");
    assert!(!is_there(store, id).await);
}

async fn a_transition_brings_orders_once(store: &dyn OrderStore) {
    let mut claim = claimed(store, LONG).await;
    let (id, effect) = child(Vec::new());
    let mut commit = step(&mut claim, vec![EventData::RoutingStarted], None, ClaimAction::Continue);
    commit.effects = vec![effect];
    let announced: Vec<OrderId> = commit.announcements().into_iter().map(|event| event.order_id).collect();
    assert_eq!(announced, [commit.order.id, id]);
    assert_eq!(store.commit(commit.clone()).await.unwrap(), CommitOutcome::Committed);
    assert!(is_there(store, id).await);
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Fenced, "the sequence has moved on");
    assert_eq!(stored_events(store, id).await.len(), 1);
}

async fn a_fenced_transition_brings_nothing(store: &dyn OrderStore) {
    let mut old = claimed(store, SHORT).await;
    store.release(old.fence, Duration::ZERO).await.unwrap();
    let (id, effect) = child(Vec::new());
    let mut commit = step(&mut old, vec![EventData::RoutingStarted], None, ClaimAction::Continue);
    commit.effects = vec![effect];
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Fenced);
    assert!(!is_there(store, id).await);
}

async fn an_order_that_cannot_be_brought_stops_everything(store: &dyn OrderStore) {
    let key = Some(samples::order_id().to_string());
    let holder = Acceptance { idempotency_key: key.clone(), ..samples::acceptance() };
    assert_eq!(store.accept(holder).await.unwrap(), Accepted::Created);
    let taken =
        || Effect::Accept(Box::new(Acceptance { idempotency_key: key.clone(), ..samples::acceptance() }));

    let (sibling, fits) = child(Vec::new());
    let asked = Acceptance { effects: vec![fits, taken()], ..samples::acceptance() };
    let parent = asked.order.id;
    store.accept(asked).await.unwrap_err();
    assert!(!is_there(store, parent).await && !is_there(store, sibling).await);

    let mut claim = claimed(store, LONG).await;
    let (sibling, fits) = child(Vec::new());
    let mut commit = step(&mut claim, vec![EventData::RoutingStarted], None, ClaimAction::Continue);
    commit.effects = vec![fits, taken()];
    store.commit(commit.clone()).await.unwrap_err();
    assert_eq!(stored_events(store, commit.order.id).await.len(), 1, "the transition is not written either");
    assert!(!is_there(store, sibling).await);
    commit.effects.pop();
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed, "the claim still holds");
    assert!(is_there(store, sibling).await);
}

/// Writes that come at once may share a transaction.
async fn effects_among_other_writes(store: &dyn OrderStore) {
    let key = Some(samples::order_id().to_string());
    let holder = Acceptance { idempotency_key: key.clone(), ..samples::acceptance() };
    assert_eq!(store.accept(holder).await.unwrap(), Accepted::Created);
    let asked: Vec<(bool, OrderId, Acceptance)> = (0..30)
        .map(|number| {
            let breaks = number % 10 == 0;
            let mut brought = samples::acceptance();
            brought.idempotency_key = key.clone().filter(|_| breaks);
            let id = brought.order.id;
            let effects = if number % 3 == 1 { Vec::new() } else { vec![Effect::Accept(Box::new(brought))] };
            (breaks, id, Acceptance { effects, ..samples::acceptance() })
        })
        .collect();
    let accepting = asked.iter().map(|(.., acceptance)| store.accept(acceptance.clone()));
    let accepted = futures::future::join_all(accepting).await;
    for ((breaks, id, acceptance), accepted) in asked.into_iter().zip(accepted) {
        let has_effects = !acceptance.effects.is_empty();
        assert_eq!(accepted.is_err(), breaks && has_effects, "{accepted:?}");
        assert_eq!(is_there(store, acceptance.order.id).await, accepted.is_ok());
        assert_eq!(is_there(store, id).await, has_effects && accepted.is_ok());
    }
}
