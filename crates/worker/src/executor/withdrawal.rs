//! Ending an order without a further attempt, because its owner canceled it or it expired.

use domain::{CancelRequest, EventData, Failure, Order, Timestamp};

use super::Outcome;

/// The owner's reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Withdrawal {
    /// It was canceled.
    Canceled(CancelRequest),
    /// It was to execute before this moment.
    Expired(Timestamp),
}

impl Withdrawal {
    /// Whether an order that cannot land is to be canceled or expired.
    pub(super) fn of(order: &Order, now: Timestamp) -> Option<Self> {
        let expired = || order.spec.expires_at.filter(|_| order.is_expired_at(now)).map(Self::Expired);
        order.cancel_request.map(Self::Canceled).or_else(expired)
    }

    /// The order's last event. `failure` is why its last attempt did not land.
    pub(super) fn event(self, failure: Option<Failure>) -> EventData {
        match self {
            Self::Canceled(request) => EventData::Canceled { requested_at: request.at, failure },
            Self::Expired(expires_at) => EventData::Expired { expires_at, failure },
        }
    }

    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Canceled(_) => Outcome::Canceled,
            Self::Expired(_) => Outcome::Expired,
        }
    }
}
