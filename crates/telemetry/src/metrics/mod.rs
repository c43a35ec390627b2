//! What the process counts and measures, for Prometheus.
//!
//! Every name is in the [`catalogue`]; a fact is counted where it becomes true. Without
//! [`start`], as in a simulation, recording costs nothing.

pub mod catalogue;
mod exporter;
mod orders;

pub use exporter::{CONTENT_TYPE, render, start};
pub use orders::record_end;
