//! Extractors; every rejection is a problem.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, StatusCode, Uri, header, request::Parts},
    response::IntoResponse,
};
use domain::OrderId;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{
    access::host,
    problem::{Code, FieldCode, FieldError, Problem},
    state::AppState,
};

/// The body of a request with the content type JSON.
pub(crate) struct JsonBody(pub(crate) Bytes);

impl FromRequest<AppState> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                Code::UnsupportedMediaType,
                "send the body as JSON, with the header Content-Type: application/json",
            ));
        }
        if is_encoded(request.headers()) {
            let detail = "send the body uncompressed, without Content-Encoding";
            return Err(Problem::new(Code::UnsupportedContentEncoding, detail));
        }
        let within = state.limits.body_within;
        match timeout(within, Bytes::from_request(request, state)).await {
            Ok(Ok(bytes)) => Ok(Self(bytes)),
            Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                let detail = format!("the body must not exceed {} bytes", state.limits.max_body_bytes);
                Err(Problem::new(Code::BodyTooLarge, detail))
            }
            Ok(Err(rejection)) => Err(Problem::new(Code::UnreadableBody, rejection.body_text())),
            Err(_elapsed) => {
                Err(Problem::new(Code::BodyTimeout, format!("the body did not arrive within {within:?}")))
            }
        }
    }
}

/// `application/json`, or a type built on it such as `application/problem+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Whether the body has a content encoding.
fn is_encoded(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    encodings.any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

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

/// The query of a request.
pub(crate) struct Parameters(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(pairs)) => Ok(Self(pairs)),
            Err(rejection) => Err(Problem::new(Code::InvalidQuery, rejection.body_text())),
        }
    }
}

impl Parameters {
    /// All parameters, as they were given.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether the query has no parameters at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a parameter is there and empty.
    pub(crate) fn is_blank(&self, name: &str) -> bool {
        self.0.iter().find(|(key, _)| key == name).is_some_and(|(_, value)| value.is_empty())
    }

    /// A parameter as text; one that is empty counts as absent.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    /// Reports every parameter that is not among the `known` ones: a misspelled filter must not look like one that
    /// found everything.
    pub(crate) fn report_unknown(&self, known: &[&str], errors: &mut Vec<FieldError>) {
        /// Maximum number of reported parameters.
        const REPORTED_AT_MOST: usize = 20;
        let unknown = self.0.iter().filter(|(name, _)| !known.contains(&name.as_str()));
        for (name, _) in unknown.take(REPORTED_AT_MOST) {
            let name = crate::validation::shown(name);
            errors.push(FieldError::new(name, FieldCode::Unknown, "is not a known parameter"));
        }
    }

    /// A parameter read by `read`; what it cannot read is reported as `expected`.
    pub(crate) fn read<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        errors: &mut Vec<FieldError>,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = read(self.text(name)?);
        if value.is_none() {
            errors.push(FieldError::new(name, FieldCode::Malformed, expected));
        }
        value
    }
}

/// The problem of a query, if it has any.
pub(crate) fn refuse_query(errors: Vec<FieldError>) -> Result<(), Problem> {
    if errors.is_empty() { Ok(()) } else { Err(Problem::fields(Code::InvalidQuery, errors)) }
}

/// The query of a request that has no parameters.
pub(crate) struct NoParameters;

impl<S: Send + Sync> FromRequestParts<S> for NoParameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        Parameters::from_request_parts(parts, state).await?.report_unknown(&[], &mut errors);
        refuse_query(errors).map(|()| Self)
    }
}

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

/// How clients reach this API: the start of the addresses in replies.
pub(crate) struct Base(String);

impl FromRequestParts<AppState> for Base {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        Ok(Self(match &state.access.public_url {
            Some(url) => url.clone(),
            None => host(&parts.headers, &parts.uri).map(|host| format!("http://{host}")).unwrap_or_default(),
        }))
    }
}

impl Base {
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

/// There is nothing at this address.
pub(crate) async fn not_found(uri: Uri) -> impl IntoResponse {
    let path = crate::validation::shown(uri.path());
    Problem::new(Code::NotFound, format!("{path} does not exist"))
}

/// The address exists, with other methods; the header `Allow` names them.
pub(crate) async fn method_not_allowed() -> impl IntoResponse {
    Problem::new(Code::MethodNotAllowed, "the Allow header lists the methods of this path")
}
