//! Checks that every accepted order has ended, and when.

use std::time::Duration;

use anyhow::{Context, bail};
use domain::{OrderId, OrderStatus, Timestamp};
use futures::{StreamExt, stream};
use hyper::StatusCode;
use protocol::OrderView;
use tokio::time::{Instant, sleep};

use super::{connection::Connection, latency::Latencies};
use crate::client::Endpoint;

/// Orders that are checked over one connection.
const CHUNK: usize = 500;
/// Connections that check concurrently. Few: the engine may still have work to do.
const AT_ONCE: usize = 4;

/// How the orders ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) confirmed: u64,
    pub(super) failed: u64,
    /// Orders that were canceled or expired.
    pub(super) withdrawn: u64,
    /// Orders that had not ended at the deadline.
    pub(super) unfinished: u64,
    /// From acceptance to the last event of orders that have ended, by the engine's own times.
    pub(super) latencies: Latencies,
    pub(super) first: Option<Timestamp>,
    pub(super) last: Option<Timestamp>,
}

impl Default for Ended {
    fn default() -> Self {
        Self {
            confirmed: 0,
            failed: 0,
            withdrawn: 0,
            unfinished: 0,
            latencies: Latencies::new(),
            first: None,
            last: None,
        }
    }
}

impl Ended {
    fn add(&mut self, order: &OrderView<'_>) {
        self.first = Some(self.first.map_or(order.created_at, |first| first.min(order.created_at)));
        match order.status {
            OrderStatus::Confirmed => self.confirmed += 1,
            OrderStatus::Failed => self.failed += 1,
            status if status.is_terminal() => self.withdrawn += 1,
            _ => {
                self.unfinished += 1;
                return; // how old it is says nothing about how long it will take
            }
        }
        self.latencies.add(order.updated_at.since(order.created_at));
        self.last = Some(self.last.map_or(order.updated_at, |last| last.max(order.updated_at)));
    }

    fn merge(&mut self, other: &Self) {
        self.confirmed += other.confirmed;
        self.failed += other.failed;
        self.withdrawn += other.withdrawn;
        self.unfinished += other.unfinished;
        self.latencies.merge(&other.latencies);
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = [self.last, other.last].into_iter().flatten().max();
    }
}

/// Reads every order once it has ended. Orders end about in the order they were accepted in, so
/// waiting for one after the other takes few requests.
pub(super) async fn wait_for_all(
    targets: &[Endpoint],
    orders: &[OrderId],
    patience: Duration,
) -> anyhow::Result<Ended> {
    let deadline = Instant::now() + patience;
    let mut sorted = orders.to_vec();
    sorted.sort_unstable();
    // the newest first: once it has ended nearly all have, and polling no longer disturbs the measurement
    if let (Some(newest), Some(target)) = (sorted.last(), targets.first()) {
        look(&mut Connection::new(target.clone()), *newest, deadline).await?;
    }
    let chunks = sorted.chunks(CHUNK).enumerate().map(|(number, chunk)| {
        let mut connection = Connection::new(targets[number % targets.len()].clone());
        async move {
            let mut ended = Ended::default();
            for order in chunk {
                ended.add(&look(&mut connection, *order, deadline).await?);
            }
            anyhow::Ok(ended)
        }
    });
    let mut all = Ended::default();
    let mut looks = stream::iter(chunks).buffer_unordered(AT_ONCE);
    while let Some(ended) = looks.next().await {
        all.merge(&ended?);
    }
    Ok(all)
}

/// An order once it has ended, or its state at the deadline.
async fn look(
    connection: &mut Connection,
    id: OrderId,
    deadline: Instant,
) -> anyhow::Result<OrderView<'static>> {
    loop {
        let answer = connection.get(&format!("/api/orders/{id}")).await?;
        if answer.status != StatusCode::OK {
            bail!("order {id} was accepted, and the engine answers {}", answer.status);
        }
        let order: OrderView<'_> = serde_json::from_slice(&answer.body).context("an order cannot be read")?;
        if order.status.is_terminal() || Instant::now() > deadline {
            return Ok(order);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

#[cfg(test)]
mod tests {
    use domain::Order;
    use testkit::samples;
    use venues::simulated::SimulatedTokens;

    use super::*;

    #[test]
    fn an_order_has_ended_however_it_ended() {
        let tokens = SimulatedTokens::default();
        let mut ended = Ended::default();
        for status in OrderStatus::ALL {
            let order = Order { status, ..samples::acceptance().order };
            ended.add(&OrderView::new(&order, &tokens));
        }
        assert_eq!((ended.confirmed, ended.failed, ended.withdrawn, ended.unfinished), (1, 1, 2, 6));
        assert_eq!(ended.latencies.count(), 4, "of those that have ended");
    }
}
