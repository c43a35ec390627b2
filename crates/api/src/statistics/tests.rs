use std::sync::{
    OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use domain::{
    EventData, Order, OrderStatus,
    ports::{Attempt, OrderIntake, OrderPage},
};
use protocol::Stage;
use testkit::{ManualClock, MemoryStore, eventually, samples};

use super::*;

/// A stage takes a second.
fn event(seq: u32, status: OrderStatus, data: EventData) -> Event {
    let at = start() + Duration::from_secs(u64::from(seq));
    Event { seq, status, attempt: 1, at, data }
}

fn start() -> Timestamp {
    samples::acceptance().order.created_at
}

fn life(order: &Order) -> Vec<Event> {
    let attempt = samples::attempt(order);
    let accepted =
        event(1, OrderStatus::Pending, EventData::Accepted { order: order.spec.clone(), origin: None });
    let steps = samples::steps_to_building().into_iter().zip(2..).map(|(data, seq)| {
        let status = if matches!(data, EventData::Building { .. }) {
            OrderStatus::Building
        } else {
            OrderStatus::Routing
        };
        event(seq, status, data)
    });
    let ends = [
        event(5, OrderStatus::Submitted, samples::submitted(&attempt)),
        event(6, OrderStatus::Confirmed, samples::confirmed(&attempt)),
    ];
    [accepted].into_iter().chain(steps).chain(ends).collect()
}

fn statistics(store: &Arc<MemoryStore>) -> Arc<Statistics> {
    let clock = ManualClock::new(start() + Duration::from_secs(30));
    Arc::new(Statistics::new(store.clone(), Arc::new(clock), AccountId::DEFAULT, 100))
}

fn tell(statistics: &Statistics, order: &Order, event: &Event) {
    statistics.observe(&OrderEvent { order_id: order.id, account: order.account, event: event.clone() });
}

fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(Arc::new(ManualClock::default())))
}

#[test]
fn an_event_counts_once_however_often_it_comes() {
    let statistics = statistics(&store());
    let order = samples::acceptance().order;
    for _ in 0..2 {
        for event in life(&order) {
            tell(&statistics, &order, &event);
        }
    }
    let view = statistics.view(StatisticsWindow::FiveMinutes);
    assert_eq!((view.counts.accepted, view.counts.confirmed, view.counts.failed), (1, 1, 0));
    let took = |stage| view.latencies.iter().find(|latency| latency.stage == stage).unwrap().p50_ms.unwrap();
    for stage in [Stage::Queued, Stage::Routing, Stage::Landing] {
        assert!((took(stage) - 1_000.0).abs() < 10.0, "{stage:?}: {}", took(stage));
    }
    assert!((took(Stage::Building) - 2_000.0).abs() < 20.0, "building has an event in the middle");
    assert!((took(Stage::Total) - 5_000.0).abs() < 50.0);
    let wins: u64 = view.venues.iter().map(|venue| venue.wins).sum();
    let quotes: u64 = view.venues.iter().map(|venue| venue.quotes).sum();
    assert_eq!((wins, quotes), (1, 1));
    let accepted: u64 = view.series.points.iter().map(|point| point.counts.accepted).sum();
    assert_eq!(accepted, 1);
}

