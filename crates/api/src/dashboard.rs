//! The dashboard, the page about the API and the guides, embedded, at `/` and `/docs`.

use std::{borrow::Cow, fmt::Write};

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use tower_http::compression::CompressionLayer;

use crate::{guides, problem::Problem, routes::fallback::not_found, state::AppState};

#[derive(RustEmbed)]
#[folder = "../../dashboard/app"]
struct Files;

/// Everything is served from here, nothing is inline, and text never becomes markup.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// The page under each address it gives its views, and its files under `/assets`.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(page))
        .route("/orders", get(page))
        .route("/orders/{id}", get(order_page))
        .route("/market", get(page))
        .route("/portfolio", get(page))
        .route("/engine", get(page))
        .route("/docs", get(docs))
        .route("/docs/{page}", get(guide))
        .route("/docs/images/{name}", get(picture))
        .route("/assets/{*path}", get(asset))
        .layer(CompressionLayer::new())
}

async fn page(headers: HeaderMap, uri: Uri) -> Response {
    file("index.html", &headers, uri).await
}

/// What no route knows: the dashboard's page says so to a browser, a problem document to a program.
pub(crate) async fn unknown(headers: HeaderMap, uri: Uri) -> Response {
    let accepts_pages = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let depth = uri.path().matches('/').count().saturating_sub(1);
    match Files::get("index.html").filter(|_| accepts_pages && !uri.path().starts_with("/api")) {
        Some(file) => {
            let mut response = answer("index.html", folders_up(&file.data, depth).into(), &headers);
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
        None => not_found(uri).await.into_response(),
    }
}

async fn order_page(headers: HeaderMap) -> Response {
    match Files::get("index.html") {
        Some(file) => answer("index.html", folders_up(&file.data, 1).into(), &headers),
        None => Problem::internal().into_response(),
    }
}

/// The page for an address so many folders below its own. It names its files relative to itself, so that they
/// are found under whatever path a proxy publishes the engine.
fn folders_up(page: &[u8], folders: usize) -> Vec<u8> {
    let up = match folders {
        0 => "./".to_owned(),
        folders => "../".repeat(folders),
    };
    String::from_utf8_lossy(page).replace("=\"./", &format!("=\"{up}")).into_bytes()
}

async fn docs(headers: HeaderMap, uri: Uri) -> Response {
    file("docs.html", &headers, uri).await
}

async fn guide(Path(name): Path<String>, headers: HeaderMap, uri: Uri) -> Response {
    let Some(file) = Files::get("guide.html") else { return Problem::internal().into_response() };
    let template = String::from_utf8_lossy(&folders_up(&file.data, 1)).into_owned();
    match guides::page(&template, &name) {
        Some(page) => answer("guide.html", page.into_bytes().into(), &headers),
        None => not_found(uri).await.into_response(),
    }
}

async fn picture(Path(name): Path<String>, headers: HeaderMap, uri: Uri) -> Response {
    match guides::picture(&name) {
        Some(file) => answer(&name, file.data, &headers),
        None => not_found(uri).await.into_response(),
    }
}

async fn asset(Path(path): Path<String>, headers: HeaderMap, uri: Uri) -> Response {
    file(&path, &headers, uri).await
}

async fn file(path: &str, headers: &HeaderMap, uri: Uri) -> Response {
    match Files::get(path) {
        Some(file) => answer(path, file.data, headers),
        None => not_found(uri).await.into_response(),
    }
}

fn answer(path: &str, data: Cow<'static, [u8]>, request: &HeaderMap) -> Response {
    let tag = tag(&data);
    let is_known = request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| matches!(known.trim(), known if known == tag || known == "*"));
    let mut response = if is_known { StatusCode::NOT_MODIFIED.into_response() } else { data.into_response() };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    // modules name each other without a version, so a browser has to ask whether its copy is current
    let fixed = [
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_TYPE, content_type(path)),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Weak, because the same file is sent with and without compression.
fn tag(data: &[u8]) -> String {
    let mut tag = String::from("W/\"");
    for byte in &Sha256::digest(data)[..16] {
        let _ = write!(tag, "{byte:02x}"); // a String takes all that is written to it
    }
    tag.push('"');
    tag
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_type_that_browsers_run() {
        for path in Files::iter() {
            assert_ne!(content_type(&path), "application/octet-stream", "{path}");
        }
    }
}
