//! Hazards of apalis-redis while all is well: waking up, bounds, leftovers.

use std::{sync::atomic::Ordering, time::Duration};

use apalis_core::task::builder::TaskBuilder;
use apalis_redis::RedisTask;
use domain::{OrderId, ports::JobQueue};
use redis::{AsyncCommands, aio::MultiplexedConnection};
use testkit::{eventually, redis::TestRedis};

use crate::support::*;

/// Pushes with apalis' own push: no bound, no doorbell, all of it into the scheduled set.
async fn push_without_guard_rails(connection: &mut MultiplexedConnection, orders: &[OrderId]) {
    for chunk in orders.chunks(1_000) {
        let task =
            |order: &OrderId| -> RedisTask { TaskBuilder::new(serde_json::to_vec(order).unwrap()).build() };
        let tasks: Vec<_> = chunk.iter().map(task).collect();
        apalis_redis::queries::push_tasks(connection, &names(), &tasks).await.unwrap();
    }
}

/// Hazards 1 to 3. Without the doorbell an idle worker would look at its heartbeat only, and so
/// many jobs one after the other would take far longer than this test has.
#[tokio::test]
async fn an_idle_worker_is_woken_by_the_doorbell() {
    let server = TestRedis::start().await;
    let (producer, consumer) = queue(&server, NEVER, 1);
    let recorder = Recorder::open();
    let running = Running::start(consumer, 10, recorder.handler());
    running.consuming().await;
    let all = async {
        for order in orders(300) {
            producer.push(&[order]).await.unwrap();
            recorder.all_of(&[order]).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(2), all).await.expect("each push wakes the worker");
}

/// Hazards 1 and 2: a ring may be lost, and then the tick finds the job.
#[tokio::test]
async fn a_job_whose_ring_was_lost_is_found_at_the_next_tick() {
    let server = TestRedis::start().await;
    let (_, consumer) = queue(&server, Duration::from_millis(20), 1);
    let recorder = Recorder::open();
    let running = Running::start(consumer, 10, recorder.handler());
    running.consuming().await;
    let orders = orders(10);
    push_without_guard_rails(&mut server.connection().await, &orders).await;
    recorder.all_of(&orders).await;
}

/// Hazard 4: what waits is bounded, however much is pushed.
#[tokio::test]
async fn of_twenty_thousand_offered_without_a_worker_only_the_capacity_waits_and_all_drain_later() {
    let server = TestRedis::start().await;
    let mut connection = server.connection().await;
    let (producer, consumer) = queue(&server, NEVER, 1);
    let offered = orders(20_000);
    let mut taken = 0;
    for chunk in offered.chunks(700) {
        taken += producer.push(chunk).await.unwrap();
        assert!(waiting(&mut connection).await <= CAPACITY);
    }
    assert_eq!(taken, CAPACITY);
    let data: usize = connection.hlen(names().job_data_hash()).await.unwrap();
    assert_eq!(data, CAPACITY);

    let recorder = Recorder::open();
    let _running = Running::start(consumer, 100, recorder.handler());
    push_all(&*producer, &offered[..700]).await; // the front is in already; a second time does no harm
    push_all(&*producer, &offered[700..]).await;
    recorder.all_of(&offered).await;
    drained(&connection).await;
}

/// Hazard 4: more than 8,000 due entries wedge apalis' own fetch for ever.
#[tokio::test]
async fn more_than_eight_thousand_waiting_entries_drain() {
    let server = TestRedis::start().await;
    let mut connection = server.connection().await;
    let orders = orders(20_000);
    push_without_guard_rails(&mut connection, &orders).await;
    assert_eq!(waiting(&mut connection).await, orders.len());

    let (producer, consumer) = queue(&server, NEVER, 1);
    assert_eq!(producer.state().await.unwrap().room(), 0);
    assert_eq!(producer.push(&orders[..1]).await.unwrap(), 0);
    let recorder = Recorder::open();
    let _running = Running::start(consumer, 100, recorder.handler());
    recorder.all_of(&orders).await;
    drained(&connection).await;
}

/// Hazard 4 while a worker runs: it fails, and its successor moves them.
#[tokio::test]
async fn more_than_eight_thousand_entries_that_come_while_a_worker_runs_drain() {
    let server = TestRedis::start().await;
    let mut connection = server.connection().await;
    let (_, consumer) = queue(&server, Duration::from_secs(3), 1);
    let recorder = Recorder::open();
    let running = Running::start(consumer, 100, recorder.handler());
    running.consuming().await;
    let orders = orders(20_000);
    push_without_guard_rails(&mut connection, &orders).await;
    recorder.all_of(&orders).await;
    drained(&connection).await;
}

/// Hazards 7 and 12: apalis would keep data, metadata and the id of every finished task.
#[tokio::test]
async fn keys_and_memory_are_flat_after_twenty_thousand_jobs() {
    let server = TestRedis::start().await;
    let mut connection = server.connection().await;
    let (producer, consumer) = queue(&server, NEVER, 1);
    let recorder = Recorder::open();
    let running = Running::start(consumer, 100, recorder.handler());
    running.consuming().await;
    push_all(&*producer, &orders(100)).await;
    eventually("the first are done", async || recorder.deliveries() == 100).await;
    drained(&connection).await;
    let metadata = names().worker_metadata_key(&"any".into());
    let is_metadata = |key: &str| key.starts_with(metadata.trim_end_matches("any"));
    let before = sizes(&mut connection).await;

    let orders = orders(20_000);
    push_all(&*producer, &orders).await;
    recorder.all_of(&orders).await;
    drained(&connection).await;
    let idle = async || {
        let sizes = sizes(&mut server.connection().await).await;
        sizes.len() == before.len() && sizes.iter().map(|(_, bytes)| bytes).sum::<usize>() < 4_096
    };
    eventually("no more keys than before, and all of them small", idle).await;

    running.stop().await;
    let left = sizes(&mut connection).await;
    assert!(!left.iter().any(|(key, _)| is_metadata(key)), "{left:?}");
    assert_eq!(recorder.deliveries(), 20_100);
}

/// Hazard 7: apalis would deliver a task whose handler failed up to 25 times.
#[tokio::test]
async fn a_handler_that_panics_gets_its_job_once_and_leaves_nothing_behind() {
    let server = TestRedis::start().await;
    let connection = server.connection().await;
    let (producer, consumer) = queue(&server, Duration::from_millis(10), 1);
    let recorder = Recorder::open();
    let handler = {
        let recorder = recorder.handler();
        std::sync::Arc::new(move |order| {
            let job = recorder(order);
            let panicking: futures::future::BoxFuture<'static, ()> = Box::pin(async move {
                job.await;
                panic!("on purpose");
            });
            panicking
        })
    };
    let _running = Running::start(consumer, 10, handler);
    let orders = orders(50);
    push_all(&*producer, &orders).await;
    recorder.all_of(&orders).await;
    drained(&connection).await;
    assert_eq!(recorder.deliveries(), orders.len());
}

