//! Accepting an order: durable first, announced and queued after.

use std::{sync::Arc, time::Duration};

use axum::http::{HeaderMap, HeaderName, header};
use domain::{
    Order, OrderId, OrderSpec, Origin, Phase, Timestamp,
    ports::{Acceptance, Accepted, RequestKeys, StoreError},
};
use metrics::counter;
use telemetry::metrics::catalogue;
use tokio::time::timeout;
use tracing::Instrument;

use crate::{
    funding::takes_quotes,
    headers::REQUEST_ID,
    problem::{Code, Problem},
    state::AppState,
    validation::OrderRequest,
};

/// The header, and the name that an earlier system gave it.
const IDEMPOTENCY_KEY: [&str; 2] = ["idempotency-key", "x-idempotency-key"];
const MAX_KEY_CHARS: usize = 255;
/// Maximum length of the `User-Agent` that is kept with an order.
const MAX_CLIENT_CHARS: usize = 200;
/// How long a push may take. Longer than the queue's own timeout, whose error says more.
const PUSH_WITHIN: Duration = Duration::from_secs(2);

/// What a request says about itself, beside the order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    /// Printable ASCII, up to 255 characters.
    pub(crate) idempotency_key: Option<String>,
    pub(crate) origin: Option<Origin>,
}

impl Caller {
    /// The caller that the headers name.
    ///
    /// # Errors
    /// When the idempotency key is not one.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let origin = text(REQUEST_ID).map(|request_id| Origin {
            request_id: request_id.to_owned(),
            client: text(header::USER_AGENT).map(|agent| agent.chars().take(MAX_CLIENT_CHARS).collect()),
        });
        Ok(Self { idempotency_key: idempotency_key(headers)?, origin })
    }
}

/// An order that was stored.
pub(crate) struct Placed {
    pub(crate) order: Order,
    /// Whether an earlier request placed it.
    pub(crate) is_replay: bool,
}

/// The `Idempotency-Key` of a request, if it has one: printable ASCII, up to 255 characters.
///
/// # Errors
/// When it is not one, or there are several.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = IDEMPOTENCY_KEY.into_iter().flat_map(|name| headers.get_all(name));
    let Some(value) = values.next() else { return Ok(None) };
    let refuse = |detail: &str| Err(Problem::new(Code::InvalidIdempotencyKey, detail));
    if values.any(|other| other != value) {
        return refuse("the request has more than one Idempotency-Key");
    }
    match value.to_str() {
        Ok("") => refuse("the Idempotency-Key is empty"),
        Ok(key) if key.len() > MAX_KEY_CHARS => {
            refuse(&format!("the Idempotency-Key is longer than {MAX_KEY_CHARS} characters"))
        }
        Ok(key) if !key.contains('\t') => Ok(Some(key.to_owned())),
        _ => refuse("the Idempotency-Key is not printable ASCII"),
    }
}

/// Admits and accepts an order. Acceptance runs to its end even if the client goes away. Once the client has been
/// answered with a failure it is aborted: what was not sent to the store by then is never executed.
pub(crate) async fn place(
    state: &AppState,
    request: OrderRequest,
    caller: Caller,
) -> Result<Placed, Problem> {
    let phase = request.spec.first_status().phase();
    let entry = state.admission.enter(phase, state.account, state.store.as_ref()).await?;
    let now = state.clock.now(); // also in the id, by which lists find the orders of a period
    let id = state.next_id(now);
    let span = tracing::info_span!("accept", order_id = %id);
    telemetry::join(&span, id);
    let accepting = accept(state.clone(), request, caller, id, now).instrument(span);
    let task = tokio::spawn(async move {
        let placed = accepting.await;
        drop(entry);
        placed
    });
    let abandoned = task.abort_handle();
    let joined = async { task.await.map_err(StoreError::unknown) };
    let answered = state.answer(joined).await;
    if answered.is_err() {
        abandoned.abort();
    }
    answered?
}

