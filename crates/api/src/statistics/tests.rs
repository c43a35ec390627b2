use domain::{EventData, Order, OrderStatus, ports::OrderIntake};
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
    Arc::new(Statistics::new(store.clone(), Arc::new(clock), AccountId::DEFAULT))
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

#[test]
fn memory_is_bounded_and_forgotten_orders_do_not_count_again() {
    let mut lives = Lives::default();
    let id = |number: u32| format!("00000000-0000-7000-8000-{number:012}").parse::<OrderId>().unwrap();
    let first = event(1, OrderStatus::Pending, EventData::Accepted { order: samples::spec(), origin: None });
    for number in 1..30_000 {
        assert_eq!(lives.see(id(number), &first), Seen::Next(None));
    }
    assert_eq!(lives.see(id(1), &first), Seen::Known);
    assert_eq!(lives.last_seq(id(29_999)), 1);
}
