//! Connections to the databases, shared by what keeps data in one: the order store and the
//! simulated chain. No domain logic.
//!
//! - A [`Lease`] is closed when it is dropped. Only [`Lease::give_back`], called after the work has
//!   succeeded, returns the connection to its [`Pool`]. So a connection that was abandoned in the middle
//!   of a statement, missed its deadline, reported an error, or failed to roll back is never used again.
//! - [`within`] puts a deadline on any database call. `SQLx` offers no access to its sockets, so there is
//!   neither TCP keepalive nor `TCP_USER_TIMEOUT` on this side: a silent peer is only noticed
//!   by a deadline.
//! - [`Severity`] classifies an error: what caused it, and whether something may have been written.

mod deadline;
mod lease;
mod migrations;
mod pool;
pub mod postgres;
mod row;
mod severity;
pub mod sqlite;

pub use deadline::within;
pub use lease::Lease;
pub use migrations::migrator;
pub use pool::{Pool, PoolOptions, Probe};
pub use severity::{Severity, unfit};
