//! What every queue promises, over each of them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use domain::OrderId;
use futures::FutureExt;
use infra::{config::BackendConfig, queue::Queue};
use testkit::{eventually, redis::TestRedis};

use crate::support::*;

/// The queue that a process gets, with or without `REDIS_URL`.
fn connected(redis_url: Option<String>) -> Queue {
    infra::queue::connect(&BackendConfig {
        database_url: None,
        redis_url,
        data_dir: "unused".into(),
        database_max_connections: 2,
        startup_timeout_ms: 0,
        queue_capacity: u32::try_from(CAPACITY).unwrap(),
        redis_prefix: "test".into(),
    })
    .unwrap()
}

/// One test per promise and queue.
macro_rules! contract {
    ($($name:ident)*) => {
        mod in_memory {
            $(#[tokio::test] async fn $name() { super::$name(super::connected(None)).await; })*
        }
        mod over_redis {
            $(#[tokio::test] async fn $name() {
                let server = super::TestRedis::start().await;
                super::$name(super::connected(Some(server.url()))).await;
            })*
        }
    };
}

contract! {
    jobs_are_handed_over_once_each
    what_is_outstanding_is_bounded_and_the_front_is_taken
    many_producers_never_overshoot
    no_more_handlers_run_than_allowed
    one_at_a_time_works_too
    a_panicking_execution_costs_only_its_own_job
    a_stop_returns_while_handlers_run_and_a_new_run_goes_on
    it_is_consuming_only_while_it_runs
    it_tells_how_many_take_from_it
    the_same_order_may_be_pushed_again
}

async fn jobs_are_handed_over_once_each(queue: Queue) {
    let recorder = Recorder::open();
    let _running = Running::start(queue.consumer, 10, recorder.handler());
    let orders = orders(5_000);
    push_all(&*queue.producer, &orders).await;
    recorder.all_of(&orders).await;
    assert_eq!(recorder.deliveries(), orders.len());
    assert_eq!(queue.producer.push(&[]).await.unwrap(), 0);
}

async fn what_is_outstanding_is_bounded_and_the_front_is_taken(queue: Queue) {
    assert_eq!(queue.producer.state().await.unwrap().room(), CAPACITY);
    let orders = orders(CAPACITY + 500);
    assert_eq!(queue.producer.push(&orders[..400]).await.unwrap(), 400);
    assert_eq!(queue.producer.state().await.unwrap().room(), CAPACITY - 400);
    assert_eq!(queue.producer.push(&orders[400..]).await.unwrap(), CAPACITY - 400);
    assert_eq!(queue.producer.state().await.unwrap().room(), 0);
    assert_eq!(queue.producer.push(&orders[CAPACITY..]).await.unwrap(), 0);

    let recorder = Recorder::open();
    let _running = Running::start(queue.consumer, 10, recorder.handler());
    recorder.all_of(&orders[..CAPACITY]).await;
    assert_eq!(recorder.deliveries(), CAPACITY);
    let room = || async { queue.producer.state().await.unwrap().room() == CAPACITY };
    eventually("there is room again", room).await;
}

async fn many_producers_never_overshoot(queue: Queue) {
    let pushes = (0..40).map(|_| {
        let producer = queue.producer.clone();
        async move { producer.push(&orders(60)).await.unwrap() }
    });
    let taken: usize = futures::future::join_all(pushes).await.into_iter().sum();
    assert_eq!(taken, CAPACITY);
    assert_eq!(queue.producer.state().await.unwrap().room(), 0);
}

async fn no_more_handlers_run_than_allowed(queue: Queue) {
    let recorder = Recorder::closed();
    let _running = Running::start(queue.consumer, 10, recorder.handler());
    let orders = orders(200);
    push_all(&*queue.producer, &orders).await;
    recorder.running(10).await;
    recorder.gate.add_permits(1); // one ends, and the eleventh runs
    eventually("the eleventh runs", async || recorder.deliveries() == 11).await;
    recorder.open_gate();
    recorder.all_of(&orders).await;
    assert_eq!(recorder.most_running.load(Ordering::SeqCst), 10);
}

async fn one_at_a_time_works_too(queue: Queue) {
    let recorder = Recorder::open();
    let _running = Running::start(queue.consumer, 1, recorder.handler());
    let orders = orders(100);
    push_all(&*queue.producer, &orders).await;
    recorder.all_of(&orders).await;
    assert_eq!(recorder.most_running.load(Ordering::SeqCst), 1);
}

async fn a_panicking_execution_costs_only_its_own_job(queue: Queue) {
    let recorder = Recorder::open();
    let panics = Arc::new(AtomicUsize::new(0));
    let bad = orders(3);
    let handler: Handler = {
        let (inner, panics, bad) = (recorder.handler(), panics.clone(), bad.clone());
        Arc::new(move |order: OrderId| {
            if bad.contains(&order) {
                panics.fetch_add(1, Ordering::SeqCst);
                panic!("on purpose");
            }
            inner(order).boxed()
        })
    };
    let running = Running::start(queue.consumer, 2, handler);
    push_all(&*queue.producer, &bad).await;
    let good = orders(200);
    push_all(&*queue.producer, &good).await;
    recorder.all_of(&good).await;
    assert_eq!(panics.load(Ordering::SeqCst), bad.len());
    assert!(running.consumer.is_consuming());
}

async fn a_stop_returns_while_handlers_run_and_a_new_run_goes_on(queue: Queue) {
    let recorder = Recorder::closed();
    let running = Running::start(queue.consumer.clone(), 5, recorder.handler());
    let orders = orders(100);
    push_all(&*queue.producer, &orders).await;
    recorder.running(5).await;
    running.stop().await;
    assert!(!queue.consumer.is_consuming());
    assert_eq!(recorder.running.load(Ordering::SeqCst), 5);
    recorder.open_gate();
    recorder.running(0).await; // the handlers came to their end all the same
    assert_eq!(recorder.deliveries(), 5);

    let _again = Running::start(queue.consumer, 5, recorder.handler());
    recorder.all_of(&orders).await;
}

async fn it_is_consuming_only_while_it_runs(queue: Queue) {
    assert!(!queue.consumer.is_consuming());
    let running = Running::start(queue.consumer.clone(), 5, Recorder::open().handler());
    running.consuming().await;
    running.stop().await;
    assert!(!queue.consumer.is_consuming());
}

async fn it_tells_how_many_take_from_it(queue: Queue) {
    let workers = async || queue.producer.state().await.unwrap().workers;
    assert_eq!(workers().await, 0);
    let running = Running::start(queue.consumer.clone(), 5, Recorder::open().handler());
    eventually("the worker counts", async || workers().await == 1).await;
    running.stop().await;
    assert_eq!(workers().await, 0);
}

async fn the_same_order_may_be_pushed_again(queue: Queue) {
    let recorder = Recorder::open();
    let _running = Running::start(queue.consumer, 5, recorder.handler());
    let order = orders(1);
    for deliveries in 1..=3 {
        push_all(&*queue.producer, &order).await;
        eventually("it is delivered again", async || recorder.deliveries() == deliveries).await;
    }
}
