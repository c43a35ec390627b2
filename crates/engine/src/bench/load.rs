//! Places orders: closed loop (each connection asks as soon as it is answered) or open loop (orders
//! come at their time, whether or not earlier ones were answered).

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use bytes::Bytes;
use domain::OrderId;
use hyper::StatusCode;
use protocol::OrderRef;
use tokio::time::{Instant, sleep, sleep_until};

use super::{connection::Connection, follow::Followers, latency::Latencies};
use crate::{
    cli::BenchArgs,
    client::{Endpoint, Refused},
};

/// How long a connection of a closed loop waits after it was refused as overload, as `Retry-After` asks.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The orders to place.
pub(super) struct Load {
    targets: Vec<Endpoint>,
    connections: usize,
    /// Orders in total; `u64::MAX` when time decides.
    orders: u64,
    duration: Duration,
    /// Time between two orders; `None` for a closed loop.
    pace: Option<Duration>,
    next: AtomicU64,
    accepted: AtomicU64,
}

/// What was accepted.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) orders: Vec<OrderId>,
    /// From the intended start to the answer.
    pub(super) latencies: Latencies,
    pub(super) overloaded: u64,
    /// Other failures: refusals and broken connections.
    pub(super) failed: u64,
    pub(super) first_failure: Option<String>,
}

impl Accepted {
    fn new() -> Self {
        let (orders, latencies) = (Vec::new(), Latencies::new());
        Self { orders, latencies, overloaded: 0, failed: 0, first_failure: None }
    }

    fn merge(&mut self, other: Self) {
        self.orders.extend(other.orders);
        self.latencies.merge(&other.latencies);
        self.overloaded += other.overloaded;
        self.failed += other.failed;
        self.first_failure = self.first_failure.take().or(other.first_failure);
    }

    fn fail(&mut self, why: impl FnOnce() -> String) {
        self.failed += 1;
        self.first_failure.get_or_insert_with(why);
    }
}

impl Load {
    pub(super) fn new(targets: Vec<Endpoint>, args: &BenchArgs) -> Self {
        Self {
            targets,
            connections: args.concurrency,
            orders: args.orders.unwrap_or(u64::MAX),
            duration: if args.orders.is_some() { Duration::MAX } else { Duration::from_secs(args.seconds) },
            pace: args.rate.map(|rate| Duration::from_secs(1) / rate.max(1)),
            next: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
        }
    }

    /// Orders accepted so far.
    pub(super) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Runs to its end.
    pub(super) async fn run(self: Arc<Self>, followers: &Followers) -> anyhow::Result<Accepted> {
        let began = Instant::now();
        let connections: Vec<_> = (0..self.connections)
            .map(|number| {
                let (load, followers) = (self.clone(), followers.sender());
                tokio::spawn(async move { load.connection(number, began, followers).await })
            })
            .collect();
        let mut accepted = Accepted::new();
        for connection in connections {
            accepted.merge(connection.await.context("a connection of the load broke off")?);
        }
        Ok(accepted)
    }

    async fn connection(
        &self,
        number: usize,
        began: Instant,
        followers: Option<async_channel::Sender<OrderId>>,
    ) -> Accepted {
        let mut connection = Connection::new(self.targets[number % self.targets.len()].clone());
        let mut accepted = Accepted::new();
        let body =
            Bytes::from_static(br#"{"tokenIn":"SOL","tokenOut":"USDC","amountIn":"1","slippageBps":100}"#);
        while let Some(start) = self.next_start(began).await {
            match connection.post(body.clone()).await {
                Ok(answer) if answer.status == StatusCode::CREATED => {
                    accepted.latencies.add(start.elapsed());
                    self.accepted.fetch_add(1, Ordering::Relaxed);
                    match serde_json::from_slice::<OrderRef>(&answer.body) {
                        Ok(placed) => {
                            accepted.orders.push(placed.order_id);
                            if let Some(followers) = &followers {
                                let _ = followers.try_send(placed.order_id); // all of them may be busy
                            }
                        }
                        Err(error) => accepted.fail(|| error.to_string()),
                    }
                }
                Ok(answer) if answer.status == StatusCode::SERVICE_UNAVAILABLE => {
                    accepted.overloaded += 1;
                    if self.pace.is_none() {
                        sleep(RETRY_AFTER).await;
                    }
                }
                Ok(answer) => accepted.fail(|| {
                    let text = String::from_utf8_lossy(&answer.body);
                    let refused = Refused::read(answer.status, &text);
                    refused
                        .map_or_else(|| format!("{}: {text}", answer.status), |refused| refused.to_string())
                }),
                Err(error) => accepted.fail(|| format!("{error:#}")),
            }
        }
        accepted
    }

    /// When the next order is to be placed: now in a closed loop, at its own time in an open one,
    /// which may have passed. `None` once all are placed.
    async fn next_start(&self, began: Instant) -> Option<Instant> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if number >= self.orders {
            return None;
        }
        let Some(pace) = self.pace else {
            return (began.elapsed() < self.duration).then(Instant::now);
        };
        let offset = pace * u32::try_from(number).unwrap_or(u32::MAX);
        if offset >= self.duration {
            return None;
        }
        sleep_until(began + offset).await;
        Some(began + offset)
    }
}
