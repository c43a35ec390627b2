//! The WebSocket connections of the systems this one replaces.

use axum::{
    extract::{State, ws::Utf8Bytes},
    http::HeaderMap,
    response::Response,
};
use domain::{EventData, Order, OrderId, OrderStatus};
use futures::FutureExt;
use protocol::{EventBody, OrderView};
use serde::Serialize;

use crate::{
    accept::Caller,
    openapi::problems,
    problem::{Code, Problem},
    request::{NoParameters, OrderIdPath, Parameters},
    state::AppState,
    stream::{self, Dialect, Ending, Peer, Upgrade, WireEvent, to_text},
};

/// `{type, data}`.
#[derive(Serialize)]
struct Typed<T> {
    #[serde(rename = "type")]
    kind: &'static str,
    data: T,
}

/// `{error}`, with what is wrong field by field where there is more to say.
#[derive(Serialize)]
struct Refusal<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'static str>,
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

/// An event without nesting, and under the names those clients look for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Flat<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'static str>,
    #[serde(flatten)]
    body: EventBody<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tx_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl<'a> Flat<'a> {
    fn new(event: &'a WireEvent, name: Option<&'static str>) -> Self {
        let (tx_hash, error) = match &event.event.data {
            EventData::Submitted { signature, .. } => (Some(signature.as_str()), None),
            EventData::Confirmed { fill, .. } => (Some(fill.signature.as_str()), None),
            EventData::Retrying { failure, .. }
            | EventData::Failed { failure }
            | EventData::Canceled { failure: Some(failure), .. }
            | EventData::Expired { failure: Some(failure), .. } => (None, Some(failure.message.as_str())),
            _ => (None, None),
        };
        Self { event: name, body: event.body(), tx_hash, error }
    }
}

/// `/api/orders/{id}/status`: `{type:"history", data:[…]}`, then `{type:"update", data:{…}}`.
struct Updates;

impl Dialect for Updates {
    fn event(&self, event: &WireEvent) -> Utf8Bytes {
        to_text(&Typed { kind: "update", data: event.body() })
    }

    fn problem(&self, problem: &Problem) -> Utf8Bytes {
        to_text(&problem.message(None))
    }

    fn end(&self, _: OrderId) -> Option<Utf8Bytes> {
        None
    }
}

/// `/api/orders/ws?orderId=`: `{type:"snapshot", data}`, then `{orderId, status, …}`.
struct Snapshot;

impl Dialect for Snapshot {
    fn event(&self, event: &WireEvent) -> Utf8Bytes {
        to_text(&Flat::new(event, None))
    }

    fn problem(&self, problem: &Problem) -> Utf8Bytes {
        to_text(&Refusal { event: None, error: &problem.short(), detail: None })
    }

    fn end(&self, _: OrderId) -> Option<Utf8Bytes> {
        None
    }
}

/// `/api/orders/ws`: `{event:"pending"|"routing"|"routing:quotes"|…, orderId, …}`.
struct Named;

impl Named {
    fn name(event: &WireEvent) -> &'static str {
        match event.event.data {
            EventData::Routed { .. } => "routing:quotes",
            EventData::Retrying { .. } => "retrying",
            _ => event.event.status.as_str(),
        }
    }
}

impl Dialect for Named {
    fn event(&self, event: &WireEvent) -> Utf8Bytes {
        to_text(&Flat::new(event, Some(Self::name(event))))
    }

    fn problem(&self, problem: &Problem) -> Utf8Bytes {
        to_text(&Refusal { event: Some("error"), error: &problem.short(), detail: Some(&problem.detail) })
    }

    fn end(&self, _: OrderId) -> Option<Utf8Bytes> {
        None
    }
}

/// The path of [`status`], which the answer to a new order names.
pub(crate) fn status_path(id: OrderId) -> String {
    format!("/api/orders/{id}/status")
}

problems!(
    StatusProblems: InvalidOrderId, InvalidQuery, OrderNotFound, UnreadableOrder, StoreUnavailable, TooManyStreams
);

/// Follows an order (WebSocket); a plain request returns the order.
#[utoipa::path(get, path = "/api/orders/{id}/status", operation_id = "getOrderStatus", tag = "earlier systems",
    params(("id" = Uuid, Path, description = "The order.")),
    responses(
        (status = 101, description = "A WebSocket."),
        (status = 200, description = "The order, for a plain request.", body = OrderView),
        StatusProblems,
    ))]
