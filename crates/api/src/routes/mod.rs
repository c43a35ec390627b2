//! One route a file, and what several of them read in the same way.

pub(crate) mod cancel;
pub(crate) mod cancel_many;
pub(crate) mod engine;
pub(crate) mod events;
pub(crate) mod execute;
pub(crate) mod explain;
pub(crate) mod export;
mod export_file;
pub(crate) mod fallback;
mod filter;
pub(crate) mod health;
pub(crate) mod market;
pub(crate) mod metrics;
pub(crate) mod named;
pub(crate) mod order;
pub(crate) mod orders;
pub(crate) mod quotes;
pub(crate) mod resume;
pub(crate) mod search;
pub(crate) mod statistics;
pub(crate) mod stream;
pub(crate) mod summary;
pub(crate) mod tokens;
pub(crate) mod venues;
pub(crate) mod wallets;
