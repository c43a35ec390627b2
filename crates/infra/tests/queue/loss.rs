//! Hazards of apalis-redis when something is lost: the server, its data, a worker.

use std::{sync::atomic::Ordering, time::Duration};

use domain::ports::JobQueue;
use redis::AsyncCommands;
use testkit::{SilencingProxy, eventually, redis::TestRedis};

use crate::support::*;

const TICK: Duration = Duration::from_millis(50);

/// Hazard 14: `FLUSHALL` forgets the workers too.
#[tokio::test]
async fn flushall_in_mid_flight_is_survived() {
    let server = TestRedis::start().await;
    let mut connection = server.connection().await;
    let (producer, consumer) = queue(&server, TICK, 1);
    let recorder = Recorder::closed();
    let running = Running::start(consumer, 10, recorder.handler());
    push_all(&*producer, &orders(500)).await;
    recorder.running(10).await;
    redis::cmd("FLUSHALL").exec_async(&mut connection).await.unwrap();
    recorder.open_gate();
    recorder.running(0).await;

    let later = orders(500);
    push_all(&*producer, &later).await;
    recorder.all_of(&later).await;
    running.consuming().await;
    drained(&connection).await;
}

/// Hazards 5 and 14: the loss of Redis ends an apalis worker, but neither ours nor its handlers.
#[tokio::test]
async fn redis_stopped_and_started_is_survived_and_handlers_run_on() {
    let mut server = TestRedis::start().await;
    let (producer, consumer) = queue(&server, TICK, 1);
    let recorder = Recorder::closed();
    let running = Running::start(consumer, 10, recorder.handler());
    push_all(&*producer, &orders(100)).await;
    recorder.running(10).await;

    server.stop();
    eventually("the loss is noticed", async || !running.consumer.is_consuming()).await;
    assert!(producer.push(&orders(1)).await.is_err());
    assert!(producer.state().await.is_err());
    assert_eq!(recorder.running.load(Ordering::SeqCst), 10);
    recorder.open_gate();
    recorder.running(0).await;

    server.start_again().await;
    let later = orders(500);
    push_all(&*producer, &later).await;
    recorder.all_of(&later).await;
    running.consuming().await;
    drained(&server.connection().await).await;
}

/// Nothing need be up when a process starts.
#[tokio::test]
async fn both_sides_wait_for_a_redis_that_is_not_there_yet() {
    let mut server = TestRedis::start().await;
    server.stop();
    let (producer, consumer) = queue(&server, TICK, 1);
    let recorder = Recorder::open();
    let _running = Running::start(consumer, 10, recorder.handler());
    assert!(producer.push(&orders(1)).await.is_err());

    server.start_again().await;
    let later = orders(10);
    push_all(&*producer, &later).await;
    recorder.all_of(&later).await;
}

/// A push to a server that does not answer ends on its own, and so does a stop.
#[tokio::test]
async fn a_redis_that_hangs_holds_up_neither_a_push_nor_a_stop() {
    let server = TestRedis::start().await;
    let (producer, consumer) = queue(&server, TICK, 1);
    let recorder = Recorder::open();
    let running = Running::start(consumer, 10, recorder.handler());
    running.consuming().await;
    server.pause();
    let failed = async || producer.push(&orders(1)).await.is_err();
    eventually("pushes fail", failed).await;
    running.stop().await;
}

/// Hazard 6: a worker that was killed is still registered, with entries in hand. The others take
/// them back.
#[tokio::test]
async fn the_entries_of_a_killed_worker_are_taken_back() {
    let server = TestRedis::start().await;
    let mut connection = server.connection().await;
    let (producer, consumer) = queue(&server, NEVER, 1);
    let held = orders(20);
    push_all(&*producer, &held).await;
    let ids: Vec<String> = connection.lrange(names().active_jobs_list(), 0, -1).await.unwrap();
    let dead = names().inflight_set_for(&"dead".into());
    let _: () = connection.sadd(&dead, &ids).await.unwrap();
    let _: () = connection.del(names().active_jobs_list()).await.unwrap();
    let _: () = connection.zadd(names().workers_set(), "dead", 1).await.unwrap();
    assert_eq!(producer.state().await.unwrap().workers, 0, "it has been silent for too long");

    let recorder = Recorder::open();
    let _running = Running::start(consumer, 10, recorder.handler());
    recorder.all_of(&held).await;
    drained(&connection).await;
}

/// Hazard 9: a worker taken for dead while it lives. What it held is delivered twice, and the one that
/// finishes late must not remove what is another's.
#[tokio::test]
async fn a_living_worker_that_is_taken_for_dead_does_no_harm() {
    let server = TestRedis::start().await;
    let mut connection = server.connection().await;
    let (producer, consumer) = queue(&server, TICK, 1);
    let recorder = Recorder::closed();
    let running = Running::start(consumer, 10, recorder.handler());
    let held = orders(20);
    push_all(&*producer, &held).await;
    recorder.running(10).await;
    let workers: Vec<String> = connection.zrange(names().workers_set(), 0, -1).await.unwrap();
    let in_flight = names().inflight_set_for(&workers[0].as_str().into());
    recorder.gate.add_permits(1); // one ends: the worker fetches the rest, of which one starts and nine wait
    let ids = testkit::eventually_some("the rest is fetched", || async {
        let ids: Vec<String> = connection.clone().smembers(&in_flight).await.unwrap();
        (ids.len() == 9).then_some(ids)
    })
    .await;
    redis::pipe()
        .atomic()
        .rpush(names().active_jobs_list(), &ids)
        .del(&in_flight)
        .zrem(names().workers_set(), &workers[0])
        .exec_async(&mut connection)
        .await
        .unwrap();

    recorder.open_gate(); // they start while the same entries wait to be delivered once more
    eventually("each of the nine is delivered twice", async || recorder.deliveries() == 29).await;
    let later = orders(100);
    push_all(&*producer, &later).await;
    recorder.all_of(&later).await;
    drained(&connection).await;
    running.stop().await;
}

