//! One order with everything that belongs to it.

use std::time::Duration;

use domain::{
    Event, Order, OrderStatus, Timestamp,
    ports::{
        Attempt, AttemptChange, AttemptState, Claim, ClaimAction, Commit, Fence, PARKED_AFTER, StoreError,
    },
};

/// An order's row.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) order: Order,
    pub(super) events: Vec<Event>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) idempotency_key: Option<String>,
    pub(super) fingerprint: [u8; 32],
    pub(super) wake_at: Option<Timestamp>,
    pub(super) lease_epoch: u64,
    pub(super) lease_until: Option<Timestamp>,
    /// Who claimed it until `lease_until`; nobody while it waits for its next attempt.
    pub(super) claimed_by: Option<String>,
    pub(super) lost_claims: u32,
}

impl Record {
    pub(super) fn is_parked(&self) -> bool {
        self.lost_claims > PARKED_AFTER && !self.order.status.is_terminal()
    }

    pub(super) fn unresolved(&self) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.state == AttemptState::Unresolved)
    }

    /// Whether the attempt record still is as the change expects it.
    pub(super) fn follows_attempts(&self, change: Option<&AttemptChange>) -> bool {
        match change {
            None => true,
            Some(AttemptChange::Open(_)) => self.unresolved().is_none(),
            Some(AttemptChange::Resolve { number, signature, .. }) => {
                self.unresolved().is_some_and(|attempt| {
                    attempt.number == *number && attempt.transaction.signature == *signature
                })
            }
        }
    }

    /// What a correct execution never breaks.
    pub(super) fn check(&self, commit: &Commit) -> Result<(), StoreError> {
        let is_gapless =
            (self.order.last_seq + 1..=commit.order.last_seq).eq(commit.events.iter().map(|event| event.seq));
        let is_terminal = commit.order.status.is_terminal();
        let finishes = commit.then == ClaimAction::Finish;
        let leaves_unresolved = match commit.change {
            Some(AttemptChange::Open(_)) => true,
            Some(AttemptChange::Resolve { .. }) => false,
            None => self.unresolved().is_some(),
        };
        let fills = commit.order.fill.is_some() == (commit.order.status == OrderStatus::Confirmed);
        if is_gapless && is_terminal == finishes && fills && !(is_terminal && leaves_unresolved) {
            Ok(())
        } else {
            Err(StoreError::unavailable("the commit breaks an invariant of the order"))
        }
    }

    /// Whether a claim holds.
    pub(super) fn is_executing(&self, now: Timestamp) -> bool {
        self.claimed_by.is_some() && self.lease_until.is_some_and(|until| until > now)
    }

    /// Makes a new claim.
    pub(super) fn claim(&mut self, by: &str, now: Timestamp, lease: Duration) -> Claim {
        let lost_claims = self.lost_claims;
        self.lost_claims += 1;
        self.lease_epoch += 1;
        self.claimed_by = Some(by.to_owned());
        self.hold(now, lease);
        Claim {
            fence: Fence { order_id: self.order.id, lease_epoch: self.lease_epoch },
            order: self.order.clone(),
            unresolved: self.unresolved().cloned(),
            lost_claims,
        }
    }

    /// Makes the claim hold from now on.
    pub(super) fn hold(&mut self, now: Timestamp, lease: Duration) {
        self.lease_until = Some(now + Claim::lease_of(lease, self.lost_claims));
        self.wake_at = self.lease_until;
    }

    pub(super) fn end_lease(&mut self, lease_until: Option<Timestamp>, wake_at: Option<Timestamp>) {
        self.lease_epoch += 1;
        self.claimed_by = None;
        self.lease_until = lease_until;
        self.wake_at = wake_at;
    }
}