/// Hazard 8: apalis sends no heartbeat while fetched tasks wait for a free handler.
#[tokio::test]
async fn a_worker_whose_handlers_are_all_busy_stays_registered() {
    let server = TestRedis::start().await;
    let mut connection = server.connection().await;
    let (producer, consumer) = queue(&server, NEVER, 1);
    let recorder = Recorder::closed();
    let running = Running::start(consumer, 2, recorder.handler());
    let orders = orders(50);
    push_all(&*producer, &orders).await;
    recorder.running(2).await;
    recorder.gate.add_permits(1); // one handler is free, two tasks are fetched: one of them has to wait
    eventually("the third runs", async || recorder.deliveries() == 3).await;
    let workers: Vec<String> = connection.zrange(names().workers_set(), 0, -1).await.unwrap();
    let _: () = connection.zadd(names().workers_set(), &workers[0], 1).await.unwrap();
    let refreshed = async || {
        let mut connection = server.connection().await;
        let seen: f64 = connection.zscore(names().workers_set(), &workers[0]).await.unwrap();
        seen > 1.0
    };
    eventually("the worker says that it is alive", refreshed).await;
    assert!(running.consumer.is_consuming());
    recorder.open_gate();
    recorder.all_of(&orders).await;
    assert_eq!(recorder.deliveries(), orders.len());
}

/// Hazard 6, and several workers share the work.
#[tokio::test]
async fn workers_of_one_host_do_not_clash_and_leave_no_trace() {
    let server = TestRedis::start().await;
    let mut connection = server.connection().await;
    let recorder = Recorder::open();
    let (producer, first) = queue(&server, NEVER, 1);
    let (_, second) = queue(&server, NEVER, 2);
    for _ in 0..3 {
        let running = [
            Running::start(first.clone(), 10, recorder.handler()),
            Running::start(second.clone(), 10, recorder.handler()),
        ];
        for worker in &running {
            worker.consuming().await;
        }
        let workers: usize = connection.zcard(names().workers_set()).await.unwrap();
        assert_eq!(workers, 2);
        let orders = orders(2_000);
        push_all(&*producer, &orders).await;
        recorder.all_of(&orders).await;
        for worker in running {
            worker.stop().await;
        }
    }
    drained(&connection).await;
    assert_eq!(recorder.deliveries(), 6_000);
    let workers: usize = connection.zcard(names().workers_set()).await.unwrap();
    assert_eq!(workers, 0);
    assert_eq!(recorder.running.load(Ordering::SeqCst), 0);
}

/// Hazard 6: if a worker could not deregister, its name is refused for a while.
#[tokio::test]
async fn every_run_has_a_name_of_its_own() {
    let server = TestRedis::start().await;
    let mut connection = server.connection().await;
    let (_, consumer) = queue(&server, NEVER, 1);
    let mut names_seen = std::collections::HashSet::new();
    for _ in 0..3 {
        let running = Running::start(consumer.clone(), 10, Recorder::open().handler());
        running.consuming().await;
        let workers: Vec<String> = connection.zrange(names().workers_set(), 0, -1).await.unwrap();
        assert!(names_seen.insert(workers), "{names_seen:?}");
        running.stop().await;
    }
}
