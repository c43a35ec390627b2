//! Requests that no route answers.

use axum::{http::Uri, response::IntoResponse};

use crate::problem::{Code, Problem, shown};

/// There is nothing at this address.
pub(crate) async fn not_found(uri: Uri) -> impl IntoResponse {
    let path = shown(uri.path());
    Problem::new(Code::NotFound, format!("{path} does not exist"))
}

/// The address exists, with other methods; the header `Allow` names them.
pub(crate) async fn method_not_allowed() -> impl IntoResponse {
    Problem::new(Code::MethodNotAllowed, "the Allow header lists the methods of this path")
}
