//! The HTTP and WebSocket interface.
//!
//! Amounts are whole tokens as decimal strings everywhere; times are RFC 3339. Refusals are RFC 9457
//! problem details. A WebSocket ends with one of these codes: 1000 after the last event, 1001 when
//! the server stops, 1002 or 1007 when it is not the
//! protocol or not UTF-8, 1009 when a message is too large, 1013 when the peer reads too slowly or the
//! store is down (connect again with `after`), 4408 when the peer is silent, and otherwise 4000 and
//! the HTTP status of what was refused, such as 4400 for a message that is not an order and 4404 for an
//! unknown order.

mod about;
mod accept;
mod access;
mod admission;
mod base_url;
mod cancel;
mod compat;
mod config;
mod dashboard;
pub mod direct;
mod funding;
mod guides;
mod headers;
mod history;
mod openapi;
mod pause;
mod prices;
mod problem;
mod request;
mod routes;
mod run;
mod server;
mod state;
mod statistics;
mod stream;
mod validation;
mod wallets;

pub use about::About;
pub use access::Access;
pub use config::{ApiConfig, Limits};
pub use run::{bind, check, run};
pub use server::{router, serve};
pub use state::{AppState, Backends};
