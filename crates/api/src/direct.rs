//! The API without HTTP: what the routes do, for programs that embed it and for simulations of it.

use domain::OrderId;
use protocol::{CancelOutcome, EventBody};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    accept::{self, Caller},
    cancel,
    history::events_after,
    problem::Problem,
    state::AppState,
    stream::Follower,
};

/// The API over its state.
#[derive(Clone)]
pub struct InProcessApi(AppState);

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Refusal {
    /// The stable code of the problem.
    pub code: &'static str,
    /// Whether the same request may succeed later.
    pub is_retryable: bool,
    pub detail: String,
}

impl InProcessApi {
    /// Over the state of a router, or its own.
    pub fn new(state: AppState) -> Self {
        Self(state)
    }

    /// Listens to the bus and counts orders in flight until `stop`; without it nothing is delivered live.
    pub async fn run(&self, stop: CancellationToken) {
        let state = &self.0;
        tokio::join!(state.hub.run(stop.clone()), state.admission.run(state.store.as_ref(), stop.clone()));
    }

    /// Places an order as `POST /api/orders/execute` does, from the body and the idempotency key.
    ///
    /// # Errors
    /// [`Refusal`], as the route's problems.
    pub async fn place(&self, body: &[u8], idempotency_key: Option<String>) -> Result<OrderId, Refusal> {
        let request = self.0.parse_order(body).await?;
        Ok(accept::place(&self.0, request, Caller { idempotency_key, origin: None }).await?.order.id)
    }

    /// Cancels an order as `POST /api/orders/{id}/cancel` does. Returns the outcome.
    ///
    /// # Errors
    /// [`Refusal`] when there is no such order or the store does not answer.
    pub async fn cancel(&self, id: OrderId) -> Result<CancelOutcome, Refusal> {
        Ok(cancel::cancel(&self.0, id).await?.outcome())
    }

    /// Follows an order as the WebSocket does, from the first event after `after`.
    ///
    /// # Errors
    /// [`Refusal`] when there is no such order or the store does not answer.
    pub async fn follow(&self, id: OrderId, after: u32) -> Result<Following, Refusal> {
        let order = self.0.find_order(id).await?;
        Ok(Following(self.0.hub.follow(&order, after)))
    }

    /// The events of an order as clients receive them.
    ///
    /// # Errors
    /// [`Refusal`] when there is no such order or the store does not answer.
    pub async fn events(&self, id: OrderId) -> Result<Vec<Value>, Refusal> {
        let order = self.0.find_order(id).await?;
        let read = events_after(self.0.store.as_ref(), order.account, id, 0);
        let events = self.0.answer(read).await?;
        let tokens = self.0.tokens.as_ref();
        let bodies = events.iter().map(|event| to_value(&EventBody::new(id, event, tokens)));
        Ok(bodies.collect())
    }
}

/// An order that is being followed.
pub struct Following(Follower);

impl Following {
    /// The next event as clients receive it; `None` after the last.
    pub async fn next(&mut self) -> Option<Value> {
        let event = self.0.next().await?;
        Some(to_value(&event.body()))
    }
}

fn to_value(body: &EventBody<'_>) -> Value {
    // what is serialised here has string keys and no fallible parts
    serde_json::to_value(body).unwrap_or_default()
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let (code, is_retryable) = (problem.code.as_str(), problem.code.is_retryable());
        Self { code, is_retryable, detail: problem.detail }
    }
}
