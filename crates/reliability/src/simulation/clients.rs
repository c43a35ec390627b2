//! Clients of the simulation: they repeat unanswered requests and follow their orders.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::{OrderId, ports::Clock};
use protocol::CancelOutcome;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    machine::Machines,
    world::{World, lock},
};
use crate::checker::{FollowRecord, Reply, RequestRecord};

/// How long a client waits for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// The code of a refusal because the wallet has too little.
const SHORT: &str = "insufficient_balance";

/// What clients received.
#[derive(Default)]
pub(super) struct Records {
    pub(super) requests: Vec<RequestRecord>,
    pub(super) follows: Vec<FollowRecord>,
}

/// All clients of a run.
pub(super) struct Clients {
    tasks: TaskTracker,
    give_up: CancellationToken,
    records: Arc<Mutex<Records>>,
}

/// Starts a client for every order.
pub(super) fn start(machines: &Arc<Machines>) -> Clients {
    let (tasks, give_up) = (TaskTracker::new(), CancellationToken::new());
    let records = Arc::new(Mutex::new(Records::default()));
    for number in 0..machines.world.plan.orders {
        let client =
            Client { machines: machines.clone(), give_up: give_up.clone(), records: records.clone() };
        tasks.spawn(client.run(number));
    }
    tasks.close();
    Clients { tasks, give_up, records }
}

impl Clients {
    /// What clients received, once all are done or `deadline` has passed.
    pub(super) async fn finish(&self, deadline: Instant) -> Records {
        let _ = timeout_at(deadline, self.tasks.wait()).await;
        self.give_up.cancel();
        let _ = timeout(Duration::from_mins(1), self.tasks.wait()).await;
        std::mem::take(&mut *lock(&self.records))
    }
}

/// An order that a client wants.
struct Wanted {
    key: String,
    expires_at: Option<String>,
}

struct Client {
    machines: Arc<Machines>,
    give_up: CancellationToken,
    records: Arc<Mutex<Records>>,
}

impl Client {
    fn world(&self) -> &World {
        &self.machines.world
    }

    async fn run(self, number: u64) {
        self.pause(0, 4_000).await;
        let key = format!("order-{number}");
        let order = self.order_of(key);
        let replies = self.place(&order).await;
        let id = replies.iter().find_map(|reply| match reply {
            Reply::Acknowledged(id) => Some(*id),
            Reply::Refused | Reply::Short => None,
        });
        let (cancel, follow) = tokio::join!(self.cancel(id), async { Some(self.follow(id?).await) });
        let mut records = lock(&self.records);
        records.requests.push(RequestRecord { key: order.key, replies, cancel });
        records.follows.extend(follow);
    }

    /// What the client wants: the same however often it asks.
    fn order_of(&self, key: String) -> Wanted {
        let world = self.world();
        let expires_at = world.happens(world.plan.expires).then(|| {
            let expires_at = world.clock.now() + Duration::from_millis(world.between(0, 20_000));
            expires_at.to_string()
        });
        Wanted { key, expires_at }
    }

    /// Cancels the order after a while, and asks until an answer arrives.
    async fn cancel(&self, id: Option<OrderId>) -> Option<CancelOutcome> {
        let (id, world) = (id?, self.world());
        if !world.happens(world.plan.cancels) {
            return None;
        }
        self.pause(0, 8_000).await;
        while !self.give_up.is_cancelled() {
            let (api, death) = self.machines.some_api();
            let answer = death.run_until_cancelled(timeout(ANSWER_WITHIN, api.cancel(id))).await;
            if let Some(Ok(Ok(result))) = answer {
                world.note("client", &format!("is told {result:?} of {id}"));
                return Some(result);
            }
            self.pause(50, 500).await;
        }
        None
    }

    /// Asks until an answer arrives; sometimes the answer is lost on the way, and sometimes the
    /// client asks two at once.
    async fn place(&self, order: &Wanted) -> Vec<Reply> {
        let key = &order.key;
        let mut replies = Vec::new();
        while replies.is_empty() && !self.give_up.is_cancelled() {
            let asks_two = self.world().between(0, 4) == 0;
            let (one, two) = tokio::join!(self.ask(order, "1"), async {
                if !asks_two {
                    return None;
                }
                // the same key for something else is a mistake, and makes no second order either
                let amount = if self.world().between(0, 4) == 0 { "2" } else { "1" };
                self.ask(order, amount).await
            });
            replies.extend([one, two].into_iter().flatten());
            if self.world().happens(1_000) {
                self.world().note("client", &format!("loses the answers {replies:?} to {key}"));
                // it will be answered again, but the order must be the same one
                let first = std::mem::take(&mut replies);
                let again = self.ask(order, "1").await;
                replies.extend(first.into_iter().chain(again));
                return replies;
            }
            self.pause(50, 500).await;
        }
        replies
    }

    async fn ask(&self, order: &Wanted, amount: &str) -> Option<Reply> {
        let key = &order.key;
        let body = json!({
            "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": amount, "slippageBps": 100,
            "expiresAt": order.expires_at,
        });
        let (api, death) = self.machines.some_api();
        let body = body.to_string();
        let answer = timeout(ANSWER_WITHIN, api.place(body.as_bytes(), Some(key.to_owned())));
        match death.run_until_cancelled(answer).await? {
            Ok(Ok(id)) => Some(Reply::Acknowledged(id)),
            Ok(Err(refusal)) => {
                self.world().note("client", &format!("is refused {key}: {}", refusal.code));
                let reply = if refusal.code == SHORT { Reply::Short } else { Reply::Refused };
                (!refusal.is_retryable).then_some(reply)
            }
            Err(_elapsed) => None,
        }
    }

    /// Follows an order over connections that end now and then.
    async fn follow(&self, order_id: OrderId) -> FollowRecord {
        let mut record = FollowRecord { order_id, events: Vec::new(), connections: 0, has_ended: false };
        while !record.has_ended && !self.give_up.is_cancelled() {
            record.connections += 1;
            // some connections last, so that a stream which gets stuck stays stuck
            let lasts = if self.world().is_calm() || self.world().between(0, 3) == 0 {
                Duration::from_hours(1)
            } else {
                Duration::from_millis(self.world().between(100, 4_000))
            };
            let _ = self.give_up.run_until_cancelled(timeout(lasts, self.listen(&mut record))).await;
            self.pause(0, 300).await;
        }
        record
    }

    /// Listens until the order ends or the API dies.
    async fn listen(&self, record: &mut FollowRecord) {
        let seen = record.events.last().and_then(|event| event["seq"].as_u64()).unwrap_or(0);
        let (api, death) = self.machines.some_api();
        let after = u32::try_from(seen).unwrap_or(u32::MAX);
        let listening = async {
            let Ok(Ok(mut following)) = timeout(ANSWER_WITHIN, api.follow(record.order_id, after)).await
            else {
                return;
            };
            while let Some(event) = following.next().await {
                record.events.push(event);
            }
            record.has_ended = true;
        };
        death.run_until_cancelled(listening).await;
    }

    async fn pause(&self, low_ms: u64, high_ms: u64) {
        sleep(Duration::from_millis(self.world().between(low_ms, high_ms))).await;
    }
}
