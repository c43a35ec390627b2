//! What the process counts and measures, for Prometheus.
//!
//! Every name is in the [`catalogue`]; who knows a fact counts it where it becomes true. Without
//! [`start`] all of it costs nothing and goes nowhere, as in a simulation.

pub mod catalogue;
mod exporter;

pub use exporter::{CONTENT_TYPE, render, start};
