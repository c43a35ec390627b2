//! The API over real sockets, on the store in memory and a bus and a queue that fail on demand.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod access;
mod bad_input;
mod cancel;
mod compat;
mod connections;
mod contract;
mod dashboard;
mod execute;
mod faults;
mod feed;
mod health;
mod market;
mod messages;
mod overload;
mod queries;
mod resume;
mod server;
mod statistics;
mod streams;
mod support;
mod wallet_names;
mod wallet_worth;
mod wallets;
