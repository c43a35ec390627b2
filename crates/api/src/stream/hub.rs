use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    Order, OrderEvent, OrderId,
    ports::{BusMessage, EventBus, OrderReads, Tokens},
};
use futures::StreamExt;
use tokio::{
    sync::{Semaphore, broadcast},
    time::{Instant, MissedTickBehavior, interval_at, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{Follower, Tail, event::WireEvent};
use crate::statistics::Statistics;

/// Events that wait for a follower before it loses the oldest and reads the store again.
const BACKLOG_PER_ORDER: usize = 16;
/// Followers that read the store at once; after an interruption all of them want to.
const CONCURRENT_READS: usize = 32;
/// Orders of one tail check of the store.
const LAST_SEQS_PER_QUERY: usize = 5_000;
/// The pause before a bus whose stream ended is asked again.
const RESUBSCRIBE_AFTER: Duration = Duration::from_secs(1);

/// What a follower receives from the hub.
#[derive(Debug, Clone)]
pub(super) enum HubSignal {
    /// The bus brought an event.
    Event(Arc<WireEvent>),
    /// Something may be missing: read the store.
    ReadStore,
}

/// All followers of orders in this process, behind one subscription to the bus.
///
/// A follower registers before it reads the store, so an event is in what it reads, or comes over
/// the bus afterwards, or is found missing by the check of tails.
pub(crate) struct Hub {
    pub(super) store: Arc<dyn OrderReads>,
    pub(super) tokens: Arc<dyn Tokens>,
    bus: Arc<dyn EventBus>,
    tail_check_every: Duration,
    /// Woken by every message: it reads the store itself.
    feed: Arc<Tail>,
    /// Counts every message.
    statistics: Arc<Statistics>,
    /// In the order of ids, so that a simulation wakes followers in the same order every time.
    orders: Mutex<BTreeMap<OrderId, Followed>>,
    pub(super) reads: Semaphore,
}

/// An order with at least one follower.
struct Followed {
    sender: broadcast::Sender<HubSignal>,
    /// The last event its followers were sent, or must read from the store themselves.
    delivered_seq: u32,
    followers: usize,
}

impl Hub {
    /// A hub that receives nothing before [`Hub::run`].
    pub(crate) fn new(
        store: Arc<dyn OrderReads>,
        tokens: Arc<dyn Tokens>,
        bus: Arc<dyn EventBus>,
        tail_check_every: Duration,
        feed: Arc<Tail>,
        statistics: Arc<Statistics>,
    ) -> Self {
        let reads = Semaphore::new(CONCURRENT_READS);
        Self { store, tokens, bus, tail_check_every, feed, statistics, orders: Mutex::default(), reads }
    }

    /// Follows an order from the first event after `after`. An `after` beyond the order's last
    /// event counts as that one.
    pub(crate) fn follow(self: &Arc<Self>, order: &Order, after: u32) -> Follower {
        let mut orders = self.lock();
        let followed = orders.entry(order.id).or_insert_with(|| Followed {
            sender: broadcast::Sender::new(BACKLOG_PER_ORDER),
            delivered_seq: order.last_seq,
            followers: 0,
        });
        followed.followers += 1;
        Follower::new(self.clone(), followed.sender.subscribe(), order, after)
    }

    /// Forgets an order whose last follower left.
    pub(super) fn unfollow(&self, id: OrderId) {
        let mut orders = self.lock();
        if let Some(followed) = orders.get_mut(&id) {
            followed.followers -= 1;
            if followed.followers == 0 {
                orders.remove(&id);
            }
        }
    }

    /// How many orders are followed.
    pub(crate) fn followed(&self) -> usize {
        self.lock().len()
    }

    /// Listens to the bus and checks tails until `stop`.
    pub(crate) async fn run(&self, stop: CancellationToken) {
        let work = async { tokio::join!(self.listen(), self.check_tails()) };
        stop.run_until_cancelled(work).await;
    }

    async fn listen(&self) {
        loop {
            let mut messages = self.bus.subscribe();
            self.interrupted(); // events before the subscription were not received
            while let Some(message) = messages.next().await {
                match message {
                    BusMessage::Event(event) => self.pass_on(&event),
                    BusMessage::Interrupted => self.interrupted(),
                }
            }
            tracing::warn!("the subscription to the event bus ended");
            sleep(RESUBSCRIBE_AFTER).await;
        }
    }

    fn pass_on(&self, event: &OrderEvent) {
        self.feed.wake();
        self.statistics.observe(event);
        let mut orders = self.lock();
        let Some(followed) = orders.get_mut(&event.order_id) else { return };
        followed.delivered_seq = followed.delivered_seq.max(event.event.seq);
        let event = WireEvent::new(event.order_id, event.event.clone(), self.tokens.clone());
        let _ = followed.sender.send(HubSignal::Event(Arc::new(event))); // the last follower is just leaving
    }

    fn interrupted(&self) {
        self.feed.wake();
        self.statistics.interrupted();
        for followed in self.lock().values() {
            let _ = followed.sender.send(HubSignal::ReadStore);
        }
    }

    /// A lost last event leaves no visible gap, so the store is asked periodically how
    /// far the followed orders are. Followers of a terminal order have left by then.
    async fn check_tails(&self) {
        let mut ticks = interval_at(Instant::now() + self.tail_check_every, self.tail_check_every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let ids: Vec<OrderId> = self.lock().keys().copied().collect();
            for ids in ids.chunks(LAST_SEQS_PER_QUERY) {
                match self.store.last_seqs(ids).await {
                    Ok(last_seqs) => self.signal_behind(&last_seqs),
                    Err(error) => tracing::debug!(%error, "tails not checked"),
                }
            }
        }
    }

    fn signal_behind(&self, last_seqs: &[(OrderId, u32)]) {
        let mut orders = self.lock();
        for (id, seq) in last_seqs {
            if let Some(followed) = orders.get_mut(id).filter(|followed| followed.delivered_seq < *seq) {
                followed.delivered_seq = *seq;
                let _ = followed.sender.send(HubSignal::ReadStore);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<OrderId, Followed>> {
        // a panic cannot leave the map half changed
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
