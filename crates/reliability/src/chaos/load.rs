//! Clients: they place orders open-loop, repeat unanswered requests, and follow their orders.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::{OrderId, ports::Clock};
use infra::clock::SystemClock;
use protocol::{CancelOutcome, CanceledView, CanceledViews, PlacedView, ProblemBody};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout_at};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Options, follower};
use crate::checker::{FollowRecord, Reply, RequestRecord};

/// How long a client waits for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long a client repeats its request before it gives up not knowing.
const PATIENCE: Duration = Duration::from_mins(1);

/// The share of orders that are canceled, within seconds.
const CANCELED: f64 = 0.2;
/// The share of orders that expire, within seconds.
const EXPIRING: f64 = 0.2;

/// The share of orders that trade from a wallet with little in it.
const POOR: f64 = 0.1;
const POOR_WALLET: &str = "poor";

/// What clients received.
pub(super) struct Records {
    pub(super) requests: Vec<RequestRecord>,
    pub(super) follows: Vec<FollowRecord>,
}

/// All clients of a run.
pub(super) struct Load {
    apis: Vec<u16>,
    http: reqwest::Client,
    seed: u64,
    rate: u32,
    follow_percent: u8,
    asked: AtomicU64,
    acknowledged: AtomicU64,
    sent: AtomicU64,
    records: Mutex<Records>,
    clients: TaskTracker,
    give_up: CancellationToken,
}

impl Load {
    pub(super) fn new(apis: Vec<u16>, options: &Options) -> Self {
        Self {
            apis,
            http: reqwest::Client::new(),
            seed: options.seed,
            rate: options.rate,
            follow_percent: options.follow_percent,
            asked: AtomicU64::new(0),
            acknowledged: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            records: Mutex::new(Records { requests: Vec::new(), follows: Vec::new() }),
            clients: TaskTracker::new(),
            give_up: CancellationToken::new(),
        }
    }

    /// Opens the wallet that some orders find too little in, while nothing is broken.
    pub(super) async fn open_poor_wallet(&self) -> anyhow::Result<()> {
        let url = format!("http://127.0.0.1:{}/api/wallets", self.apis[0]);
        let wallet = json!({ "name": POOR_WALLET, "balances": { "SOL": "50", "USDC": "50" } });
        self.http.post(url).json(&wallet).send().await?.error_for_status()?;
        Ok(())
    }

