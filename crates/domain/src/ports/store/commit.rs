use std::time::Duration;

use super::{AttemptChange, Effect, Fence};
use crate::{CancelRequest, Event, Order, OrderEvent, books::Entry};

/// What happens to the claim with a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimAction {
    /// The execution goes on under its lease.
    Continue,
    /// The order cannot be claimed before the delay is over, by the store's clock; then it is due.
    RetryAfter(Duration),
    /// The order is terminal and never due again.
    Finish,
}

/// One transition, or several that happened together: all of it is written, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Proof of the claim.
    pub fence: Fence,
    /// The order after the events. Its `last_seq` less the number of events is what
    /// the row must still have.
    pub order: Order,
    /// The new events, gapless up to the order's `last_seq`.
    pub events: Vec<Event>,
    /// The change of the attempt record.
    pub change: Option<AttemptChange>,
    pub then: ClaimAction,
    /// What is written with it if it passes.
    pub effects: Vec<Effect>,
}

/// The result of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is durable.
    Committed,
    /// The lease is lost or the order has moved on. Nothing was written; the execution must stop.
    Fenced,
    /// The commit [leads to an attempt](Commit::leads_to_attempt) and the owner has asked to cancel the order.
    /// Nothing was written; the claim still holds.
    CancelRequested(CancelRequest),
}

impl Commit {
    /// Whether it submits an attempt or plans another one, which is refused once the owner has asked to cancel
    /// the order.
    pub fn leads_to_attempt(&self) -> bool {
        matches!(self.change, Some(AttemptChange::Open(_))) || matches!(self.then, ClaimAction::RetryAfter(_))
    }

    /// What it does to the books: an attempt that ended may have cost something, and what an order no longer needs is
    /// released.
    pub fn entry(&self) -> Option<Entry> {
        let fee = match &self.change {
            Some(AttemptChange::Resolve { network_fee, .. }) => *network_fee,
            _ => None,
        };
        Entry::of_step(&self.order, self.events.last()?, fee)
    }

    /// The events as they are announced once the commit is durable.
    pub fn announcements(&self) -> Vec<OrderEvent> {
        let (order_id, account) = (self.order.id, self.order.account);
        let events = self.events.iter().map(|event| OrderEvent { order_id, account, event: event.clone() });
        events.chain(Effect::announcements(&self.effects)).collect()
    }

    /// The sequence number the row must have for this commit to follow it.
    pub fn expected_seq(&self) -> u32 {
        self.order.last_seq - u32::try_from(self.events.len()).unwrap_or(u32::MAX)
    }
}