pub(crate) async fn status(
    State(state): State<AppState>,
    id: Result<OrderIdPath, Problem>,
    query: Result<NoParameters, Problem>,
    upgrade: Result<Upgrade, Problem>,
) -> Result<Response, Problem> {
    let id = query.and(id);
    match upgrade {
        Ok(upgrade) => {
            let session_state = state.clone();
            Ok(upgrade.run(&state, move |peer| {
                async move {
                    match history(peer, &session_state, id).await {
                        Ok(ending) | Err(ending) => ending,
                    }
                }
                .boxed()
            }))
        }
        Err(problem) if problem.code == Code::UpgradeRequired => {
            crate::routes::order::show_known(&state, id?.0).await
        }
        Err(problem) => Err(problem),
    }
}

async fn history(
    peer: &mut Peer,
    state: &AppState,
    id: Result<OrderIdPath, Problem>,
) -> Result<Ending, Ending> {
    let found = async {
        let order = state.find_order(id?.0).await?;
        let mut follower = state.hub.follow(&order, 0);
        let history = state.answer(follower.history()).await?;
        Ok((follower, history))
    };
    let (follower, history) = match found.await {
        Ok(found) => found,
        Err(problem) => return Ok(stream::refuse(peer, &problem, &Updates).await),
    };
    let data: Vec<_> = history.iter().map(|event| event.body()).collect();
    peer.send(to_text(&Typed { kind: "history", data })).await?;
    Ok(peer.stream(follower, &Updates).await)
}

problems!(OrdersProblems: UpgradeRequired, TooManyStreams);

/// Follows an order with flat messages (WebSocket).
///
/// `?orderId=` follows that order; without it, send an order as the first message.
#[utoipa::path(get, path = "/api/orders/ws", operation_id = "followOrderFlat", tag = "earlier systems",
    params(("orderId" = Option<Uuid>, Query, description = "The order to follow.")),
    responses((status = 101, description = "A WebSocket."), OrdersProblems))]
pub(crate) async fn orders(
    State(state): State<AppState>,
    query: Parameters,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Response {
    let session_state = state.clone();
    upgrade.run(&state, move |peer| {
        async move {
            if query.is_empty() {
                let caller = Caller::of(&headers);
                return stream::place_and_follow(peer, &session_state, caller, &Named).await;
            }
            match snapshot(peer, &session_state, &query).await {
                Ok(ending) | Err(ending) => ending,
            }
        }
        .boxed()
    })
}

async fn snapshot(peer: &mut Peer, state: &AppState, query: &Parameters) -> Result<Ending, Ending> {
    let Some(id) = query.text("orderId") else {
        return refuse(peer, "Missing orderId", Code::InvalidQuery).await;
    };
    let order = match id.parse() {
        Ok(id) => state.find_order(id).await,
        // those systems knew no malformed ids, only unknown ones
        Err(_) => Err(Problem::new(Code::OrderNotFound, "not an order id")),
    };
    let mut unknown = Vec::new();
    query.check_names(&["orderId"], &mut unknown);
    if let Some(error) = unknown.first() {
        return refuse(peer, &error.to_string(), Code::InvalidQuery).await;
    }
    match order {
        Ok(order) => show_and_follow(peer, state, &order).await,
        Err(problem) if problem.code == Code::OrderNotFound => {
            refuse(peer, "Order not found", problem.code).await
        }
        Err(problem) => Ok(stream::refuse(peer, &problem, &Snapshot).await),
    }
}

async fn show_and_follow(peer: &mut Peer, state: &AppState, order: &Order) -> Result<Ending, Ending> {
    peer.send(to_text(&Typed { kind: "snapshot", data: OrderView::new(order, state.tokens.as_ref()) }))
        .await?;
    if OrderStatus::is_terminal(order.status) {
        peer.send(to_text(&Refusal { event: None, error: "Order already processed", detail: None })).await?;
        return Ok(Ending::Finished);
    }
    Ok(stream::follow(peer, state, order, order.last_seq, &Snapshot).await)
}

async fn refuse(peer: &mut Peer, error: &str, code: Code) -> Result<Ending, Ending> {
    peer.send(to_text(&Refusal { event: None, error, detail: None })).await?;
    Ok(Ending::Refused(code))
}
