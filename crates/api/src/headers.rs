//! Headers that are not standard.

use axum::http::HeaderName;

/// Names a request in the log; made up for requests that come without one.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// `true` on an answer that repeats the answer to an earlier request.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
