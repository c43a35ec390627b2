//! The ports as a process sees them: through a network, to servers that may fail.

mod bus;
mod chain;
mod queue;
mod store;

pub(super) use bus::SimulatedBus;
pub(super) use chain::{FaultyChain, FaultySigner, chain_for};
pub(super) use queue::SimulatedQueue;
pub(super) use store::FaultyStore;
