use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use domain::{
    AccountId, OrderStatus,
    ports::{ExecutionSlots, OrderCounts, OrderFilter, OrderIntake, OrderReads, QueueState},
};
use futures::future::BoxFuture;
use infra::clock::SystemClock;
use testkit::{MemoryStore, eventually, samples};

use super::*;
use crate::executor::tests::executor_over;

/// A queue that can be away, full, or without a consumer.
#[derive(Default)]
struct Queue {
    is_away: AtomicBool,
    delivers: AtomicBool,
    hangs: AtomicBool,
    /// Entries it takes of every push.
    takes: AtomicUsize,
    entries: Mutex<Vec<OrderId>>,
}

impl Queue {
    async fn answer(&self) -> Result<(), QueueError> {
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.is_away.load(Ordering::SeqCst) { Err(QueueError("away".into())) } else { Ok(()) }
    }
}

#[async_trait]
impl JobQueue for Queue {
    async fn push(&self, orders: &[OrderId]) -> Result<usize, QueueError> {
        self.answer().await?;
        let taken = orders.len().min(self.takes.load(Ordering::SeqCst));
        self.entries.lock().unwrap().extend(&orders[..taken]);
        Ok(taken)
    }

    async fn state(&self) -> Result<QueueState, QueueError> {
        self.answer().await?;
        Ok(QueueState { waiting: 0, capacity: BATCH, workers: 1 })
    }
}

#[async_trait]
impl JobConsumer for Queue {
    async fn run(&self, _: Arc<dyn ExecutionSlots>, _: BoxFuture<'static, ()>) {}

    fn is_consuming(&self) -> bool {
        self.delivers.load(Ordering::SeqCst)
    }
}

struct Bench {
    store: Arc<MemoryStore>,
    queue: Arc<Queue>,
    slots: Slots,
    sweeper: Sweeper,
    stop: CancellationToken,
}

impl Bench {
    async fn with_orders(orders: usize) -> Self {
        let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
        for _ in 0..orders {
            let mut acceptance = samples::acceptance();
            acceptance.due_after = Some(Duration::ZERO);
            store.accept(acceptance).await.unwrap();
        }
        let queue = Arc::new(Queue::default());
        queue.delivers.store(true, Ordering::SeqCst);
        queue.takes.store(BATCH, Ordering::SeqCst);
        let day = Duration::from_hours(24);
        let executor = Arc::new(executor_over(store.clone()));
        let stop = CancellationToken::new();
        let slots = Slots::new(executor, 3, stop.clone());
        let sweeper = Sweeper::new(store.clone(), queue.clone(), queue.clone(), slots.clone(), day, day);
        Self { store, queue, slots, sweeper, stop }
    }

    async fn sweep(&self, taken: &mut Vec<OrderId>) -> bool {
        self.sweeper.sweep(taken).await.unwrap()
    }

    async fn confirmed(&self) -> u32 {
        let filter = OrderFilter { status: Some(OrderStatus::Confirmed), ..OrderFilter::newest(u32::MAX) };
        let orders = self.store.orders(AccountId::DEFAULT, filter).await.unwrap().orders;
        u32::try_from(orders.len()).unwrap()
    }

    /// Sweeps until every order has executed in the worker's own slots.
    async fn executes_all(&self, orders: u32) {
        let mut taken = Vec::new();
        while self.confirmed().await < orders {
            self.sweep(&mut taken).await;
            assert!(self.slots.taken() <= 3, "no more than there are slots");
            tokio::task::yield_now().await;
        }
        assert!(self.queue.entries.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_the_queue_does_not_take_goes_first_the_next_time_not_after_the_redelivery() {
    let bench = Bench::with_orders(5).await;
    bench.queue.takes.store(2, Ordering::SeqCst);
    let mut taken = Vec::new();
    assert!(!bench.sweep(&mut taken).await, "the queue is full");
    assert!(!bench.sweep(&mut taken).await, "the queue is full");
    assert!(bench.sweep(&mut taken).await, "all of them fitted");
    assert!(!bench.sweep(&mut taken).await, "nothing is due");
    let entries: BTreeSet<_> = bench.queue.entries.lock().unwrap().iter().copied().collect();
    assert_eq!(entries.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn orders_execute_while_the_queue_is_away() {
    let bench = Bench::with_orders(8).await;
    bench.queue.is_away.store(true, Ordering::SeqCst);
    bench.executes_all(8).await;
    assert!(!bench.sweeper.reaches_queue());
}

#[tokio::test(start_paused = true)]
async fn orders_execute_while_the_queue_never_answers() {
    let bench = Bench::with_orders(8).await;
    bench.queue.hangs.store(true, Ordering::SeqCst);
    bench.executes_all(8).await;
}

#[tokio::test(start_paused = true)]
async fn orders_execute_while_nothing_can_be_taken_from_the_queue() {
    let bench = Bench::with_orders(8).await;
    bench.queue.delivers.store(false, Ordering::SeqCst);
    bench.executes_all(8).await;
    assert!(bench.sweeper.reaches_queue());
}

/// An order that rests and has expired.
async fn expired_at_rest(store: &MemoryStore) -> OrderId {
    let mut asked = samples::acceptance();
    asked.order.status = OrderStatus::Open;
    asked.order.spec.expires_at = Some(asked.order.created_at);
    asked.due_after = Some(Duration::ZERO);
    let id = asked.order.id;
    store.accept(asked).await.unwrap();
    id
}

#[tokio::test]
async fn an_inspection_that_is_under_way_at_a_stop_gives_its_claim_back() {
    let bench = Bench::with_orders(0).await;
    let id = expired_at_rest(&bench.store).await;
    bench.store.hang(true);
    tokio::join!(bench.sweeper.run(bench.stop.clone()), async {
        eventually("it is inspected", async || {
            bench.store.active_by_status(1).await.unwrap().by_worker.len() == 1
        })
        .await;
        bench.stop.cancel();
    });
    bench.store.hang(false); // the sweeper has stopped, and the claim is still to be given back
    bench.slots.finish().await;
    let claim = bench.store.claim(id, "next", Duration::from_secs(1)).await.unwrap().expect("it is free");
    assert_eq!(claim.lost_claims, 0);
}

#[tokio::test]
async fn an_order_that_rests_expires_without_the_queue_and_without_a_slot() {
    let bench = Bench::with_orders(0).await;
    let id = expired_at_rest(&bench.store).await;
    assert!(!bench.sweep(&mut Vec::new()).await, "nothing is to be executed");
    let order = bench.store.order(AccountId::DEFAULT, id).await.unwrap().unwrap();
    assert_eq!(order.status, OrderStatus::Expired);
    assert!(bench.queue.entries.lock().unwrap().is_empty());
}
