//! A market and its venues that exist only here: truthful in what can go wrong, and reproducible
//! from a seed.

mod dice;
pub mod market;
pub mod pool;
mod venue;

pub use venue::SimulatedVenue;
