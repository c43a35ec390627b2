use std::time::Duration;

use super::{Claim, ClaimAction, Commit};
use crate::{
    AccountId, CancelRequest, Order, OrderId, Timestamp,
    order::{InvalidTransition, Withdrawal},
};

/// A request to cancel an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancel {
    pub account: AccountId,
    pub id: OrderId,
    /// When the owner asked for it.
    pub at: Timestamp,
    /// Who claims the order if it can be canceled now; shown to operators.
    pub by: String,
    pub lease: Duration,
}

/// The result of a request to cancel an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancellation {
    /// The account has no such order.
    Unknown,
    /// The order had ended before.
    Ended(Box<Order>),
    /// The request is durable, and an execution holds the order or its transaction may still land. The
    /// execution, or the next claim of the order, carries the request out.
    Requested(Box<Order>),
    /// The request is durable and no worker executes the order: it is claimed for the caller, who commits
    /// [`Claim::cancel`].
    Claimed(Box<Claim>),
}

impl Claim {
    /// The commit that ends an order whose cancellation is on record and that has no unresolved attempt.
    ///
    /// # Errors
    /// [`InvalidTransition`] when the lifecycle does not allow it.
    pub fn cancel(self, request: CancelRequest, now: Timestamp) -> Result<Commit, InvalidTransition> {
        let mut order = self.order;
        let canceled = Withdrawal::Canceled(request).event(&order, None);
        let event = order.apply(canceled, now)?;
        Ok(Commit {
            fence: self.fence,
            order,
            events: vec![event],
            change: None,
            then: ClaimAction::Finish,
            effects: Vec::new(),
        })
    }
}
