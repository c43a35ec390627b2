use axum::extract::ws::Utf8Bytes;
use domain::OrderId;
use serde::Serialize;

use crate::{
    problem::Problem,
    wire::{WireEvent, to_text},
};

/// How a stream words its messages.
pub(crate) trait Dialect: Send + Sync {
    /// An event happened.
    fn event(&self, event: &WireEvent) -> Utf8Bytes;

    /// Something was refused.
    fn problem(&self, problem: &Problem) -> Utf8Bytes;

    /// There will be no more events, if the dialect says so.
    fn end(&self, order_id: OrderId) -> Option<Utf8Bytes>;
}

/// `{type:"connected"}`, `{type:"event"}`, `{type:"error"}`, `{type:"end"}`.
pub(crate) struct Canonical;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notice {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<OrderId>,
}

impl Canonical {
    /// The first message; names the order if one is followed already.
    pub(crate) fn connected(order_id: Option<OrderId>) -> Utf8Bytes {
        to_text(&Notice { kind: "connected", order_id })
    }
}

impl Dialect for Canonical {
    fn event(&self, event: &WireEvent) -> Utf8Bytes {
        event.message()
    }

    fn problem(&self, problem: &Problem) -> Utf8Bytes {
        to_text(&problem.message())
    }

    fn end(&self, order_id: OrderId) -> Option<Utf8Bytes> {
        Some(to_text(&Notice { kind: "end", order_id: Some(order_id) }))
    }
}
