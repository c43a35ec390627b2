//! A market, its venues and a chain that exist only here: truthful in what can go wrong, and
//! reproducible from a seed.

mod chain;
mod dice;
mod fate;
pub mod ledger;
pub mod market;
pub mod pool;
mod slots;
mod tokens;
mod transaction;
mod venue;

pub use chain::SimulatedChain;
pub use slots::{SLOT, VALID_SLOTS, height_at};
pub use tokens::{AlreadyListed, SimulatedTokens};
pub use venue::SimulatedVenue;
