//! The processes: two APIs and two workers, which die, pause and are restarted.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use api::{About, Access, AppState, Limits, direct::InProcessApi};
use clap::Parser;
use domain::{
    OrderId, VenueId,
    ports::{Market, Quotes, Trading, Venue},
};
use serde_json::Value;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use venues::simulated::{SimulatedChain, SimulatedTokens, SimulatedVenue, costs};
use worker::{Worker, WorkerConfig};

use super::{
    controls::Control,
    ports::{FaultyChain, FaultySigner, FaultyStore, SimulatedBus, SimulatedQueue, chain_for},
    process::Process,
    world::{World, lock},
};

const APIS: usize = 2;
const WORKERS: usize = 2;

/// All processes.
pub(super) struct Machines {
    pub(super) world: Arc<World>,
    apis: Mutex<Vec<(Arc<Process>, InProcessApi)>>,
    workers: Mutex<Vec<Arc<Process>>>,
    network: Arc<SimulatedChain>,
}

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    worker: WorkerConfig,
}

impl Machines {
    pub(super) fn new(world: &Arc<World>) -> Self {
        let network = Arc::new(chain_for(&Process::network(world)));
        Self { world: world.clone(), apis: Mutex::default(), workers: Mutex::default(), network }
    }

    pub(super) fn start_all(&self) {
        *lock(&self.apis) = (0..APIS).map(|number| self.start_api(number)).collect();
        *lock(&self.workers) = (0..WORKERS).map(|number| self.start_worker(number)).collect();
    }

    /// One of the APIs, dead or alive, and the signal of its death.
    pub(super) fn some_api(&self) -> (InProcessApi, CancellationToken) {
        let number = usize::try_from(self.world.between(0, 2)).unwrap_or(0);
        let (process, api) = &lock(&self.apis)[number];
        (api.clone(), process.death.clone())
    }

    /// The events of an order as clients receive them from a working API.
    pub(super) async fn shown(&self, id: OrderId) -> Option<Vec<Value>> {
        let api = lock(&self.apis)[0].1.clone();
        api.events(id).await.ok()
    }

    /// Kills, stops and starts processes until it is dropped.
    pub(super) async fn inject_faults(self: Arc<Self>) {
        loop {
            sleep(Duration::from_millis(self.world.between(50, 3_000))).await;
            let number = usize::try_from(self.world.between(0, 2)).unwrap_or(0);
            match self.world.between(0, 6) {
                0 => lock(&self.apis)[number].0.die(),
                1 => lock(&self.workers)[number].die(),
                2 => {
                    let beyond = self.world.between(100, 4_000);
                    let process = lock(&self.workers)[number].clone();
                    process.pause(self.world.plan.lease + Duration::from_millis(beyond));
                }
                3 => lock(&self.workers)[number].ask_to_stop(),
                4 => self.world.step_the_wall_clock(),
                _ => self.replace_the_dead(),
            }
        }
    }

    /// Replaces processes that are dead or about to stop.
    pub(super) fn replace_the_dead(&self) {
        let is_dead: Vec<bool> = lock(&self.apis).iter().map(|(process, _)| process.is_dead()).collect();
        for number in (0..APIS).filter(|&number| is_dead[number]) {
            let api = self.start_api(number);
            lock(&self.apis)[number] = api;
        }
        let is_dead: Vec<bool> = lock(&self.workers).iter().map(|process| process.is_leaving()).collect();
        for number in (0..WORKERS).filter(|&number| is_dead[number]) {
            let worker = self.start_worker(number);
            lock(&self.workers)[number] = worker;
        }
    }

    fn start_api(&self, number: usize) -> (Arc<Process>, InProcessApi) {
        let world = &self.world;
        let process = Process::new(world, format!("api {number}"));
        let backends = api::Backends {
            store: Arc::new(FaultyStore(process.clone())),
            queue: Arc::new(SimulatedQueue(process.clone())),
            bus: Arc::new(SimulatedBus(process.clone())),
            quotes: self.quotes(),
            prices: Arc::new(testkit::MemoryPrices::default()),
            clock: Arc::new(world.some_clock()),
            rng: Box::new(world.fork_rng()),
        };
        let never = Duration::from_hours(24);
        let tail_check_every =
            if world.control == Some(Control::NeverChecksTails) { never } else { Duration::from_secs(1) };
        let limits = Limits {
            tail_check_every,
            push_grace: Duration::from_millis(500),
            max_in_flight: world.plan.max_in_flight,
            paper_balances: vec![("SOL".to_owned(), world.plan.sol.clone())],
            ..Limits::default()
        };
        let api = InProcessApi::new(AppState::new(backends, limits, Access::default(), About::default()));
        let running = api.clone();
        tokio::spawn(async move { running.run(CancellationToken::new()).await });
        (process, api)
    }

    fn start_worker(&self, number: usize) -> Arc<Process> {
        let world = &self.world;
        let process = Process::new(world, format!("worker {number}"));
        let chain = Arc::new(FaultyChain::new(&process, &self.network));
        let queue = Arc::new(SimulatedQueue(process.clone()));
        let backends = worker::Backends {
            store: Arc::new(FaultyStore(process.clone())),
            bus: Arc::new(SimulatedBus(process.clone())),
            queue: queue.clone(),
            consumer: queue,
            trading: Trading { quotes: self.quotes(), signer: Arc::new(FaultySigner(chain.clone())), chain },
            clock: Arc::new(world.some_clock()),
            rng: world.fork_rng(),
        };
        let worker = Worker::new(backends, &self.worker_config(), process.stop.clone());
        let running = process.clone();
        tokio::spawn(async move {
            worker.run().await;
            running.has_stopped();
        });
        process
    }

    fn quotes(&self) -> Quotes {
        let world = &self.world;
        let (conditions, tokens) = (world.plan.conditions, Arc::new(SimulatedTokens::default()));
        let venues = [VenueId::RAYDIUM, VenueId::METEORA].map(|id| {
            let venue = SimulatedVenue::new(id, world.seed, conditions, tokens.clone(), world.clock.clone());
            Arc::new(venue.remembering(world.pools.clone())) as Arc<dyn Venue>
        });
        let market = Market::Paper { preset: "simulation".to_owned(), seed: world.seed };
        Quotes { market, venues: venues.into(), tokens, costs: costs(&conditions) }
    }

    fn worker_config(&self) -> WorkerConfig {
        let plan = &self.world.plan;
        let waits_for_ever = self.world.control == Some(Control::WaitsForEver);
        let call_deadline_ms = if waits_for_ever { 86_400_000 } else { 1_000 };
        WorkerConfig {
            lease_ms: u64::try_from(plan.lease.as_millis()).unwrap_or(u64::MAX),
            max_attempts: plan.max_attempts,
            retry_base_ms: 200,
            retry_cap_ms: 1_000,
            quote_deadline_ms: 500,
            call_deadline_ms,
            sweep_interval_ms: 1_000, // the rarer, the more of a day is not spent looking
            redeliver_after_ms: 2_000,
            outage_deadline_ms: 20_000,
            settle_patience_ms: 5_000,
            ..Settings::parse_from(["simulation"]).worker
        }
    }
}
