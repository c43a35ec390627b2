//! At most `WORKER_CONCURRENCY` orders execute at once; the next one waits and runs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use clap::Parser;
use domain::{
    AccountId, Address, Failure, FailureCode, OrderStatus, Plan, ProgramError, Quote, QuoteRequest, Swap,
    VenueId,
    ports::{OrderIntake, OrderReads, Venue, VenueError},
};
use infra::{clock::SystemClock, config::BackendConfig};
use testkit::{MemoryStore, eventually, samples};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use venues::{LogLocation, VenueConfig};
use worker::{Backends, Worker, WorkerConfig};

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    backend: BackendConfig,
    #[command(flatten)]
    worker: WorkerConfig,
    #[command(flatten)]
    venues: VenueConfig,
}

/// Holds every quote back until the gate opens, and refuses it then.
struct Gated {
    gate: Semaphore,
    asked: AtomicUsize,
}

#[async_trait]
impl Venue for Gated {
    fn id(&self) -> VenueId {
        VenueId::RAYDIUM
    }

    async fn quotes(&self, _: &QuoteRequest) -> Result<Vec<Quote>, VenueError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        Err(Failure::at(VenueId::RAYDIUM, FailureCode::NoRoute, "does not trade it"))
    }

    async fn build(&self, _: &Swap, _: Address) -> Result<Plan, VenueError> {
        unreachable!("it never quotes")
    }

    fn explain(&self, _: &ProgramError) -> FailureCode {
        FailureCode::TransactionReverted
    }
}

#[tokio::test]
async fn the_eleventh_order_waits_for_a_slot_and_runs() {
    let arguments = ["test", "--worker-concurrency", "10", "--quote-deadline-ms", "60000"];
    let settings = Settings::try_parse_from(arguments).unwrap();
    let clock = Arc::new(SystemClock);
    let store = Arc::new(MemoryStore::new(clock.clone()));
    let queue = infra::queue::connect(&settings.backend).unwrap();
    let trading = venues::connect_trading(&settings.venues, LogLocation::Memory, clock.clone()).await;
    let mut trading = trading.unwrap();
    let venue = Arc::new(Gated { gate: Semaphore::new(0), asked: AtomicUsize::new(0) });
    trading.quotes.venues = vec![venue.clone()];
    let bus = infra::bus::connect(&settings.backend).unwrap();
    let (queue, consumer) = (queue.producer, queue.consumer);
    let producer = queue.clone();
    let rng = rand::make_rng();
    let backends = Backends { store: store.clone(), bus, queue, consumer, trading, clock, rng };
    let stop = CancellationToken::new();
    let worker = Worker::new(backends, &settings.worker, stop.clone());

    let mut ids = Vec::new();
    for _ in 0..11 {
        let acceptance = samples::acceptance();
        ids.push(acceptance.order.id);
        store.accept(acceptance).await.unwrap();
    }
    assert_eq!(producer.push(&ids).await.unwrap(), 11);
    let asked = || venue.asked.load(Ordering::SeqCst);
    let script = async {
        eventually("ten orders execute", || async { asked() == 10 }).await;
        // Nothing frees a slot, so however often others run, the eleventh does not begin.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        assert_eq!((asked(), worker.executing()), (10, 10));
        venue.gate.add_permits(1);
        eventually("the eleventh begins once a slot is free", || async { asked() == 11 }).await;
        venue.gate.add_permits(10);
        eventually("all have ended", || async {
            let mut ended = 0;
            for id in &ids {
                let order = store.order(AccountId::DEFAULT, *id).await.unwrap().unwrap();
                ended += usize::from(order.status == OrderStatus::Failed);
            }
            ended == 11
        })
        .await;
        stop.cancel();
    };
    tokio::join!(worker.run(), script);
}
