use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use domain::{
    Address, Failure, FailureCode, OrderEvent, OrderId, Plan, ProgramError, Quote, QuoteRequest, Swap,
    VenueId,
    ports::{BusMessage, EventBus, JobQueue, QueueError, QueueState, Venue, VenueError},
};
use futures::{StreamExt, stream::BoxStream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;

/// A bus that loses and repeats messages on demand.
#[derive(Default)]
pub(crate) struct TestBus {
    subscribers: Mutex<Vec<mpsc::UnboundedSender<BusMessage>>>,
    loses_all: AtomicBool,
    disconnected: AtomicBool,
}

impl TestBus {
    pub(crate) async fn subscribed(&self) {
        testkit::eventually("a subscription to the bus", || async {
            !self.subscribers.lock().unwrap().is_empty()
        })
        .await;
    }

    /// How many ever subscribed.
    pub(crate) fn subscriptions(&self) -> usize {
        self.subscribers.lock().unwrap().len()
    }

    /// From now on everything published is lost, or not any more.
    pub(crate) fn lose_all(&self, loses: bool) {
        self.loses_all.store(loses, Ordering::SeqCst);
    }

    pub(crate) fn disconnect(&self) {
        self.disconnected.store(true, Ordering::SeqCst);
    }

    /// Delivers a message whatever the mode.
    pub(crate) fn say(&self, message: &BusMessage) {
        for subscriber in self.subscribers.lock().unwrap().iter() {
            let _ = subscriber.send(message.clone());
        }
    }

    /// Ends every subscription.
    pub(crate) fn hang_up(&self) {
        self.subscribers.lock().unwrap().clear();
    }
}

impl EventBus for TestBus {
    fn publish(&self, events: Vec<Arc<OrderEvent>>) {
        if !self.loses_all.load(Ordering::SeqCst) {
            for event in events {
                self.say(&BusMessage::Event(event));
            }
        }
    }

    fn subscribe(&self) -> BoxStream<'static, BusMessage> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.subscribers.lock().unwrap().push(sender);
        UnboundedReceiverStream::new(receiver).boxed()
    }

    fn is_connected(&self) -> bool {
        !self.disconnected.load(Ordering::SeqCst)
    }
}

/// A queue that remembers what was pushed, or is down.
#[derive(Default)]
pub(crate) struct TestQueue {
    pub(crate) pushed: Mutex<Vec<OrderId>>,
    pub(crate) is_down: AtomicBool,
    pub(crate) has_no_worker: AtomicBool,
}

#[async_trait]
impl JobQueue for TestQueue {
    async fn push(&self, orders: &[OrderId]) -> Result<usize, QueueError> {
        self.state().await?;
        self.pushed.lock().unwrap().extend(orders);
        Ok(orders.len())
    }

    async fn state(&self) -> Result<QueueState, QueueError> {
        if self.is_down.load(Ordering::SeqCst) {
            return Err(QueueError("down".into()));
        }
        let waiting = self.pushed.lock().unwrap().len();
        let workers = if self.has_no_worker.load(Ordering::SeqCst) { 0 } else { 2 };
        Ok(QueueState { waiting, capacity: 1_000, workers })
    }
}

/// A venue that always quotes the sample quote, fails, or panics.
#[derive(Default)]
pub(crate) struct FixedVenue {
    pub(crate) refusal: Mutex<Option<Failure>>,
    pub(crate) panics: AtomicBool,
    asked: AtomicUsize,
}

impl FixedVenue {
    /// How often it was asked for quotes.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Venue for FixedVenue {
    fn id(&self) -> VenueId {
        VenueId::METEORA
    }

    fn name(&self) -> &'static str {
        "Meteora"
    }

    async fn quotes(&self, _: &QuoteRequest) -> Result<Vec<Quote>, VenueError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        assert!(!self.panics.load(Ordering::SeqCst), "a venue with a bug");
        self.refusal.lock().unwrap().clone().map_or_else(|| Ok(vec![testkit::samples::quote()]), Err)
    }

    async fn build(&self, _: &Swap, _: Address) -> Result<Plan, VenueError> {
        unreachable!("the API builds nothing")
    }

    fn explain(&self, _: &ProgramError) -> FailureCode {
        unreachable!("the API executes nothing")
    }
}
