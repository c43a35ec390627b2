//! Errors of the API as RFC 9457 problem details. [`Code`] is the table of codes.

use std::borrow::Cow;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    OrderId,
    books::Shortage,
    ports::{StoreError, Tokens},
};
use metrics::counter;
use protocol::{ProblemBody, ShortageView, StreamMessage};
use serde_json::Value;
use telemetry::metrics::catalogue;

pub(crate) use protocol::{Code, FieldCode, FieldError};

/// How long a client should wait before it repeats a request that failed on our side, seconds.
const RETRY_AFTER_SECONDS: u16 = 1;

/// A refusal: of a request over HTTP, or of a message over a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    /// What happened this time, for people.
    pub(crate) detail: String,
    /// The fields that are not valid.
    pub(crate) errors: Vec<FieldError>,
    /// The balances that are too low.
    pub(crate) shortages: Vec<ShortageView>,
    /// The order it concerns, where naming it helps.
    pub(crate) order_id: Option<OrderId>,
    /// That order in its current state, where it explains the problem.
    pub(crate) order: Option<Box<Value>>,
}

impl Problem {
    /// A problem that concerns no field in particular.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            shortages: Vec::new(),
            order_id: None,
            order: None,
        }
    }

    /// All invalid fields of a body or a query.
    pub(crate) fn fields(code: Code, errors: Vec<FieldError>) -> Self {
        let detail = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Self { errors, ..Self::new(code, detail) }
    }

    /// The order does not exist, or belongs to another account.
    pub(crate) fn order_not_found(id: OrderId) -> Self {
        Self { order_id: Some(id), ..Self::new(Code::OrderNotFound, format!("no order has the id {id}")) }
    }

    /// The store refused, did not answer, or not in time. The detail says whether an order may exist
    /// nevertheless.
    pub(crate) fn store_unavailable(error: &StoreError) -> Self {
        tracing::debug!(%error, "the store is unavailable"); // outages are logged by the store, once
        if matches!(error, StoreError::Unreadable(_)) {
            let detail = "a later version of the engine wrote this order; use an API of that version";
            return Self::new(Code::UnreadableOrder, detail);
        }
        let outcome = match error {
            StoreError::Unknown(_) => "the order store did not answer; the outcome is unknown",
            _ => "the order store is unavailable; nothing was written",
        };
        let detail = format!("{outcome}. Repeat the request; for orders use the same Idempotency-Key");
        Self::new(Code::StoreUnavailable, detail)
    }

    /// The wallet has less free than is needed.
    pub(crate) fn insufficient_balance(shortages: &[Shortage], tokens: &dyn Tokens) -> Self {
        let shortages: Vec<_> =
            shortages.iter().map(|shortage| ShortageView::new(shortage, tokens)).collect();
        let told = shortages.iter().map(|ShortageView { token, needed, free, missing }| {
            format!("{needed} {token} needed, {free} free, {missing} short")
        });
        let detail = told.collect::<Vec<_>>().join("; ");
        Self { shortages, ..Self::new(Code::InsufficientBalance, detail) }
    }

    /// An internal error.
    pub(crate) fn internal() -> Self {
        Self::new(
            Code::Internal,
            "the request failed because of an error in the engine; report the X-Request-Id",
        )
    }

    /// The refusal in one short line.
    pub(crate) fn short(&self) -> String {
        if self.code == Code::OrderNotFound {
            return "Not found".to_owned(); // as clients of earlier systems know it
        }
        self.errors
            .first()
            .map_or_else(|| self.code.title().to_owned(), |error| format!("{}: {error}", self.code.title()))
    }

    /// The body of a response.
    pub(crate) fn body(&self) -> ProblemBody<'_> {
        self.shown(Some(format!("urn:order-engine:problem:{}", self.code.as_str())))
    }

    /// The `{type:"error"}` message of a WebSocket, to the request of that id.
    pub(crate) fn message(&self, id: Option<Value>) -> StreamMessage<'_> {
        StreamMessage::Error { problem: self.shown(None), id }
    }

    fn shown(&self, kind: Option<String>) -> ProblemBody<'_> {
        ProblemBody {
            kind,
            title: self.code.title().into(),
            status: self.code.status(),
            detail: Cow::from(&self.detail),
            code: self.code.as_str().into(),
            retryable: self.code.is_retryable(),
            errors: Cow::from(&self.errors),
            shortages: Cow::from(&self.shortages),
            order_id: self.order_id,
            order: self.order.as_deref().map(Cow::Borrowed),
            error: self.short(),
        }
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        counter!(catalogue::PROBLEMS, "code" => self.code.as_str()).increment(1);
        let mut response = (self.status(), Json(self.body())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.code.is_retryable() {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS.into());
        }
        if self.code == Code::UpgradeRequired {
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        }
        if self.code == Code::UnsupportedContentEncoding {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        response
    }
}

/// A client's text, cut to a length that is safe to send back.
pub(crate) fn shown(text: &str) -> String {
    const SHOWN_CHARS: usize = 64;
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
