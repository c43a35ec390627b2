//! Rows of versions before 2026-12: see [`domain::legacy`]. They are converted as they are read; what is
//! stored stays unchanged.

use std::collections::BTreeMap;

use domain::{Event, EventData, OrderId, OrderSpec, QuoteRequest, legacy, ports::FeedEvent};
use serde_json::Value;
use sqlx::types::Json;

use super::row::read;

/// The requests of orders, as far as they can be read.
pub(super) struct Requests(BTreeMap<OrderId, QuoteRequest>);

impl Requests {
    /// Takes ids and specs.
    pub(super) fn of(rows: Vec<(sqlx::types::Uuid, Json<Value>)>) -> Self {
        let readable = rows
            .into_iter()
            .filter_map(|(id, spec)| Some((OrderId(id), read::<OrderSpec>(spec).ok()?.request)));
        Self(readable.collect())
    }

    /// Converts an order's event to the current form.
    pub(super) fn update(&self, order: OrderId, event: &mut Event) {
        if let (EventData::Unknown(data), Some(request)) = (&event.data, self.0.get(&order))
            && let Some(data) = legacy::event_data(data, request)
        {
            event.data = data;
        }
    }
}

/// The orders whose requests are needed to read these events.
pub(super) fn orders_of(events: &[FeedEvent]) -> Vec<OrderId> {
    let mut orders: Vec<_> =
        events.iter().filter(|fed| is_legacy(&fed.event)).map(|fed| fed.order_id).collect();
    orders.dedup();
    orders
}

/// Whether an event is of such a version.
pub(super) fn is_legacy(event: &Event) -> bool {
    legacy::is_event_data(&event.data)
}
