//! The feed: every event once, those of one order in their order.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use domain::{
    AccountId, Order, OrderId,
    ports::{
        AttemptState, ClaimAction, CommitOutcome, FeedCursor, FeedEvent, FeedScope, OrderStore, PageEnd,
    },
};
use futures::future::{join, join_all};

use super::{LONG, accepted, claimed, step, stored_events, submit};
use crate::{eventually, samples};

pub(super) async fn check(store: &dyn OrderStore) {
    events_come_once_in_pages_of_any_size(store).await;
    named_orders_are_read_alone(store).await;
    the_feed_belongs_to_an_account(store).await;
    every_cursor_names_an_event(store).await;
    a_reader_beside_many_writers_misses_and_repeats_nothing(store).await;
}

/// Events of an order that `executed` makes.
const EVENTS: usize = 6;

/// Runs an order to its end in two commits, and returns it.
async fn executed(store: &dyn OrderStore) -> Order {
    let mut claim = claimed(store, LONG).await;
    let (attempt, commit) = submit(&mut claim);
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
    let confirmed = samples::confirmed(&attempt);
    let landed = samples::resolve(&attempt, AttemptState::Landed);
    let finish = step(&mut claim, vec![confirmed], Some(landed), ClaimAction::Finish);
    assert_eq!(store.commit(finish).await.unwrap(), CommitOutcome::Committed);
    claim.order
}

/// Reads on until nothing more is to come and there are `count` events; there must not be more.
async fn read(
    store: &dyn OrderStore,
    scope: &FeedScope,
    mut after: FeedCursor,
    limit: u32,
    count: usize,
) -> Vec<FeedEvent> {
    let mut events: Vec<FeedEvent> = Vec::new();
    loop {
        let page = store.feed(AccountId::DEFAULT, scope, after, limit).await.unwrap();
        assert!(page.next >= after && u32::try_from(page.events.len()).unwrap() <= limit);
        for event in page.events {
            assert!(event.cursor > after && event.cursor <= page.next);
            after = event.cursor;
            events.push(event);
        }
        after = page.next;
        assert!(events.len() <= count, "{} events, not {count}", events.len());
        if page.beyond == PageEnd::Nothing && events.len() == count {
            return events;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn settled_end(store: &dyn OrderStore) -> FeedCursor {
    // other writers of this store have finished, those of other stores on the same server may not have
    eventually("the feed is settled", || async {
        let end = store.feed_end().await.unwrap();
        store.feed(AccountId::DEFAULT, &FeedScope::All, end, 1).await.unwrap().beyond == PageEnd::Nothing
    })
    .await;
    store.feed_end().await.unwrap()
}

/// The events of each order, as the feed gave them.
fn by_order(events: Vec<FeedEvent>) -> BTreeMap<OrderId, Vec<FeedEvent>> {
    let mut orders: BTreeMap<OrderId, Vec<FeedEvent>> = BTreeMap::new();
    for event in events {
        orders.entry(event.order_id).or_default().push(event);
    }
    orders
}

async fn assert_told_whole(store: &dyn OrderStore, told: Vec<FeedEvent>, orders: usize) {
    let cursors: HashSet<FeedCursor> = told.iter().map(|event| event.cursor).collect();
    assert_eq!(cursors.len(), told.len(), "every event has its own position");
    let told = by_order(told);
    assert_eq!(told.len(), orders);
    for (id, told) in told {
        let events: Vec<_> = told.into_iter().map(|event| event.event).collect();
        assert_eq!(events, stored_events(store, id).await, "{id}");
    }
}

async fn events_come_once_in_pages_of_any_size(store: &dyn OrderStore) {
    let begin = settled_end(store).await;
    for _ in 0..3 {
        executed(store).await;
    }
    let mut all: Option<Vec<FeedEvent>> = None;
    for limit in [1, 2, 7, 1_000] {
        let events = read(store, &FeedScope::All, begin, limit, 3 * EVENTS).await;
        assert_told_whole(store, events.clone(), 3).await;
        assert_eq!(*all.get_or_insert_with(|| events.clone()), events, "the order never changes");
    }
    let all = all.unwrap_or_default();
    for (index, event) in all.iter().enumerate() {
        let rest = store.feed(AccountId::DEFAULT, &FeedScope::All, event.cursor, 100).await.unwrap();
        assert_eq!(rest.events, all[index + 1..], "resumed after any event");
        let text = event.cursor.to_string();
        assert_eq!(text.parse(), Ok(event.cursor));
    }
    assert!(store.feed_end().await.unwrap() >= all[3 * EVENTS - 1].cursor);
}

async fn named_orders_are_read_alone(store: &dyn OrderStore) {
    let (one, _, other) = (executed(store).await, executed(store).await, executed(store).await);
    let scope = FeedScope::Orders(vec![other.id, samples::order_id(), one.id]);
    for limit in [1, 4, 100] {
        let events = read(store, &scope, FeedCursor::START, limit, 2 * EVENTS).await;
        assert_told_whole(store, events, 2).await;
    }
    let page = store.feed(AccountId::DEFAULT, &scope, FeedCursor::START, 100).await.unwrap();
    let end = store.feed_end().await.unwrap();
    assert!(
        page.next > page.events[2 * EVENTS - 1].cursor || page.next <= end,
        "it reads on from the end of the feed"
    );
    let page = store.feed(AccountId::DEFAULT, &FeedScope::Orders(Vec::new()), end, 100).await.unwrap();
    assert!(page.events.is_empty() && page.next >= end);
}

async fn every_cursor_names_an_event(store: &dyn OrderStore) {
    let begin = settled_end(store).await;
    executed(store).await;
    let events = read(store, &FeedScope::All, begin, 100, EVENTS).await;
    let page = store.feed(AccountId::DEFAULT, &FeedScope::All, begin, 100).await.unwrap();
    let given_out = [FeedCursor::START, begin, settled_end(store).await, page.next];
    for cursor in events.iter().map(|event| event.cursor).chain(given_out) {
        assert!(store.feed_has(cursor).await.unwrap(), "{cursor}");
    }
    let last = events[EVENTS - 1].cursor;
    for stranger in [
        FeedCursor { position: last.position + 1_000, ..last },
        FeedCursor { position: last.position - 1, ..last },
        FeedCursor { order_id: samples::order_id(), ..last },
        FeedCursor { seq: last.seq + 1, ..last },
        FeedCursor::before(last.position),
    ] {
        assert!(!store.feed_has(stranger).await.unwrap(), "{stranger}");
    }
}

async fn the_feed_belongs_to_an_account(store: &dyn OrderStore) {
    let order = accepted(store, LONG).await;
    for scope in [FeedScope::All, FeedScope::Orders(vec![order.id])] {
        let mut after = FeedCursor::START;
        loop {
            let page = store.feed(samples::account_id(), &scope, after, 1_000).await.unwrap();
            assert_eq!(page.events, []);
            after = page.next;
            if page.beyond != PageEnd::More {
                break;
            }
        }
    }
}

async fn a_reader_beside_many_writers_misses_and_repeats_nothing(store: &dyn OrderStore) {
    const ORDERS: usize = 60;
    let begin = settled_end(store).await;
    let writers = join_all((0..ORDERS).map(|_| executed(store)));
    let reader = read(store, &FeedScope::All, begin, 9, ORDERS * EVENTS);
    let (_, told) = join(writers, reader).await;
    assert_told_whole(store, told, ORDERS).await;
}