/// Hazard 15: one entry that cannot be read fails every fetch that it is part of.
#[tokio::test]
async fn entries_that_cannot_be_read_are_removed_and_hold_nobody_up() {
    let server = TestRedis::start().await;
    let mut connection = server.connection().await;
    let (producer, consumer) = queue(&server, TICK, 1);
    let first = orders(5);
    push_all(&*producer, &first).await;
    let names = names();
    // without data, without metadata, and with data that is no order
    let _: () = connection.lpush(names.active_jobs_list(), &["901", "902", "903"]).await.unwrap();
    let _: () = connection.hset(names.job_data_hash(), "902", "\"x\"").await.unwrap();
    let _: () = connection.hset(names.job_data_hash(), "903", "[]").await.unwrap();
    let metadata = format!("{}:903", names.job_meta_hash());
    let fields = [("attempts", "0"), ("max_attempts", "1"), ("status", "Pending")];
    let _: () = connection.hset_multiple(metadata, &fields).await.unwrap();

    let recorder = Recorder::open();
    let _running = Running::start(consumer, 10, recorder.handler());
    recorder.all_of(&first).await;
    drained(&connection).await;
}

/// A user without channels may push; workers then find the entries at their ticks.
#[tokio::test]
async fn a_push_survives_a_doorbell_that_may_not_be_rung() {
    let server = TestRedis::start().await;
    let mut connection = server.connection().await;
    redis::cmd("ACL")
        .arg(&["SETUSER", "app", "on", ">pw", "~*", "+@all", "resetchannels"])
        .exec_async(&mut connection)
        .await
        .unwrap();
    let (producer, consumer) = queue_at(format!("redis://app:pw@127.0.0.1:{}", server.port()), TICK, 1);
    let pushed = orders(10);
    assert_eq!(producer.push(&pushed).await.unwrap(), 10);
    let recorder = Recorder::open();
    let _running = Running::start(consumer, 10, recorder.handler());
    recorder.all_of(&pushed).await;
}

/// Whatever another client wrote to the queue's keys, it works again without `FLUSHALL`.
#[tokio::test]
async fn keys_that_were_overwritten_are_removed() {
    let server = TestRedis::start().await;
    let mut connection = server.connection().await;
    let (producer, consumer) = queue(&server, TICK, 1);
    for key in [
        names().active_jobs_list(),
        names().scheduled_jobs_set(),
        names().job_data_hash(),
        names().workers_set(),
    ] {
        let _: () = connection.set(key, "garbage").await.unwrap();
    }
    let _: () = connection.set("test:jobs:last-id", "garbage").await.unwrap();
    let recorder = Recorder::open();
    let running = Running::start(consumer, 10, recorder.handler());
    running.consuming().await;
    let pushed = orders(100);
    push_all(&*producer, &pushed).await;
    recorder.all_of(&pushed).await;

    let _: () = connection.set(names().active_jobs_list(), "garbage").await.unwrap();
    let later = orders(100);
    push_all(&*producer, &later).await;
    recorder.all_of(&later).await;
    drained(&connection).await;
}

/// A server that was demoted answers reads and keeps its connections; the address leads to another one.
#[tokio::test]
async fn connections_to_a_demoted_server_are_replaced() {
    let (demoted, promoted) = (TestRedis::start().await, TestRedis::start().await);
    let proxy = SilencingProxy::start(demoted.port()).await;
    let (producer, _) = queue_at(format!("redis://127.0.0.1:{}", proxy.port()), TICK, 1);
    assert_eq!(producer.push(&orders(1)).await.unwrap(), 1);
    redis::cmd("REPLICAOF")
        .arg("127.0.0.1")
        .arg(promoted.port())
        .exec_async(&mut demoted.connection().await)
        .await
        .unwrap();
    proxy.lead_to(promoted.port());
    eventually("pushes reach the new primary", async || producer.push(&orders(1)).await.is_ok()).await;
    assert!(waiting(&mut promoted.connection().await).await > 0);
}

/// A flow that a middlebox forgot: the connection stays open and nothing comes back any more.
#[tokio::test]
async fn connections_that_fall_silent_are_replaced() {
    let server = TestRedis::start().await;
    let proxy = SilencingProxy::start(server.port()).await;
    let (producer, consumer) = queue_at(format!("redis://127.0.0.1:{}", proxy.port()), TICK, 1);
    let recorder = Recorder::open();
    let running = Running::start(consumer, 10, recorder.handler());
    running.consuming().await;
    proxy.silence();
    eventually("pushes go on", async || producer.push(&orders(1)).await.is_ok()).await;
    let pushed = orders(10);
    push_all(&*producer, &pushed).await;
    recorder.all_of(&pushed).await;
}
