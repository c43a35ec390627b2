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
    openapi::{OpenApi as OpenApiDocument, RefOr, Required, Schema, Server, Type, path::ParameterIn},
};

use super::problems;
use crate::{
    compat::{history, sockets},
    request::NoParameters,
    routes::{
        cancel, cancel_many, engine, events, execute, explain, export, health, market, metrics, order,
        orders, quotes, resume, statistics, stream, summary, tokens, venues, wallets,
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
        (name = "orders", description = "Place, find, explain and cancel orders."),
        (name = "streams", description = "Follow order events live. docs/MESSAGES.md in the repository has an example of every message."),
        (name = "wallets", description = "Paper money: balances, books, value, profit and loss."),
        (name = "quotes", description = "Quotes without executing."),
        (name = "engine", description = "Health, metrics, statistics and settings."),
        (name = "earlier systems", description = "Endpoints of the systems this one replaces, for their clients."),
    ),
    paths(
        execute::place, execute::stream, orders::list, summary::summarize, export::export, order::show, events::list, history::history,
        explain::explain, cancel::cancel, cancel::delete, cancel_many::cancel_many, resume::resume, stream::stream, quotes::ask, tokens::list, venues::list, market::prices, market::candles, statistics::show, engine::show, health::report, health::live, health::ready, metrics::render,
        wallets::list, wallets::open, wallets::show, wallets::deposit, wallets::withdraw, wallets::reset, wallets::postings,
        wallets::export, wallets::equity, wallets::pnl, wallets::of_order,
        sockets::orders, sockets::status, document,
    ),
    components(schemas(ProblemBody, words::OrderSort, words::SortOrder, words::Side, words::ExportFormat, words::OrderStatus, words::Venue, words::FailureCode)),
    modifiers(&Details),
)]
struct Document;

const ABOUT: &str = "\
Amounts are whole tokens as decimal strings, times are RFC 3339 in UTC.

Errors are problem documents (RFC 9457): `code` identifies the problem, `retryable` is true if the same request may \
succeed later, and `errors` lists the invalid fields. In addition to the errors listed with each call, unknown paths \
return 404 `not_found`, unsupported methods 405 `method_not_allowed` with the `Allow` header, requests without exactly \
one `Host` 400 `invalid_request`, and all calls 503 `too_many_connections` while every connection slot is taken.

Optional response fields are omitted, never `null`. Later versions may add fields and enum values: ignore those you do \
not know.

Every response has an `X-Request-Id`: the one of the request, or a new one.";

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
            if let Some(request) = operation
                .request_body
                .as_mut()
                .filter(|_| operation.operation_id.as_deref() == Some("resetWallet"))
            {
                request.required = Some(Required::False);
            }
            for parameter in operation.parameters.iter_mut().flatten() {
                // one that is absent is not null
                if let (ParameterIn::Header, Some(RefOr::T(Schema::Object(schema)))) =
                    (&parameter.parameter_in, &mut parameter.schema)
                {
                    schema.schema_type = Type::String.into();
                }
            }
        }
    }
}

problems!(Problems: InvalidQuery);

/// Returns this document.
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
