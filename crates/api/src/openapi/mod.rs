//! The `OpenAPI` document, generated from the handlers and the types they send.

mod body;
pub(crate) mod document;
mod optional;
mod plain;
mod problems;

pub(crate) use body::{AmountOfToken, OrderBody};
pub(crate) use problems::{problems, responses};
