use std::{collections::BTreeMap, fmt, fmt::Write};

use domain::{OrderId, Signature};
use venues::simulated::transaction_log::{Entry, LandingOutcome};

use super::OrderRecord;

/// A promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// An acknowledged order exists.
    AcknowledgedExists,
    /// Every order reaches a terminal status.
    Terminates,
    /// At most one transaction of an order lands.
    LandsOnce,
    /// A confirmed order has landed and a failed one has not.
    StatusTellsTheTruth,
    /// What an order shows of its trade is what the chain did.
    FillIsTrue,
    /// A trade keeps the bound of its order.
    KeepsItsBound,
    /// Every transaction on the chain belongs to an attempt on record, and every attempt on record
    /// was published as `submitted`.
    WrittenAhead,
    /// No attempt of a terminal order is unresolved, and each ended as the chain says.
    AttemptsResolved,
    /// The record of an attempt has what the chain charged for it, also if it reverted.
    FeesAreKept,
    /// Sequence numbers have no gap and begin at 1.
    Gapless,
    /// Every step is in the table of the lifecycle.
    LegalTransitions,
    /// There is one terminal event and it is the last.
    OneEnd,
    /// An order fails only for good reason or after its last attempt.
    FailsLast,
    /// The events give the row.
    FoldIsRow,
    /// Once the owner has asked to cancel an order, no attempt is submitted or planned, and what a client was
    /// answered is true.
    CancelHolds,
    /// No attempt is submitted once the order has expired, and no order expires early.
    ExpiryHolds,
    /// An idempotency key or client order id makes one order.
    OneOrderPerKey,
    /// Every order that is stored was asked for.
    AskedFor,
    /// The API's answer about an order's events is what is stored.
    ShownIsStored,
    /// A client saw the stored events, all and once.
    StreamIsComplete,
    /// A client of all orders saw the stored events of each, all and once.
    FeedIsComplete,
    /// The postings of a wallet add up to its balances.
    BooksAddUp,
    /// Exactly what orders that have not ended may need is held.
    HoldsAreNeeded,
    /// What an order moved between its wallet, the pools, the venues and the network is what the chain did, and every
    /// posting has its cause.
    PostingsAreTrue,
    /// What the books say of an order's rent is what the chain took and gave back.
    RentIsTrue,
    /// What an order's postings say of the fees of its venue and of the chain is what they took.
    FeesAreTrue,
    /// A wallet pays once for its account of a token.
    RentIsPaidOnce,
    /// Nothing is left of finished orders outside the store.
    Leftover,
}

/// A promise that was broken.
#[derive(Debug, Clone)]
pub struct Violation {
    pub rule: Rule,
    pub order: Option<OrderId>,
    pub detail: String,
    /// Everything known about the order, one line each.
    pub history: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.rule)?;
        if let Some(order) = self.order {
            write!(f, " by order {order}")?;
        }
        write!(f, ": {}", self.detail)?;
        if !self.history.is_empty() {
            write!(f, "\n{}", self.history)?;
        }
        Ok(())
    }
}

/// Everything known about an order, for people.
pub(super) fn history(record: &OrderRecord, transactions: &BTreeMap<&Signature, &Entry>) -> String {
    let mut text = String::new();
    let order = &record.order;
    // writing to a string cannot fail
    let _ = writeln!(
        text,
        "  row      {} attempt {} last_seq {} key {:?} fill {:?} failure {:?}",
        order.status, order.attempt, order.last_seq, record.key, order.fill, order.failure
    );
    for event in &record.events {
        let _ = writeln!(text, "  event    {} {} {} {:?}", event.at, event.seq, event.status, event.data);
    }
    for attempt in &record.attempts {
        let signature = &attempt.transaction.signature;
        let _ = writeln!(
            text,
            "  attempt  {} {} at {} {} {:?}",
            attempt.created_at, attempt.number, attempt.venue, signature, attempt.state
        );
        let entry = transactions.get(signature).map_or_else(
            || "never arrived".to_owned(),
            |entry| format!("received {} settles {} {}", entry.received_at, entry.settles_at, outcome(entry)),
        );
        let _ = writeln!(text, "  on chain {entry}");
    }
    text
}

fn outcome(entry: &Entry) -> &'static str {
    match (&entry.outcome, &entry.signed_bytes) {
        (LandingOutcome::Landed(_), _) => "landed",
        (LandingOutcome::Failed { .. }, _) => "reverted",
        (LandingOutcome::Expired, Some(_)) => "expired",
        (LandingOutcome::Expired, None) => "expired (tombstone)",
    }
}
