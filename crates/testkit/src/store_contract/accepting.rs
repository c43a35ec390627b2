//! Acceptance: once per id, idempotency key and client order id.

use std::collections::HashSet;

use domain::{
    OrderId,
    ports::{Acceptance, Accepted, OrderStore},
};
use futures::future::join_all;

use crate::samples;

pub(super) async fn check(store: &dyn OrderStore) {
    Box::pin(accepting_is_idempotent(store)).await;
    the_same_request_with_any_of_its_keys_is_the_same_order(store).await;
    concurrent_duplicates_make_one_order(store).await;
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
        let earlier = Acceptance { earlier_fingerprint: Some(again.fingerprint), ..other.clone() };
        let replayed = Accepted::Replayed(Box::new(order.clone()));
        for (asked, expected) in
            [(again, replayed.clone()), (other, Accepted::Conflict(order.id)), (earlier, replayed)]
        {
            assert_eq!(store.repeated(asked.keys()).await.unwrap(), Some(expected.clone()));
            assert_eq!(store.accept(asked).await.unwrap(), expected);
        }
    }
    let mut new = samples::acceptance();
    (new.idempotency_key, new.order.client_order_id) = (unique("key"), unique("mine"));
    assert_eq!(store.repeated(new.keys()).await.unwrap(), None);

    let alone = samples::acceptance();
    assert_eq!(store.repeated(alone.keys()).await.unwrap(), None);
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
    assert!(matches!(store.repeated(of_both.keys()).await.unwrap(), Some(Accepted::Conflict(_))));
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
