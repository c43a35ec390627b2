//! `/api/orders/execute`: an order over `POST`, its events over a WebSocket at the same address.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{Order, OrderId, ports::Tokens};
use futures::FutureExt;
use protocol::{OrderView, PlacedView};

use crate::{
    accept::{self, Caller, Placed},
    base_url::BaseUrl,
    compat,
    headers::REPLAYED,
    openapi::{OrderBody, problems},
    problem::{Code, FieldCode, FieldError, Problem},
    request::{JsonBody, NoParameters, Parameters, refuse_query},
    state::AppState,
    stream::{self, Canonical, Ending, Peer, Upgrade},
};

problems!(
    PlaceProblems: MalformedJson, InvalidOrder, InvalidQuery, InvalidIdempotencyKey, UnreadableBody, BodyTimeout,
    WalletNotFound, IdempotencyConflict, TooManyOpenOrders, BodyTooLarge, InsufficientBalance, NoRoute, AmountTooSmall,
    InsufficientLiquidity, UnsupportedMediaType, UnsupportedContentEncoding, UnreadableOrder,
    Overloaded, StoreUnavailable, QuotesUnavailable
);

/// Places an order.
///
/// Returns `201`, or `200` with the existing order if its key or client order id was used before, or
/// `409 idempotency_conflict` if that order is a different one. A body in the format of an earlier system always
/// returns `200`; the schema `OrderBody` has all formats. `X-Idempotency-Key` is an alias of `Idempotency-Key`.
#[utoipa::path(post, path = "/api/orders/execute", operation_id = "placeOrder", tag = "orders",
    params(("Idempotency-Key" = Option<String>, Header, pattern = "^[ -~]{1,255}$",
        description = "A new text for each order, such as a UUID. Repeating a request with the same key does not place a second order.")),
    request_body = OrderBody,
    responses(
        (status = 201, description = "The order is accepted and stored.", body = PlacedView,
            headers(("Location" = String, description = "Path of the order."))),
        (status = 200, description = "An earlier request placed the order (`Idempotency-Replayed`), or the body is in the format of an earlier system. The order in its current state.", body = PlacedView,
            headers(
                ("Location" = String, description = "Path of the order."),
                ("Idempotency-Replayed" = bool, description = "`true`."),
            )),
        PlaceProblems,
    ))]
pub(crate) async fn place(
    State(state): State<AppState>,
    _: NoParameters,
    base: BaseUrl,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    let caller = Caller::of(&headers)?;
    let request = state.parse_order(&body.0).await?;
    // clients of earlier systems expect 200 for a new order
    let created = if request.is_canonical { StatusCode::CREATED } else { StatusCode::OK };
    let placed = accept::place(&state, request, caller).await?;
    Ok(reply(&base, &placed, created, state.tokens.as_ref()))
}

fn reply(
    base: &BaseUrl,
    Placed { order, is_replay }: &Placed,
    created: StatusCode,
    tokens: &dyn Tokens,
) -> Response {
    let path = format!("/api/orders/{}", order.id);
    let view = PlacedView {
        order: OrderView::new(order, tokens),
        ws_url: base.websocket(&format!("/api/orders/execute?orderId={}", order.id)),
        status_url: base.http(&path),
        status_endpoint: base.path(&compat::sockets::status_path(order.id)),
    };
    let status = if *is_replay { StatusCode::OK } else { created };
    let mut response = (status, Json(view)).into_response();
    if let Ok(location) = HeaderValue::from_str(&base.path(&path)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if *is_replay {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// What a WebSocket was opened for.
enum SocketRequest {
    Follow { id: OrderId, after: u32 },
    Place,
}

problems!(StreamProblems: UpgradeRequired, TooManyStreams);

/// Follows one order (WebSocket).
///
/// `?orderId=` follows that order, `&after=` resumes after an event. Without them, send an order as the first
/// message; its events follow. Errors then arrive as a message and a close code.
#[utoipa::path(get, path = "/api/orders/execute", operation_id = "followOrder", tag = "streams",
    params(
        ("orderId" = Option<Uuid>, Query, description = "The order to follow."),
        ("after" = Option<u32>, Query, description = "`seq` of the last event you saw."),
    ),
    responses((status = 101, description = "A WebSocket."), StreamProblems))]
pub(crate) async fn stream(
    State(state): State<AppState>,
    query: Parameters,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Response {
    let session_state = state.clone();
    upgrade.run(&state, move |peer| {
        async move {
            match session(peer, &session_state, &query, &headers).await {
                Ok(ending) | Err(ending) => ending,
            }
        }
        .boxed()
    })
}

async fn session(
    peer: &mut Peer,
    state: &AppState,
    query: &Parameters,
    headers: &HeaderMap,
) -> Result<Ending, Ending> {
    let found = async {
        match read_request(query)? {
            SocketRequest::Follow { id, after } => Ok(Some((state.find_order(id).await?, after))),
            SocketRequest::Place => Ok(None),
        }
    };
    let found: Result<Option<(Order, u32)>, Problem> = found.await;
    Ok(match found {
        Ok(Some((order, after))) => {
            peer.send(Canonical::connected(Some(order.id))).await?;
            stream::follow(peer, state, &order, after, &Canonical).await
        }
        Ok(None) => {
            peer.send(Canonical::connected(None)).await?;
            let caller = Caller::of(headers);
            stream::place_and_follow(peer, state, caller, &Canonical).await
        }
        Err(problem) => stream::refuse(peer, &problem, &Canonical).await,
    })
}

fn read_request(query: &Parameters) -> Result<SocketRequest, Problem> {
    let mut errors: Vec<FieldError> = Vec::new();
    let after = query.read("after", "must be a sequence number", &mut errors, |text| text.parse().ok());
    query.check_names(&["orderId", "after"], &mut errors);
    refuse_query(errors)?;
    let Some(id) = query.text("orderId") else {
        if after.is_some() {
            let error = FieldError::new("after", FieldCode::Conflict, "needs an orderId");
            return Err(Problem::fields(Code::InvalidQuery, vec![error]));
        }
        return Ok(SocketRequest::Place);
    };
    let id = id.parse().map_err(|_| Problem::new(Code::InvalidOrderId, "an order id must be a UUID"))?;
    Ok(SocketRequest::Follow { id, after: after.unwrap_or(0) })
}
