//! Where an order, its attempts, its transactions and its executions can stand.

use super::protocol::{Protection, Protocol};

pub(super) const EXECUTIONS: usize = 2;
pub(super) const MAX_ATTEMPTS: usize = 3;
/// Transactions that can exist; more than attempts only if one was never written down.
pub(super) const TRANSACTIONS: usize = MAX_ATTEMPTS + 1;

/// Where the order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Status {
    Routing,
    Submitted,
    Confirmed,
    Failed,
    Canceled,
}

/// What the store knows of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Attempt {
    Unresolved,
    Landed,
    Reverted,
    Expired,
}

/// What became of a transaction on chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum OnChain {
    Absent,
    Landed,
    Reverted,
}

/// A transaction outside of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Transaction {
    /// Copies of it are under way.
    pub(super) is_in_flight: bool,
    /// Its last valid block height has not passed.
    pub(super) is_valid: bool,
    pub(super) on_chain: OnChain,
}

/// What an execution is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Idle,
    /// A transaction is signed.
    Signed,
    /// Without writing ahead: it is sent and not on record.
    SentUnrecorded {
        transaction: usize,
    },
    /// The attempt is on record and its outcome not known.
    Settling {
        attempt: usize,
    },
    /// The chain has said how the attempt ended.
    Learned {
        attempt: usize,
        end: Attempt,
    },
    /// Nothing may land, and the owner no longer wants the order.
    Canceling,
}

/// An execution, perhaps of a claim that is no longer the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Execution {
    pub(super) step: Step,
    pub(super) holds_the_fence: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) status: Status,
    pub(super) is_leased: bool,
    /// The owner's request to cancel the order is on record.
    pub(super) is_cancel_requested: bool,
    /// An attempt was written after that.
    pub(super) has_attempt_after_cancel: bool,
    /// The attempt record: which transaction, and what is known of it.
    pub(super) attempts: Vec<(usize, Attempt)>,
    pub(super) transactions: Vec<Transaction>,
    pub(super) executions: [Execution; EXECUTIONS],
}

impl State {
    pub(super) fn unresolved(&self) -> Option<usize> {
        self.attempts.iter().position(|(_, known)| *known == Attempt::Unresolved)
    }

    pub(super) fn is_terminal(&self) -> bool {
        matches!(self.status, Status::Confirmed | Status::Failed | Status::Canceled)
    }

    pub(super) fn landed(&self) -> usize {
        self.transactions.iter().filter(|transaction| transaction.on_chain == OnChain::Landed).count()
    }

    pub(super) fn sign(&mut self) -> usize {
        self.transactions.push(Transaction {
            is_in_flight: false,
            is_valid: true,
            on_chain: OnChain::Absent,
        });
        self.transactions.len() - 1
    }

    /// Whether the store takes a write of this execution.
    pub(super) fn takes_write_of(&self, execution: usize, protocol: Protocol) -> bool {
        !self.is_terminal()
            && (self.executions[execution].holds_the_fence || protocol.lacks(Protection::Fence))
    }

    pub(super) fn end_claim(&mut self) {
        self.is_leased = false;
        self.executions.iter_mut().for_each(|execution| execution.holds_the_fence = false);
    }

    /// Puts an attempt on record.
    pub(super) fn write(&mut self, transaction: usize) -> usize {
        self.attempts.push((transaction, Attempt::Unresolved));
        self.has_attempt_after_cancel |= self.is_cancel_requested;
        self.status = Status::Submitted;
        self.attempts.len() - 1
    }
}
