//! Extractors; every rejection is a problem.

mod body;
mod connection;
mod path;
mod query;

pub(crate) use body::{JsonBody, OptionalJsonBody};
pub(crate) use connection::Connection;
pub(crate) use path::OrderIdPath;
pub(crate) use query::{NoParameters, Parameters, refuse_query};
