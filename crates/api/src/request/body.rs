use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use tokio::time::timeout;

use crate::{
    problem::{Code, Problem},
    state::AppState,
};

/// The body of a request with the content type JSON.
pub(crate) struct JsonBody(pub(crate) Bytes);

impl FromRequest<AppState> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        check(request.headers())?;
        read(request, state).await.map(Self)
    }
}

/// The same; a request without a body is one with an empty object.
pub(crate) struct OptionalJsonBody(pub(crate) Bytes);

impl FromRequest<AppState> for OptionalJsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let checked = check(request.headers());
        let body = read(request, state).await?;
        if body.is_empty() {
            return Ok(Self(Bytes::from_static(b"{}")));
        }
        checked.map(|()| Self(body))
    }
}

fn check(headers: &HeaderMap) -> Result<(), Problem> {
    if !is_json(headers) {
        return Err(Problem::new(
            Code::UnsupportedMediaType,
            "send the body as JSON, with the header Content-Type: application/json",
        ));
    }
    if is_encoded(headers) {
        let detail = "send the body uncompressed, without Content-Encoding";
        return Err(Problem::new(Code::UnsupportedContentEncoding, detail));
    }
    Ok(())
}

async fn read(request: Request, state: &AppState) -> Result<Bytes, Problem> {
    let within = state.limits.body_within;
    match timeout(within, Bytes::from_request(request, state)).await {
        Ok(Ok(bytes)) => Ok(bytes),
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
