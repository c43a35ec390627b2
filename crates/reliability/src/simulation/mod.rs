//! The real executor, sweeper, router and delivery over faulty in-memory ports, in time that only
//! exists here. One seed decides everything: what is lost, repeated, delayed, and who dies where.
//!
//! A process of the simulation is whatever holds the same [`process::Process`]: every call it makes to
//! a port goes through there, and may fail, wait, or never return because the process has died before
//! or after the call took effect. Between two such calls a process does nothing that others
//! could see, so this is a crash at every point that matters.

mod clients;
mod clock;
mod controls;
mod machine;
mod plan;
mod ports;
mod process;
mod world;

use std::{sync::Arc, time::Duration};

pub use controls::Control;
use domain::{
    AccountId,
    ports::{OrderCounts, OrderFilter, OrderReads},
};
use machine::Machines;
pub use plan::Plan;
use tokio::time::{Instant, sleep, timeout};
use world::World;

use crate::checker::{self, Evidence, OrderRecord, Violation, WalletRecord};

/// How long nothing must move: longer than any call takes once all is well.
const QUIET_FOR: Duration = Duration::from_secs(1);

/// The result of a run.
pub struct Verdict {
    /// The seed that gives the same run again.
    pub seed: u64,
    pub violations: Vec<Violation>,
    /// Everything that happened, in order, a line each.
    pub trace: Vec<String>,
    /// A number that any difference between two runs changes, also one that the trace leaves out.
    pub fingerprint: u64,
    pub evidence: Evidence,
}

/// Runs one seed. With a control one protection is taken out, and the checker must notice.
///
/// # Panics
/// When no runtime can be built.
pub fn run(seed: u64, control: Option<Control>) -> Verdict {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O can be built");
    runtime.block_on(simulate(seed, control))
}

async fn simulate(seed: u64, control: Option<Control>) -> Verdict {
    let world = World::new(seed, control);
    let machines = Arc::new(Machines::new(&world));
    machines.start_all();
    let clients = clients::start(&machines);
    let troubled = machines.clone().inject_faults();
    let _ = timeout(world.plan.trouble, troubled).await;
    world.heal();
    machines.replace_the_dead();

    let deadline = Instant::now() + world.plan.rest_within();
    let records = clients.finish(deadline).await;
    rest(&world, deadline).await;
    let evidence = collect(&world, &machines, records).await;
    Verdict {
        seed,
        violations: checker::check(&evidence),
        trace: world.trace(),
        fingerprint: world.fingerprint(),
        evidence,
    }
}

/// Waits until nothing has moved for a while: a request whose client is gone may still be on its way
/// and become an order.
async fn rest(world: &World, deadline: Instant) {
    let mut since = Instant::now();
    while since.elapsed() < QUIET_FOR && Instant::now() < deadline {
        sleep(Duration::from_millis(250)).await;
        if !is_at_rest(world).await {
            since = Instant::now();
        }
    }
}

async fn is_at_rest(world: &World) -> bool {
    matches!(world.store.in_flight(1).await, Ok(0))
        && world.log_entries().await.iter().all(|entry| entry.settles_at <= world.clock.now_here())
}

async fn collect(world: &World, machines: &Machines, records: clients::Records) -> Evidence {
    let everything = OrderFilter::newest(u32::MAX);
    let stored = world.store.orders(AccountId::DEFAULT, everything).await.unwrap_or_default().orders;
    let keys: std::collections::BTreeMap<_, _> = world.store.keys().into_iter().collect();
    let mut orders = Vec::with_capacity(stored.len());
    for order in stored {
        let id = order.id;
        orders.push(OrderRecord {
            key: keys.get(&id).cloned().flatten(),
            events: world.store.events(AccountId::DEFAULT, id, 0, u32::MAX).await.unwrap_or_default(),
            attempts: world.store.attempts(AccountId::DEFAULT, id).await.unwrap_or_default(),
            shown: machines.shown(id).await,
            order,
        });
    }
    Evidence {
        feeds: Vec::new(),
        max_attempts: world.plan.max_attempts,
        requests: records.requests,
        follows: records.follows,
        orders,
        transactions: world.log_entries().await,
        wallets: WalletRecord::all(world.store.as_ref(), AccountId::DEFAULT).await.unwrap_or_default(),
        leftovers: Vec::new(),
    }
}
