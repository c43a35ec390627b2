//! Orders: what was asked, where it stands, and the events that brought it there.

mod event;
mod status;

use serde::{Deserialize, Serialize};

pub use event::{Event, EventData, OrderEvent};
pub use status::{EventKind, InvalidTransition, OrderStatus};

use crate::{AccountId, Bps, Failure, Fill, OrderId, QuoteRequest, Timestamp};

/// How an order executes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderType {
    /// At once, at the best price the venues give.
    Market,
}

/// What the owner asked for; never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderSpec {
    /// How it executes.
    #[serde(rename = "type")]
    pub order_type: OrderType,
    /// What is swapped.
    #[serde(flatten)]
    pub request: QuoteRequest,
    /// How far the result may fall behind the quote.
    pub slippage_bps: Bps,
    /// The owner's wallet, as the client named it. Kept and shown, not used by the simulated chain.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wallet: Option<String>,
    /// The client's own label. Kept, shown and filtered by; it identifies no order. Versions before 2026-12
    /// called it `clientId`.
    #[serde(skip_serializing_if = "Option::is_none", default, alias = "clientId")]
    pub tag: Option<String>,
}

/// An order as it stands: the fold of its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Who owns it.
    pub account: AccountId,
    /// The owner's own id for it, unique within the account.
    pub client_order_id: Option<String>,
    /// What was asked.
    pub spec: OrderSpec,
    /// Where it stands.
    pub status: OrderStatus,
    /// The attempt under way, counted from 1; 0 before the first.
    pub attempt: u32,
    /// The sequence number of its last event.
    pub last_seq: u32,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When its last event happened.
    pub updated_at: Timestamp,
    /// How it traded, once confirmed.
    pub fill: Option<Fill>,
    /// Why it failed, once failed; the last attempt's error while it retries.
    pub failure: Option<Failure>,
}

impl Order {
    /// A newly accepted order and its first event.
    pub fn accept(
        id: OrderId,
        account: AccountId,
        client_order_id: Option<String>,
        spec: OrderSpec,
        now: Timestamp,
    ) -> (Self, Event) {
        let order = Self {
            id,
            account,
            client_order_id,
            spec: spec.clone(),
            status: OrderStatus::Pending,
            attempt: 0,
            last_seq: 1,
            created_at: now,
            updated_at: now,
            fill: None,
            failure: None,
        };
        let event = Event {
            seq: 1,
            status: OrderStatus::Pending,
            attempt: 0,
            at: now,
            data: EventData::Accepted { order: spec },
        };
        (order, event)
    }

    /// Moves the order on by one event. This is the only way a status changes.
    ///
    /// # Errors
    /// [`InvalidTransition`] when the lifecycle does not allow the event here; the order is then
    /// unchanged.
    pub fn apply(&mut self, data: EventData, now: Timestamp) -> Result<Event, InvalidTransition> {
        let status = self.status.after(data.kind())?;
        let attempt = self.attempt.max(1);
        self.status = status;
        self.last_seq += 1;
        self.updated_at = self.updated_at.max(now);
        self.attempt = match &data {
            EventData::Retrying { .. } => attempt + 1,
            _ => attempt,
        };
        match &data {
            EventData::Confirmed { fill } => {
                self.fill = Some(fill.clone());
                self.failure = None;
            }
            EventData::Retrying { failure, .. } | EventData::Failed { failure, .. } => {
                self.failure = Some(failure.clone());
            }
            _ => {}
        }
        Ok(Event { seq: self.last_seq, status, attempt, at: self.updated_at, data })
    }

    /// Rebuilds an order from its events, the first included. `None` when they do not begin with
    /// its acceptance, leave a gap or break the lifecycle.
    pub fn fold(
        id: OrderId,
        account: AccountId,
        client_order_id: Option<String>,
        events: &[Event],
    ) -> Option<Self> {
        let (first, rest) = events.split_first()?;
        let EventData::Accepted { order: spec } = &first.data else { return None };
        let (mut order, accepted) = Self::accept(id, account, client_order_id, spec.clone(), first.at);
        if accepted != *first {
            return None;
        }
        for event in rest {
            if order.apply(event.data.clone(), event.at).ok()? != *event {
                return None;
            }
        }
        Some(order)
    }
}

#[cfg(test)]
mod tests;
