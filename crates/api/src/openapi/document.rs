//! The document itself, at `/api/openapi.json`.

use std::sync::LazyLock;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use protocol::{ProblemBody, words};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as OpenApiDocument, RefOr, Schema, Server, Type, extensions::Extensions, path::ParameterIn,
    },
};

use super::problems;
use crate::{
    compat::{history, sockets},
    request::NoParameters,
    routes::{
        cancel, cancel_many, engine, events, execute, explain, export, health, market, metrics, order,
        orders, quotes, resume, statistics, stream, summary, tokens, venues,
    },
    state::AppState,
};

/// Where the document is.
pub(crate) const PATH: &str = "/api/openapi.json";

#[derive(OpenApi)]
#[openapi(
    info(title = "Order execution engine", description = ABOUT, license(name = "MIT", identifier = "MIT")),
    servers((url = "/")),
    tags(
        (name = "orders", description = "Place orders, and see what became of them."),
        (name = "streams", description = "What happens to orders, live. The messages are described in docs/MESSAGES.md."),
        (name = "quotes", description = "What the venues would give now."),
        (name = "engine", description = "Health, metrics and settings."),
        (name = "earlier systems", description = "Addresses of the systems this one replaces, for their clients."),
    ),
    paths(
        execute::place, execute::stream, orders::list, summary::summarize, export::export, order::show, events::list, history::history,
        explain::explain, cancel::cancel, cancel::delete, cancel_many::cancel_many, resume::resume, stream::stream, quotes::ask, tokens::list, venues::list, market::prices, market::candles, statistics::show, engine::show, health::report, health::live, health::ready, metrics::render,
        sockets::orders, sockets::status, document,
    ),
    components(schemas(ProblemBody, words::OrderSort, words::SortOrder, words::Side, words::ExportFormat, words::OrderStatus, words::Venue, words::FailureCode)),
    modifiers(&Details),
)]
struct Document;

const ABOUT: &str = "\
Amounts are whole tokens as decimal strings, times are RFC 3339 in UTC.

Whatever is refused is answered with a problem document (RFC 9457): `code` says for programs what it is, \
`retryable` whether the same request may succeed later, `errors` what is wrong with each field. Beside what is \
listed with each call, an address that does not exist is answered with 404 `not_found`, a method that an address \
does not have with 405 `method_not_allowed` and the header `Allow`, one without exactly one `Host` with 400 \
`invalid_request`, and any call while every connection slot is taken with \
503 `too_many_connections`.

Every answer carries `X-Request-Id`: the one of the request, or a new one.";

/// What the annotations cannot express.
struct Details;

impl Modify for Details {
    fn modify(&self, document: &mut OpenApiDocument) {
        super::optional::never_null(document);
        let operations = document
            .paths
            .paths
            .values_mut()
            .flat_map(|path| [&mut path.get, &mut path.post, &mut path.delete]);
        for operation in operations.flatten() {
            let takes_order = matches!(operation.operation_id.as_deref(), Some("placeOrder" | "askQuotes"));
            if let Some(request) = operation.request_body.as_mut().filter(|_| takes_order) {
                request.content.insert("application/json".to_owned(), super::body::content());
            }
            for parameter in operation.parameters.iter_mut().flatten() {
                match (&parameter.parameter_in, &mut parameter.schema) {
                    // one that is empty counts as absent
                    (ParameterIn::Query, _) => {
                        parameter.extensions = Some(Extensions::from_iter([("allowEmptyValue", true)]));
                    }
                    // one that is absent is not null
                    (ParameterIn::Header, Some(RefOr::T(Schema::Object(schema)))) => {
                        schema.schema_type = Type::String.into();
                    }
                    _ => {}
                }
            }
        }
    }
}

problems!(Problems: InvalidQuery);

/// This document.
#[utoipa::path(get, path = PATH, operation_id = "getDocument", tag = "engine",
    responses((status = 200, description = "An OpenAPI 3.1 document.", body = Object), Problems))]
pub(crate) async fn document(State(state): State<AppState>, _: NoParameters) -> Response {
    static DOCUMENT: LazyLock<OpenApiDocument> = LazyLock::new(|| super::plain::plain(&Document::openapi()));
    let mut document = DOCUMENT.clone();
    super::body::list_tokens(&mut document, &state.tokens.listed());
    super::body::limit_slippage(&mut document, state.limits.max_slippage);
    if let Some(url) = &state.access.public_url {
        document.servers = Some(vec![Server::new(url)]);
    }
    let text = document.to_json().unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}
