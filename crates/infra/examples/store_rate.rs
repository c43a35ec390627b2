//! How fast the order store is, without anything around it.
//!
//! ```sh
//! ./scripts/servers.sh sh -c 'DATABASE_URL=$TEST_DATABASE_URL cargo run --release -p infra --example store_rate'
//! ```
//!
//! Two stores stand for an API and a worker. The first accepts orders; the second claims each, writes
//! its attempt ahead and finishes it: the four writes of an execution that waits for nothing. Without
//! `DATABASE_URL` one `SQLite` store under `DATA_DIR` does both. `--wallets 0` shows what wallets cost.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement: it reports and may fail")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Parser;
use domain::{
    AccountId, Amount, EventData, Order, OrderId, OrderSpec, Token,
    books::{Balance, Funding, Payment, WalletId},
    ports::{
        Acceptance, Accepted, AttemptChange, AttemptState, Claim, ClaimAction, Commit, CommitOutcome,
        OrderStore, WalletOpening,
    },
};
use futures::{StreamExt, stream};
use infra::{clock::SystemClock, config::BackendConfig, store};
use testkit::samples;
use tokio::sync::mpsc;

const GRACE: Duration = Duration::from_secs(2);
const LEASE: Duration = Duration::from_secs(10);
/// What a fill of the samples spends, lamports.
const SWAP: u64 = 1_000_000_000;

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    backend: BackendConfig,
    /// Orders to run
    #[arg(long, default_value_t = 20_000)]
    orders: usize,
    /// Acceptances under way at once
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Executions under way at once
    #[arg(long, default_value_t = 100)]
    executions: usize,
    /// Wallets that the orders trade from in turn; 0: from none, as before there were wallets
    #[arg(long, default_value_t = 1)]
    wallets: usize,
}

#[tokio::main]
async fn main() {
    let settings = Settings::parse();
    let api = store::connect(&settings.backend, Arc::new(SystemClock)).await.unwrap();
    let worker = match settings.backend.database_url {
        Some(_) => store::connect(&settings.backend, Arc::new(SystemClock)).await.unwrap(),
        None => api.clone(),
    };

    let wallets = &open_wallets(&api, settings.wallets).await;
    let (both, started) = (mpsc::unbounded_channel(), Instant::now());
    let (accepted, waiting) = both;
    tokio::join!(accept_all(&api, &settings, wallets, accepted), execute_all(&worker, &settings, waiting));
    report("accepted and executed", settings.orders, started);

    let (accepted, waiting) = mpsc::unbounded_channel();
    let started = Instant::now();
    accept_all(&api, &settings, wallets, accepted).await;
    report("accepted", settings.orders, started);
    let started = Instant::now();
    execute_all(&worker, &settings, waiting).await;
    report("executed", settings.orders, started);
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn report(what: &str, orders: usize, started: Instant) {
    let seconds = started.elapsed().as_secs_f64();
    println!("{what}: {:.0} orders/s ({orders} in {seconds:.2} s)", orders as f64 / seconds);
}

/// Wallets that can pay for everything.
async fn open_wallets(store: &Arc<dyn OrderStore>, count: usize) -> Vec<WalletId> {
    let mut wallets = Vec::new();
    for _ in 0..count {
        let id = WalletId(samples::order_id().0);
        let payment = Payment { mint: Token::SOL.mint(), units: Amount(Balance::MAX), worth: None };
        assert_eq!(
            store.open_wallet(samples::wallet(id), vec![payment]).await.unwrap(),
            WalletOpening::Opened
        );
        wallets.push(id);
    }
    wallets
}

async fn accept_all(
    store: &Arc<dyn OrderStore>,
    settings: &Settings,
    wallets: &[WalletId],
    accepted: mpsc::UnboundedSender<OrderId>,
) {
    let accepted = &accepted;
    stream::iter(0..settings.orders)
        .for_each_concurrent(settings.clients, |number| async move {
            let id = samples::order_id();
            let wallet = (!wallets.is_empty()).then(|| wallets[number % wallets.len()]);
            let funding = wallet.map(|wallet| Funding {
                wallet,
                swap: Amount(SWAP),
                costs: Amount(50_000),
                rent: Amount(0),
            });
            let (order, event) = Order::accept(
                id,
                AccountId::DEFAULT,
                None,
                OrderSpec { funding, ..samples::spec() },
                samples::acceptance().order.created_at,
            );
            let acceptance = Acceptance {
                order,
                event,
                idempotency_key: Some(format!("key-{id}")),
                due_after: Some(GRACE),
                ..samples::acceptance()
            };
            assert_eq!(store.accept(acceptance).await.unwrap(), Accepted::Created);
            accepted.send(id).unwrap();
        })
        .await;
}

async fn execute_all(
    store: &Arc<dyn OrderStore>,
    settings: &Settings,
    waiting: mpsc::UnboundedReceiver<OrderId>,
) {
    tokio_stream::wrappers::UnboundedReceiverStream::new(waiting)
        .for_each_concurrent(settings.executions, |id| async move {
            let mut claim = store.claim(id, "worker", LEASE).await.unwrap().unwrap();
            let mut steps = samples::steps_to_building();
            let mut ahead = claim.order.clone();
            for data in &steps {
                ahead.apply(data.clone(), ahead.updated_at).unwrap();
            }
            let attempt = samples::attempt(&ahead);
            steps.push(samples::submitted(&attempt));
            commit(store, &mut claim, steps, AttemptChange::Open(attempt.clone()), ClaimAction::Continue)
                .await;
            let confirmed = vec![samples::confirmed(&attempt)];
            let landed = samples::resolve(&attempt, AttemptState::Landed);
            commit(store, &mut claim, confirmed, landed, ClaimAction::Finish).await;
        })
        .await;
}

async fn commit(
    store: &Arc<dyn OrderStore>,
    claim: &mut Claim,
    steps: Vec<EventData>,
    change: AttemptChange,
    then: ClaimAction,
) {
    let now = claim.order.updated_at + Duration::from_millis(1);
    let events = steps.into_iter().map(|data| claim.order.apply(data, now).unwrap()).collect();
    let commit = Commit {
        fence: claim.fence,
        order: claim.order.clone(),
        events,
        change: Some(change),
        then,
        effects: Vec::new(),
    };
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
}