#[test]
fn every_window_has_all_of_its_steps() {
    let statistics = statistics(&store());
    for window in StatisticsWindow::ALL {
        let view = statistics.view(window);
        let whole = window.seconds() / window.step_seconds();
        let points = u32::try_from(view.series.points.len()).unwrap();
        assert!((whole..=whole + 61).contains(&points), "{window:?}: {points} points");
        assert!(view.from <= view.to && view.latencies.iter().all(|latency| latency.p50_ms.is_none()));
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_bus_did_not_bring_is_read_from_the_store() {
    let store = store();
    let statistics = statistics(&store);
    let running = tokio::spawn({
        let statistics = statistics.clone();
        async move { statistics.run().await }
    });
    let acceptance = samples::acceptance();
    let order = acceptance.order.clone();
    store.accept(acceptance.clone()).await.unwrap();
    // the first event was lost, and the second is not counted before it
    let second =
        Event { seq: 2, status: OrderStatus::Routing, data: EventData::RoutingStarted, ..acceptance.event };
    tell(&statistics, &order, &second);
    let accepted = async || statistics.view(StatisticsWindow::FiveMinutes).counts.accepted == 1;
    eventually("the first event was read", accepted).await;
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn what_happened_before_the_start_counts() {
    let store = store();
    for _ in 0..300 {
        store.accept(samples::acceptance()).await.unwrap();
    }
    let statistics = statistics(&store);
    let run = statistics.clone();
    let running = tokio::spawn(async move { run.run().await });
    let accepted = async || statistics.view(StatisticsWindow::Hour).counts.accepted == 300;
    eventually("all orders were read", accepted).await;
    let view = statistics.view(StatisticsWindow::Hour);
    assert!(view.since < start(), "complete for the last day");
    running.abort();
}

fn id(number: u32) -> OrderId {
    format!("00000000-0000-7000-8000-{number:012}").parse().unwrap()
}

fn accepted(seconds: u64) -> Event {
    let at = start() + Duration::from_secs(seconds);
    let data = EventData::Accepted { order: samples::spec(), origin: None };
    Event { seq: 1, status: OrderStatus::Pending, attempt: 1, at, data }
}

fn canceled(seq: u32, seconds: u64) -> Event {
    let at = start() + Duration::from_secs(seconds);
    let data = EventData::Canceled { requested_at: at, failure: None };
    Event { seq, status: OrderStatus::Canceled, attempt: 1, at, data }
}

#[test]
fn orders_that_have_ended_are_forgotten_first_and_do_not_count_again() {
    let mut lives = Lives::new(1_000);
    for number in 0..500 {
        assert_eq!(lives.see(id(number), &accepted(0)), Seen::Next(None));
    }
    for number in 500..3_000 {
        assert_eq!(lives.see(id(number), &accepted(u64::from(number))), Seen::Next(None));
        assert!(matches!(lives.see(id(number), &canceled(2, u64::from(number) + 1)), Seen::Next(Some(_))));
        assert!(!lives.forget(), "all that were forgotten had ended");
    }
    for number in [600, 2_900] {
        let late = canceled(2, u64::from(number) + 1);
        assert_eq!(lives.see(id(number), &late), Seen::Known, "{number}");
    }
    assert!(matches!(lives.see(id(0), &canceled(2, 4_000)), Seen::Next(Some(_))), "the oldest, unfinished");
    // accepted before this process began, so that it was never seen
    let older = "00000000-0000-6000-8000-000000000000".parse().unwrap();
    assert_eq!(lives.see(older, &canceled(2, 5_000)), Seen::Gap);
}

#[test]
fn counts_are_no_longer_complete_once_an_unfinished_order_is_forgotten() {
    let mut lives = Lives::new(10);
    for number in 0..10 {
        lives.see(id(number), &accepted(0));
        assert!(!lives.forget());
    }
    lives.see(id(10), &accepted(1));
    assert!(lives.forget());
    assert_eq!(lives.see(id(0), &canceled(2, 2)), Seen::Lost);
    assert!(matches!(lives.see(id(1), &canceled(2, 2)), Seen::Next(Some(_))));
}

#[test]
fn the_series_of_every_window_has_all_that_was_counted() {
    // whatever the time within a minute
    for last in 1_140..1_200 {
        let mut tally = Tally::new();
        for second in 0..=last {
            tally.count(&accepted(second), None);
        }
        for window in StatisticsWindow::ALL {
            let view = tally.view(window, accepted(last).at, start());
            let series: u64 = view.series.points.iter().map(|point| point.counts.accepted).sum();
            assert_eq!(series, view.counts.accepted, "{window:?} at {last}");
        }
    }
}

/// Has the first events of an order when they are read for the first time, and all when they are read again. While they
/// are read the bus brings the last one.
struct Growing {
    order: Order,
    life: Vec<Event>,
    shown: AtomicUsize,
    statistics: OnceLock<Arc<Statistics>>,
}

#[async_trait]
impl OrderReads for Growing {
    async fn order(&self, _: AccountId, _: OrderId) -> Result<Option<Order>, StoreError> {
        unreachable!("not asked for")
    }

    async fn orders(&self, _: AccountId, _: OrderFilter) -> Result<OrderPage, StoreError> {
        Ok(OrderPage { orders: vec![Order { last_seq: 2, ..self.order.clone() }], next: None })
    }

    async fn events(&self, _: AccountId, _: OrderId, after: u32, _: u32) -> Result<Vec<Event>, StoreError> {
        let shown = self.shown.swap(self.life.len(), Ordering::SeqCst);
        if shown < self.life.len() {
            tell(self.statistics.get().unwrap(), &self.order, self.life.last().unwrap());
        }
        Ok(self.life[..shown].iter().filter(|event| event.seq > after).cloned().collect())
    }

    async fn attempts(&self, _: AccountId, _: OrderId) -> Result<Vec<Attempt>, StoreError> {
        unreachable!("not asked for")
    }

    async fn lost_claims(&self, _: AccountId, _: OrderId) -> Result<Option<u32>, StoreError> {
        unreachable!("not asked for")
    }

    async fn last_seqs(&self, _: &[OrderId]) -> Result<Vec<(OrderId, u32)>, StoreError> {
        unreachable!("not asked for")
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_comes_while_its_order_is_read_counts() {
    let order = samples::acceptance().order;
    let (life, shown, statistics) = (life(&order), AtomicUsize::new(2), OnceLock::new());
    let store = Arc::new(Growing { order, life, shown, statistics });
    let clock = Arc::new(ManualClock::new(start() + Duration::from_secs(30)));
    let statistics = Arc::new(Statistics::new(store.clone(), clock, AccountId::DEFAULT, 100));
    store.statistics.set(statistics.clone()).ok().unwrap();
    let run = statistics.clone();
    let running = tokio::spawn(async move { run.run().await });
    let confirmed = async || statistics.view(StatisticsWindow::Hour).counts.confirmed == 1;
    eventually("the last event was read", confirmed).await;
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn counts_are_complete_only_from_what_was_compared_after_an_interruption() {
    let store = store();
    let statistics = statistics(&store);
    let run = statistics.clone();
    let running = tokio::spawn(async move { run.run().await });
    let since = || statistics.view(StatisticsWindow::Hour).since;
    eventually("all was compared", async || since() < start()).await;
    for _ in 0..=MOST_READ {
        store.accept(samples::acceptance()).await.unwrap();
    }
    statistics.interrupted();
    assert!(since() > start(), "nothing is known of the interruption yet");
    eventually("the newest were read", async || since() == start()).await;
    assert_eq!(statistics.view(StatisticsWindow::Hour).counts.accepted, MOST_READ as u64);
    running.abort();
}
