use axum::{extract::FromRequestParts, http::request::Parts};
use tokio_util::sync::CancellationToken;

/// The connection that a request came on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connection(CancellationToken);

impl<S: Send + Sync> FromRequestParts<S> for Connection {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // absent when the router is called without a server
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

impl Connection {
    /// Drops the connection with whatever is on its way: the only way to end an answer that the client does not
    /// read.
    pub(crate) fn cut(&self) {
        self.0.cancel();
    }

    /// Waits until it is to be dropped.
    pub(crate) async fn is_cut(&self) {
        self.0.cancelled().await;
    }
}