/// Stores an order, then announces it and wakes a worker up.
///
/// A request that came before is answered as it was then, whatever has become of its wallet and of the venues: before
/// either could refuse it, its keys are looked up.
async fn accept(
    state: AppState,
    request: OrderRequest,
    caller: Caller,
    id: OrderId,
    now: Timestamp,
) -> Result<Placed, Problem> {
    let wallet = match state.wallet_of(&request).await {
        Ok(Some(wallet)) => Ok(wallet),
        Ok(None) => Ok(state.default_wallet().await?),
        Err(problem) if problem.code == Code::WalletNotFound => Err(problem),
        Err(problem) => return Err(problem),
    };
    let (fingerprint, earlier_fingerprint) =
        request.fingerprints(state.account, wallet.as_ref().ok().copied());
    let OrderRequest { spec, client_order_id, .. } = request;
    let keys = RequestKeys {
        account: state.account,
        idempotency_key: caller.idempotency_key.as_deref(),
        client_order_id: client_order_id.as_deref(),
        fingerprint,
        earlier_fingerprint,
    };
    if wallet.is_err() || takes_quotes(&spec) {
        let repeated = state.answer(state.store.repeated(keys)).await?;
        if let Some(answer) = repeated.and_then(|repeated| known_answer(&state, repeated)) {
            return answer;
        }
    }
    let funding = state.fund(wallet?, &spec).await?;
    let spec = OrderSpec { funding: Some(funding), ..spec };
    let (order, event) = Order::accept(id, state.account, client_order_id, spec, now);
    let rests = order.status.phase() == Phase::Resting;
    let due_after = if rests {
        order.spec.expires_at.map(|expires_at| expires_at.since(now))
    } else {
        Some(state.limits.push_grace)
    };
    let acceptance = Acceptance {
        order,
        event: event.placed_by(caller.origin),
        idempotency_key: caller.idempotency_key,
        fingerprint,
        earlier_fingerprint,
        due_after,
        effects: Vec::new(),
    };
    let follows_the_market = takes_quotes(&acceptance.order.spec);
    store(&state, acceptance).await.map_err(|mut problem| {
        if problem.code == Code::InsufficientBalance && follows_the_market {
            problem.detail +=
                "; without maxAmountIn this follows the market: set it, or deposit more than is missing";
        }
        problem
    })
}

async fn store(state: &AppState, acceptance: Acceptance) -> Result<Placed, Problem> {
    let order = acceptance.order.clone();
    let announcements = acceptance.announcements();
    let accepted = state.store.accept(acceptance).await;
    let accepted = accepted.map_err(|error| Problem::store_unavailable(&error))?;
    if let Some(answer) = known_answer(state, accepted) {
        return answer;
    }
    let rests = order.status.phase() == Phase::Resting;
    if !rests {
        state.admission.accepted();
    }
    counter!(catalogue::ORDERS_ACCEPTED).increment(1);
    tracing::info!(order_id = %order.id, spec = ?order.spec.request, "order accepted");
    state.bus.publish(announcements.into_iter().map(Arc::new).collect());
    if !rests {
        push(state, order.id);
    }
    Ok(Placed { order, is_replay: false })
}

/// The answer to a request that made no new order; `None` if it made one.
fn known_answer(state: &AppState, accepted: Accepted) -> Option<Result<Placed, Problem>> {
    Some(match accepted {
        Accepted::Created => return None,
        Accepted::Replayed(order) => {
            counter!(catalogue::ORDERS_REPLAYED).increment(1);
            Ok(Placed { order: *order, is_replay: true })
        }
        Accepted::Insufficient(shortages) => {
            Err(Problem::insufficient_balance(&shortages, state.tokens.as_ref()))
        }
        Accepted::Conflict(existing) => Err(Problem {
            order_id: Some(existing),
            ..Problem::new(
                Code::IdempotencyConflict,
                format!(
                    "the key or client order id belongs to order {existing}, which is different; use a new key for a new order"
                ),
            )
        }),
    })
}

/// Wakes a worker up without keeping the client waiting. If that fails the sweeper does it after the grace period.
fn push(state: &AppState, id: OrderId) {
    let Ok(permit) = state.pushes.clone().try_acquire_owned() else {
        tracing::debug!(order_id = %id, "too many pushes in progress; the sweeper delivers it");
        return;
    };
    let queue = state.queue.clone();
    state.tasks.spawn(async move {
        let _permit = permit;
        match timeout(PUSH_WITHIN, queue.push(&[id])).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::debug!(order_id = %id, %error, "enqueue failed; the sweeper delivers it");
            }
            Err(_) => tracing::debug!(order_id = %id, "the queue does not answer; the sweeper delivers it"),
        }
    });
}
