//! Orders: the request, the current state, and the events that led to it.

mod event;
mod origin;
mod status;
mod withdrawal;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use event::{Event, EventData, EventKind, OrderEvent};
pub use origin::Origin;
pub use status::{InvalidTransition, OrderStatus, Phase, UnknownStatus};
pub use withdrawal::Withdrawal;

use crate::{
    AccountId, Amount, Bps, Failure, Fill, OrderId, Quote, QuoteRequest, SwapAmount, Timestamp, TokenAmount,
    books::Funding, swap::SlippageBound,
};

/// How an order executes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum OrderType {
    /// At once, at the best price the venues give.
    Market,
}

impl fmt::Display for OrderType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.into())
    }
}

/// The most attempts that any worker may be configured to make. What all of them may cost is held for an order.
pub const MOST_ATTEMPTS: u32 = 10;

/// What was ordered; never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderSpec {
    /// How it executes.
    #[serde(rename = "type")]
    pub order_type: OrderType,
    /// What is swapped.
    #[serde(flatten)]
    pub request: QuoteRequest,
    /// How much worse than the quote the result may be.
    pub slippage_bps: Bps,
    /// The owner's wallet, as the client named it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wallet: Option<String>,
    /// The client's own label. Kept, shown and filtered by; it identifies no order. Versions before 2026-12
    /// called it `clientId`.
    #[serde(skip_serializing_if = "Option::is_none", default, alias = "clientId")]
    pub tag: Option<String>,
    /// An absolute bound beside the slippage: `minAmountOut` or `maxAmountIn`. The tighter of the two applies,
    /// to every attempt.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bound: Option<SlippageBound>,
    /// No attempt is submitted from this moment on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_at: Option<Timestamp>,
    /// What it trades from. Orders that were accepted before there were wallets have none: they trade from nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub funding: Option<Funding>,
}

impl OrderSpec {
    /// The worst acceptable result of a swap at `quote`: the slippage around the quote, or the order's own bound
    /// if that is tighter. The quote itself may break the order's own bound.
    pub fn bound_around(&self, quote: &Quote) -> SlippageBound {
        let around = SlippageBound::around(quote, self.request.amount, self.slippage_bps);
        let bounds = self.bound.into_iter().chain(self.held_bound());
        bounds.fold(around, SlippageBound::tighter)
    }
}

impl OrderSpec {
    /// No more than is held may be spent.
    fn held_bound(&self) -> Option<SlippageBound> {
        let funding = self.funding.filter(|_| matches!(self.request.amount, SwapAmount::ExactOut(_)))?;
        Some(SlippageBound::MaxAmountIn(TokenAmount::new(self.request.token_in, funding.swap)))
    }
}

/// A recorded request to cancel an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelRequest {
    /// When it was first requested.
    pub at: Timestamp,
    /// The sequence number of the order's last event then. No attempt is submitted or planned after it.
    pub after_seq: u32,
}

/// An order in its current state: the fold of its events, and the owner's request to cancel it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub id: OrderId,
    pub account: AccountId,
    /// The owner's own id for it, unique within the account.
    pub client_order_id: Option<String>,
    pub spec: OrderSpec,
    pub status: OrderStatus,
    /// The attempt under way, counted from 1; 0 before the first.
    pub attempt: u32,
    /// The sequence number of its last event.
    pub last_seq: u32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// How it traded, once confirmed.
    pub fill: Option<Fill>,
    /// Why it failed, once failed; the last attempt's error while it retries.
    pub failure: Option<Failure>,
    /// What the chain has charged for its attempts so far, lamports.
    pub network_fees: Amount,
    /// When the next attempt begins, while the order waits for it.
    pub next_attempt_at: Option<Timestamp>,
    /// The request to cancel it. Not an event, because it is written while an execution may be writing
    /// its own events; its outcome is one.
    pub cancel_request: Option<CancelRequest>,
}

impl OrderSpec {
    /// The status of a new order that asks for this.
    pub fn first_status(&self) -> OrderStatus {
        match self.order_type {
            OrderType::Market => OrderStatus::Pending,
        }
    }
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
        let status = spec.first_status();
        let order = Self {
            id,
            account,
            client_order_id,
            spec: spec.clone(),
            status,
            attempt: 0,
            last_seq: 1,
            created_at: now,
            updated_at: now,
            fill: None,
            failure: None,
            network_fees: Amount(0),
            next_attempt_at: None,
            cancel_request: None,
        };
        let event = Event {
            seq: 1,
            status,
            attempt: 0,
            at: now,
            data: EventData::Accepted { order: spec, origin: None },
        };
        (order, event)
    }

    /// Applies one event. This is the only way a status changes.
    ///
    /// # Errors
    /// [`InvalidTransition`] when the lifecycle does not allow the event here; the order is then
    /// unchanged.
    pub fn apply(&mut self, data: EventData, now: Timestamp) -> Result<Event, InvalidTransition> {
        let status = self.status.after(data.kind())?;
        if self.status == OrderStatus::Submitted {
            self.network_fees.0 =
                self.network_fees.0.saturating_add(data.network_fee().unwrap_or_default().0);
        }
        let attempt = match &data {
            EventData::RoutingStarted => self.attempt.max(1),
            _ => self.attempt,
        };
        self.status = status;
        self.last_seq += 1;
        self.updated_at = self.updated_at.max(now);
        self.attempt = match &data {
            EventData::Retrying { .. } => attempt + 1,
            _ => attempt,
        };
        self.next_attempt_at = match &data {
            EventData::Retrying { next_attempt_at, .. } => Some(*next_attempt_at),
            EventData::Waiting { until, .. } => Some(*until),
            _ => None,
        };
        match &data {
            EventData::Confirmed { fill, .. } => {
                self.fill = Some(fill.clone());
                self.failure = None;
            }
            EventData::Waiting { failure, .. }
            | EventData::Retrying { failure, .. }
            | EventData::Failed { failure }
            | EventData::Canceled { failure: Some(failure), .. }
            | EventData::Expired { failure: Some(failure), .. } => {
                self.failure = Some(failure.clone());
            }
            _ => {}
        }
        Ok(Event { seq: self.last_seq, status, attempt, at: self.updated_at, data })
    }

    /// Whether it has reached its `expiresAt`. An order's time never runs backwards, whatever a process's clock says.
    pub fn is_expired_at(&self, now: Timestamp) -> bool {
        self.spec.expires_at.is_some_and(|expires_at| expires_at <= now.max(self.updated_at))
    }

    /// Rebuilds an order from its events, the first included, all but the request to cancel it, which is not an
    /// event. `None` when they do not begin with its acceptance, leave a gap or break the lifecycle.
    pub fn fold(
        id: OrderId,
        account: AccountId,
        client_order_id: Option<String>,
        events: &[Event],
    ) -> Option<Self> {
        let (first, rest) = events.split_first()?;
        let EventData::Accepted { order: spec, origin } = &first.data else { return None };
        let (mut order, accepted) = Self::accept(id, account, client_order_id, spec.clone(), first.at);
        if accepted.placed_by(origin.clone()) != *first {
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
