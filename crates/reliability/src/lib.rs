//! Breaks the engine and checks that its promises hold.
//!
//! Two instruments, one checker: `chaos` runs real processes over real servers and kills, stops and
//! cuts what it can reach; a deterministic simulation drives the real code over faulty in-memory
//! ports. Both end in the same evidence, and [`checker::check`] says what it breaks.

pub mod chaos;
pub mod checker;
pub mod simulation;
pub mod stored;
