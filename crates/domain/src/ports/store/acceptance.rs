use std::time::Duration;

use super::Effect;
use crate::{
    AccountId, Event, Order, OrderEvent, OrderId,
    books::{Entry, Shortage},
};

/// An order to be made durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The order, `pending`, with its client order id if it has one.
    pub order: Order,
    /// Its first event.
    pub event: Event,
    /// The `Idempotency-Key` it came with.
    pub idempotency_key: Option<String>,
    /// A digest of the request, which distinguishes a repeated request from a different one.
    pub fingerprint: [u8; 32],
    /// The digest that earlier versions stored for the same request, if it differs.
    pub earlier_fingerprint: Option<[u8; 32]>,
    /// When it is due at the latest: how long the push to the queue may take before the sweeper
    /// steps in, or how long a resting order rests. `None`: not before its trigger fires.
    pub due_after: Option<Duration>,
    /// What is written with it if the order is new.
    pub effects: Vec<Effect>,
}

impl Acceptance {
    /// What it does to the books: the order's tokens are held for it.
    pub fn entry(&self) -> Option<Entry> {
        Entry::of_step(&self.order, &self.event, None)
    }

    /// What it is known by when it comes again.
    pub fn keys(&self) -> RequestKeys<'_> {
        RequestKeys {
            account: self.order.account,
            idempotency_key: self.idempotency_key.as_deref(),
            client_order_id: self.order.client_order_id.as_deref(),
            fingerprint: self.fingerprint,
            earlier_fingerprint: self.earlier_fingerprint,
        }
    }

    /// The events as they are announced once the order is durable.
    pub fn announcements(&self) -> Vec<OrderEvent> {
        let (order_id, account) = (self.order.id, self.order.account);
        let accepted = OrderEvent { order_id, account, event: self.event.clone() };
        [vec![accepted], Effect::announcements(&self.effects)].concat()
    }
}

/// What a request for an order is known by when it comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestKeys<'a> {
    pub account: AccountId,
    pub idempotency_key: Option<&'a str>,
    pub client_order_id: Option<&'a str>,
    /// As in an [`Acceptance`].
    pub fingerprint: [u8; 32],
    /// As in an [`Acceptance`].
    pub earlier_fingerprint: Option<[u8; 32]>,
}

impl RequestKeys<'_> {
    /// Whether an order with this digest was asked for by the same request.
    pub fn is_same(&self, fingerprint: &[u8]) -> bool {
        let ours = [Some(self.fingerprint), self.earlier_fingerprint];
        ours.iter().flatten().any(|ours| ours == fingerprint)
    }
}

/// The result of an acceptance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// A new order is durable.
    Created,
    /// The same request came before; this is its order in its current state.
    Replayed(Box<Order>),
    /// The key (or client order id, or id) belongs to an order that asked for something else.
    Conflict(OrderId),
    /// The wallet does not have what would be held for the order. Nothing was written.
    Insufficient(Vec<Shortage>),
}
