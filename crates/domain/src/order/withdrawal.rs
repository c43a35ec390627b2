//! Ending an order without a further attempt, because its owner canceled it or it expired.

use super::{CancelRequest, EventData, Order};
use crate::{Failure, Timestamp};

/// The owner's reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawal {
    /// It was canceled.
    Canceled(CancelRequest),
    /// It was to execute before this moment.
    Expired(Timestamp),
}

impl Withdrawal {
    /// Whether an order that cannot land is to be canceled or expired.
    pub fn of(order: &Order, now: Timestamp) -> Option<Self> {
        let expired = || order.spec.expires_at.filter(|_| order.is_expired_at(now)).map(Self::Expired);
        order.cancel_request.map(Self::Canceled).or_else(expired)
    }

    /// The order's last event. `failure` is why the attempt that just ended did not land; without one it is the
    /// order's last failure.
    pub fn event(self, order: &Order, failure: Option<Failure>) -> EventData {
        let failure = failure.or_else(|| order.failure.clone());
        match self {
            Self::Canceled(request) => EventData::Canceled { requested_at: request.at, failure },
            Self::Expired(expires_at) => EventData::Expired { expires_at, failure },
        }
    }
}
