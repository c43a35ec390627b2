//! Canceling an order: the request is durable first, then the order ends, here or where it executes.

use std::{sync::Arc, time::Duration};

use domain::{
    Order, OrderEvent, OrderId, OrderStatus,
    ports::{Cancel, Cancellation, Claim, CommitOutcome, StoreError},
};
use metrics::counter;
use protocol::CancelOutcome;
use telemetry::metrics::{catalogue, record_end};

use crate::{problem::Problem, state::AppState};

/// How long this process may take to end an order that it claimed. Then a worker does it.
const LEASE: Duration = Duration::from_secs(10);

/// The result of a request to cancel an order.
pub(crate) enum Canceled {
    /// It is canceled, by this request or an earlier one.
    Done(Order),
    /// An execution holds it, or its transaction may still land. No further attempt is made.
    Requested(Order),
    /// It had already ended otherwise.
    TooLate(Order),
}

/// Cancels an order. Runs to its end even if the client goes away.
pub(crate) async fn cancel(state: &AppState, id: OrderId) -> Result<Canceled, Problem> {
    let canceling = tokio::spawn(put_on_record(state.clone(), id));
    let joined = async { canceling.await.unwrap_or_else(|error| Err(StoreError::unknown(error))) };
    state.answer(joined).await?.ok_or_else(|| Problem::order_not_found(id))
}

async fn put_on_record(state: AppState, id: OrderId) -> Result<Option<Canceled>, StoreError> {
    let at = state.clock.now();
    let request = Cancel { account: state.account, id, at, by: "api".to_owned(), lease: LEASE };
    let canceled = match state.store.cancel(request).await? {
        Cancellation::Unknown => return Ok(None),
        Cancellation::Ended(order) if order.status == OrderStatus::Canceled => Canceled::Done(*order),
        Cancellation::Ended(order) => Canceled::TooLate(*order),
        Cancellation::Requested(order) => Canceled::Requested(*order),
        Cancellation::Claimed(claim) => end(&state, *claim).await?,
    };
    counter!(catalogue::CANCEL_REQUESTS, "result" => canceled.outcome().as_str()).increment(1);
    tracing::info!(order_id = %id, result = canceled.outcome().as_str(), "cancel");
    Ok(Some(canceled))
}

/// Cancels an order that no worker is executing.
async fn end(state: &AppState, claim: Claim) -> Result<Canceled, StoreError> {
    let order = claim.order.clone();
    let Some(request) = order.cancel_request else { return Ok(Canceled::Requested(order)) };
    let commit = match claim.cancel(request, state.clock.now()) {
        Ok(commit) => commit,
        Err(error) => {
            // a status that only a later version knows: a process of that version ends the order
            tracing::warn!(order_id = %order.id, %error, "this version cannot end the order");
            return Ok(Canceled::Requested(order));
        }
    };
    let announcements = commit.announcements();
    let canceled = Order { cancel_request: order.cancel_request, ..commit.order.clone() };
    match state.store.commit(commit).await? {
        CommitOutcome::Committed => {
            for OrderEvent { event, .. } in &announcements {
                record_end(event, canceled.created_at);
            }
            state.bus.publish(announcements.into_iter().map(Arc::new).collect());
            Ok(Canceled::Done(canceled))
        }
        // the claim ran out meanwhile, and its new holder ends the order
        CommitOutcome::Fenced | CommitOutcome::CancelRequested(_) => Ok(Canceled::Requested(order)),
    }
}

impl Canceled {
    /// The outcome as shown.
    pub(crate) const fn outcome(&self) -> CancelOutcome {
        match self {
            Self::Done(_) => CancelOutcome::Canceled,
            Self::Requested(_) => CancelOutcome::CancelRequested,
            Self::TooLate(_) => CancelOutcome::AlreadyTerminal,
        }
    }

    /// The order in its current state.
    pub(crate) fn order(&self) -> &Order {
        match self {
            Self::Done(order) | Self::Requested(order) | Self::TooLate(order) => order,
        }
    }
}
