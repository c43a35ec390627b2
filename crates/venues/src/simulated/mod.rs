//! A market, its venues and a chain that exist only here: truthful in what can go wrong, and
//! reproducible from a seed.

mod accounts;
mod budget;
mod chain;
mod displacement;
mod fee;
pub mod market;
mod outcome;
pub mod pool;
mod pool_memory;
pub mod program;
mod random;
mod signer;
mod slots;
mod tokens;
mod transaction;
pub mod transaction_log;
mod venue;

pub use accounts::ACCOUNT_RENT;
pub use chain::SimulatedChain;
pub use fee::costs;
pub use pool_memory::PoolMemory;
pub use signer::SimulatedSigner;
pub use slots::{SLOT, VALID_SLOTS, height_at};
pub use tokens::{AlreadyListed, SimulatedTokens};
pub use venue::SimulatedVenue;
