//! The store over servers that answer but cannot work, and over connections that say nothing any more.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod pgbouncer;
mod postgres;
mod support;
