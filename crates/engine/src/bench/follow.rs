//! Followers: sockets that follow orders just placed and time the events they receive.

use std::time::Duration;

use domain::{OrderId, ports::Clock};
use futures::StreamExt;
use infra::clock::SystemClock;
use protocol::EventRef;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

use super::latency::Latencies;
use crate::client::Endpoint;

/// Orders that wait for a free follower; more are not followed.
const WAITING: usize = 1_024;

/// A number of sockets that follow one order after the other.
pub(super) struct Followers {
    sender: Option<async_channel::Sender<OrderId>>,
    tasks: Vec<JoinHandle<Followed>>,
}

/// What followers saw.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) orders: u64,
    pub(super) events: u64,
    /// Streams that broke, had a gap or a repetition, or never ended.
    pub(super) incomplete: u64,
    /// From the time of an event, taken by the worker before it commits, to its arrival. Only events
    /// that happened while the socket was open.
    pub(super) delivery: Latencies,
}

impl Followed {
    fn new() -> Self {
        Self { orders: 0, events: 0, incomplete: 0, delivery: Latencies::new() }
    }
}

impl Followers {
    pub(super) fn start(targets: &[Endpoint], count: usize) -> Self {
        if count == 0 {
            return Self { sender: None, tasks: Vec::new() };
        }
        let (sender, receiver) = async_channel::bounded(WAITING);
        let tasks = (0..count)
            .map(|number| {
                // another engine than the one that took the order, if there are two
                let target = targets[(number + 1) % targets.len()].clone();
                tokio::spawn(follow_all(target, receiver.clone()))
            })
            .collect();
        Self { sender: Some(sender), tasks }
    }

    pub(super) fn sender(&self) -> Option<async_channel::Sender<OrderId>> {
        self.sender.clone()
    }

    /// Waits until all of them are done.
    pub(super) async fn finish(self) -> Followed {
        drop(self.sender);
        let mut all = Followed::new();
        for task in self.tasks {
            let Ok(one) = task.await else {
                all.incomplete += 1;
                continue;
            };
            all.orders += one.orders;
            all.events += one.events;
            all.incomplete += one.incomplete;
            all.delivery.merge(&one.delivery);
        }
        all
    }
}

async fn follow_all(target: Endpoint, orders: async_channel::Receiver<OrderId>) -> Followed {
    let mut followed = Followed::new();
    while let Ok(order) = orders.recv().await {
        followed.orders += 1;
        if follow(&target, order, &mut followed).await.is_none() {
            followed.incomplete += 1;
        }
    }
    followed
}

/// Follows one order; `None` if its stream was not complete.
async fn follow(target: &Endpoint, order: OrderId, followed: &mut Followed) -> Option<()> {
    let mut socket = target.websocket(&format!("/api/orders/execute?orderId={order}")).await.ok()?;
    let opened = SystemClock.now();
    let mut last = 0;
    loop {
        let message = tokio::time::timeout(Duration::from_mins(2), socket.next()).await.ok()??.ok()?;
        let Message::Text(text) = message else { continue };
        let event: EventRef = serde_json::from_str(&text).ok()?;
        match (event.kind.as_str(), event.at) {
            ("event", Some(at)) => {
                (event.seq == last + 1).then_some(())?;
                last = event.seq;
                followed.events += 1;
                if at > opened {
                    followed.delivery.add(SystemClock.now().since(at));
                }
            }
            ("end", _) => return Some(()),
            _ => {}
        }
    }
}
