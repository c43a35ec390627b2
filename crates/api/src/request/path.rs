use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use domain::OrderId;

use crate::problem::{Code, Problem};

/// The order id in the address.
pub(crate) struct OrderIdPath(pub(crate) OrderId);

impl<S: Send + Sync> FromRequestParts<S> for OrderIdPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = Path::<String>::from_request_parts(parts, state).await;
        let id = id.ok().and_then(|Path(text)| text.parse().ok());
        id.map(Self).ok_or_else(|| Problem::new(Code::InvalidOrderId, "an order id must be a UUID"))
    }
}
