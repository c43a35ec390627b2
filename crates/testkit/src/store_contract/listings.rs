//! Lists and counts of orders.

use domain::{
    AccountId, EventData, OrderStatus,
    ports::{ClaimAction, CommitOutcome, OrderFilter, OrderStore},
};

use super::{LONG, accepted, claimed, step};
use crate::samples;

pub(super) async fn check(store: &dyn OrderStore) {
    listings_page_and_belong_to_an_account(store).await;
    listings_by_tag_find_the_orders_of_that_tag_alone(store).await;
    orders_in_flight_are_counted_up_to_a_bound(store).await;
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