    /// Starts a client at every tick, whether or not earlier ones are done.
    pub(super) async fn run(self: Arc<Self>, duration: Duration) {
        let mut ticks = interval(Duration::from_secs(1) / self.rate.max(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let end = Instant::now() + duration;
        while ticks.tick().await < end {
            let number = self.asked.fetch_add(1, Ordering::Relaxed);
            let load = self.clone();
            self.clients.spawn(async move { load.client(number).await });
        }
        self.clients.close();
    }

    /// How far it is, for people.
    pub(super) fn progress(&self) -> String {
        let (asked, acknowledged) =
            (self.asked.load(Ordering::Relaxed), self.acknowledged.load(Ordering::Relaxed));
        format!("{asked} orders asked for, {acknowledged} acknowledged, {} clients busy", self.clients.len())
    }

    /// How often a client asked for what it had asked for before.
    pub(super) fn repeated(&self) -> u64 {
        self.sent.load(Ordering::Relaxed).saturating_sub(self.asked.load(Ordering::Relaxed))
    }

    /// What clients received, once all are done or `deadline` has passed.
    pub(super) async fn finish(&self, deadline: Instant) -> Records {
        let _ = timeout_at(deadline, self.clients.wait()).await;
        self.give_up.cancel();
        self.clients.wait().await;
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        Records {
            requests: std::mem::take(&mut records.requests),
            follows: std::mem::take(&mut records.follows),
        }
    }

    async fn client(&self, number: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed.wrapping_mul(1_000_003).wrapping_add(number));
        let key = format!("{}-{number}", self.seed);
        let ask = Ask::new(&key, &mut rng);
        let mut request = self.place(key, &ask, &mut rng).await;
        let acknowledged = request.replies.iter().find_map(|reply| match reply {
            Reply::Acknowledged(id) => Some(*id),
            Reply::Refused | Reply::Short => None,
        });
        let Some(id) = acknowledged else { return self.keep(|records| records.requests.push(request)) };
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
        if rng.random_bool(CANCELED) {
            sleep(Duration::from_millis(rng.random_range(0..4_000))).await;
            request.cancel = self.cancel(id, &mut rng).await;
        }
        self.keep(|records| records.requests.push(request));
        if rng.random_range(0..100) < self.follow_percent {
            let follow = follower::follow(&self.apis, id, &mut rng, &self.give_up).await;
            self.keep(|records| records.follows.push(follow));
        }
    }

    fn keep(&self, add: impl FnOnce(&mut Records)) {
        add(&mut self.records.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Asks until an answer arrives. Some clients never repeat a request whose answer was lost,
    /// some ask two APIs at once, and some ask again although they know.
    async fn place(&self, key: String, ask: &Ask, rng: &mut ChaCha8Rng) -> RequestRecord {
        let mut replies = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        let (asks_once, asks_twice_at_once, asks_again) =
            (rng.random_bool(0.05), rng.random_bool(0.1), rng.random_bool(0.1));
        let mut api = rng.random_range(0..self.apis.len());
        if asks_twice_at_once {
            let other = (api + 1) % self.apis.len();
            let (one, two) = tokio::join!(self.post(api, ask), self.post(other, ask));
            replies.extend([one, two].into_iter().flatten());
        }
        while replies.is_empty() {
            replies.extend(self.post(api, ask).await);
            if !replies.is_empty() || asks_once || Instant::now() > deadline || self.give_up.is_cancelled() {
                break;
            }
            sleep(Duration::from_millis(rng.random_range(50..500))).await;
            api = rng.random_range(0..self.apis.len());
        }
        if asks_again && !replies.is_empty() {
            let other = (api + 1) % self.apis.len();
            replies.extend(self.post(other, ask).await);
        }
        RequestRecord { key, replies, cancel: None }
    }

    /// Cancels an order, in one of the three ways, until an answer arrives.
    async fn cancel(&self, id: OrderId, rng: &mut ChaCha8Rng) -> Option<CancelOutcome> {
        let deadline = Instant::now() + PATIENCE;
        let way = rng.random_range(0..3);
        while Instant::now() < deadline && !self.give_up.is_cancelled() {
            let api =
                format!("http://127.0.0.1:{}/api/orders", self.apis[rng.random_range(0..self.apis.len())]);
            let request = match way {
                0 => self.http.post(format!("{api}/{id}/cancel")),
                1 => self.http.delete(format!("{api}/{id}")),
                _ => self.http.post(format!("{api}/cancel")).json(&json!({ "ids": [id] })),
            };
            if let Ok(answer) = request.timeout(ANSWER_WITHIN).send().await {
                let outcome = match answer.status() {
                    StatusCode::CONFLICT => Some(CancelOutcome::AlreadyTerminal),
                    StatusCode::NOT_FOUND => Some(CancelOutcome::NotFound),
                    _ if way == 2 => answer.json().await.ok().and_then(only_outcome),
                    _ => answer.json().await.ok().map(|canceled: CanceledView<'_>| canceled.result),
                };
                if outcome.is_some_and(|outcome| outcome != CancelOutcome::StoreUnavailable) {
                    return outcome;
                }
            }
            sleep(Duration::from_millis(rng.random_range(50..500))).await;
        }
        None
    }

    /// One request; nothing when its answer was lost or says that it should be repeated.
    async fn post(&self, api: usize, ask: &Ask) -> Option<Reply> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let url = format!("http://127.0.0.1:{}/api/orders/execute", self.apis[api]);
        let mut request = self.http.post(url).timeout(ANSWER_WITHIN).json(&ask.body);
        if let Some(key) = &ask.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let answer = request.send().await.ok()?;
        match answer.status() {
            StatusCode::OK | StatusCode::CREATED => {
                let placed: PlacedView<'_> = answer.json().await.ok()?;
                Some(Reply::Acknowledged(placed.order.order_id))
            }
            StatusCode::UNPROCESSABLE_ENTITY => {
                let problem: ProblemBody<'_> = answer.json().await.ok()?;
                Some(if problem.shortages.is_empty() { Reply::Refused } else { Reply::Short })
            }
            status if status.is_client_error() => Some(Reply::Refused),
            _ => None,
        }
    }
}

/// The result for the one order of a request.
fn only_outcome(canceled: CanceledViews) -> Option<CancelOutcome> {
    canceled.results.into_iter().next().map(|canceled| canceled.result)
}

/// A request that can be sent again: its name goes as an idempotency key, as a client order id, or
/// as both.
struct Ask {
    idempotency_key: Option<String>,
    body: Value,
}

impl Ask {
    fn new(name: &str, rng: &mut ChaCha8Rng) -> Self {
        let mut body = order(rng);
        if rng.random_bool(POOR) {
            body["wallet"] = POOR_WALLET.into();
        }
        if rng.random_bool(EXPIRING) {
            let after = Duration::from_millis(rng.random_range(0..15_000));
            body["expiresAt"] = (SystemClock.now() + after).to_string().into();
        }
        let (has_key, has_id) = [(true, false), (false, true), (true, true)][rng.random_range(0..3)];
        if has_id {
            body["clientOrderId"] = name.into();
        }
        Self { idempotency_key: has_key.then(|| name.to_owned()), body }
    }
}

/// A market order that is valid: one of many pairs, exact-in or exact-out.
fn order(rng: &mut ChaCha8Rng) -> Value {
    const PAIRS: [(&str, &str, &str); 5] = [
        ("SOL", "USDC", "amountIn"),
        ("USDC", "SOL", "amountIn"),
        ("JUP", "USDC", "amountIn"),
        ("SOL", "JTO", "amountOut"),
        ("USDC", "RAY", "amountOut"),
    ];
    let (token_in, token_out, amount) = PAIRS[rng.random_range(0..PAIRS.len())];
    json!({
        "tokenIn": token_in, "tokenOut": token_out, amount: rng.random_range(1..20).to_string(),
        "slippageBps": rng.random_range(10..300),
    })
}
