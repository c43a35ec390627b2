//! A running API with its backends in the test's hands.

mod backends;
mod execution;
mod socket;
mod sse;

use std::{sync::Arc, time::Duration};

use api::{About, Access, AppState, Backends, Limits};
use domain::{
    AccountId, OrderId,
    ports::{Market, OrderReads, Quotes},
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use testkit::{ManualClock, MemoryPrices, MemoryStore};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use venues::simulated::SimulatedTokens;

pub(crate) use backends::{FixedVenue, TestBus, TestQueue};
pub(crate) use execution::Execution;
pub(crate) use socket::Socket;
pub(crate) use sse::EventSource;

/// An API that listens on a free port.
pub(crate) struct App {
    pub(crate) address: String,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) bus: Arc<TestBus>,
    pub(crate) queue: Arc<TestQueue>,
    pub(crate) venues: Arc<FixedVenue>,
    pub(crate) prices: Arc<MemoryPrices>,
    pub(crate) client: Client,
    pub(crate) stop: CancellationToken,
    pub(crate) served: JoinHandle<std::io::Result<()>>,
}

impl App {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Lets a test change the limits first. The tail check is off unless it is asked for, so that
    /// it cannot hide a fault elsewhere.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Limits)) -> Self {
        Self::start_for(Access::default(), change).await
    }

    /// The same, for these hosts and pages.
    pub(crate) async fn start_for(access: Access, change: impl FnOnce(&mut Limits)) -> Self {
        Self::start_over(MemoryPrices::default(), access, change).await
    }

    /// The same, over this price history.
    pub(crate) async fn start_over(
        prices: MemoryPrices,
        access: Access,
        change: impl FnOnce(&mut Limits),
    ) -> Self {
        let mut limits = Limits {
            tail_check_every: Duration::from_hours(1),
            price_pairs: Vec::new(), // quotes are counted
            ..Limits::default()
        };
        change(&mut limits);
        let clock = Arc::new(ManualClock::default());
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let bus = Arc::new(TestBus::default());
        let queue = Arc::new(TestQueue::default());
        let venues = Arc::new(FixedVenue::default());
        let prices = Arc::new(prices);
        let backends = Backends {
            store: store.clone(),
            queue: queue.clone(),
            bus: bus.clone(),
            quotes: Quotes {
                market: Market::Paper { preset: "realistic".to_owned(), seed: 42 },
                venues: vec![venues.clone()],
                tokens: Arc::new(SimulatedTokens::default()),
                costs: testkit::samples::COSTS,
            },
            prices: prices.clone(),
            clock: clock.clone(),
            rng: Box::new(ChaCha8Rng::seed_from_u64(7)),
        };
        let state = AppState::new(backends, limits, access, About::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let stop = CancellationToken::new();
        let served = tokio::spawn(api::serve(listener, state, stop.clone()));
        bus.subscribed().await;
        let client = testkit::tls::http_client();
        Self { address, clock, store, bus, queue, venues, prices, client, stop, served }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    /// The body of a successful `GET`.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    pub(crate) async fn execute(&self, body: &Value) -> Response {
        self.post("/api/orders/execute").json(body).send().await.unwrap()
    }

    /// Places an order and returns its id.
    pub(crate) async fn placed(&self) -> OrderId {
        let response = self.execute(&order()).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        let body: Value = response.json().await.unwrap();
        body["orderId"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn socket(&self, path: &str) -> Socket {
        Socket::open(&format!("ws://{}{path}", self.address)).await
    }

    /// Takes an order as a worker would.
    pub(crate) async fn execution(&self, id: OrderId) -> Execution {
        Execution::begin(self.store.clone(), self.bus.clone(), id).await
    }

    /// The order's events as the API lists them.
    pub(crate) async fn listed_events(&self, id: OrderId) -> Vec<Value> {
        let listed = self.read(&format!("/api/orders/{id}/events?limit=1000")).await;
        let Value::Array(events) = listed else { panic!("not a list: {listed}") };
        let stored = self.store.events(AccountId::DEFAULT, id, 0, 1_000).await.unwrap();
        assert_eq!(events.len(), stored.len());
        events
    }
}

/// A valid order.
pub(crate) fn order() -> Value {
    json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1"})
}

/// Checks that a response is a problem in its standard form, and returns it.
pub(crate) async fn problem(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.status().as_u16(), status, "{code}");
    let retry_after = response.headers().contains_key("retry-after");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["code"], code, "{body}");
    assert_eq!(body["status"], status, "{body}");
    assert_eq!(body["retryable"], retry_after, "{body}");
    for text in ["type", "title", "detail", "error"] {
        assert!(body[text].as_str().is_some_and(|text| !text.is_empty()), "{text}: {body}");
    }
    assert!(body["errors"].is_array(), "{body}");
    assert!(!body.to_string().contains('`'), "people read it as it is: {body}");
    body
}
