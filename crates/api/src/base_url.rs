//! The addresses in replies.

use axum::{extract::FromRequestParts, http::request::Parts};

use crate::{access::host, state::AppState};

/// How clients reach this API: the start of the addresses in replies.
pub(crate) struct BaseUrl(String);

impl FromRequestParts<AppState> for BaseUrl {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        Ok(Self(match &state.access.public_url {
            Some(url) => url.clone(),
            None => host(&parts.headers, &parts.uri).map(|host| format!("http://{host}")).unwrap_or_default(),
        }))
    }
}

impl BaseUrl {
    /// A path as clients see it: after the path of `PUBLIC_URL`, which the proxy strips.
    pub(crate) fn path(&self, path: &str) -> String {
        let behind_scheme = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let prefix = behind_scheme.find('/').map_or("", |start| &behind_scheme[start..]);
        format!("{prefix}{path}")
    }

    /// The address of a path.
    pub(crate) fn http(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The WebSocket address of a path.
    pub(crate) fn websocket(&self, path: &str) -> String {
        match self.0.strip_prefix("http") {
            Some(rest) => format!("ws{rest}{path}"),
            None => path.to_owned(),
        }
    }
}
