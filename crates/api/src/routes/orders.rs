//! `GET /api/orders`: lists and searches.

use std::fmt::Write;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::{
    FailureCode, OrderId, Timestamp, Token, VenueId,
    ports::{OrderFilter, OrderPage, OrderSort},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::{OrderView, words};

use super::search;
use crate::{
    openapi::problems,
    problem::{FieldCode, FieldError, Problem},
    request::{Base, Parameters, refuse_query},
    state::AppState,
    validation::{MAX_CLIENT_ORDER_ID_CHARS, MAX_TAG_CHARS, is_label, shown},
};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;
const KNOWN: [&str; 17] = [
    "status",
    "parked",
    "tag",
    "clientOrderId",
    "tokenIn",
    "tokenOut",
    "token",
    "pair",
    "venue",
    "failureCode",
    "from",
    "to",
    "q",
    "sort",
    "order",
    "cursor",
    "limit",
];

problems!(Problems: InvalidQuery, StoreUnavailable);

/// Lists and finds orders, newest first.
///
/// Filters can be combined. `Link` has the next page, if any. A search for tokens, venues, failures or `q` scans 50,000
/// orders per page, so a page may be short or empty and still have a next one. With a `sort` other than `createdAt` there
/// is one page, sorted among the newest 50,000 orders, or the oldest with `order=asc`.
#[utoipa::path(get, path = "/api/orders", operation_id = "listOrders", tag = "orders",
    params(
        ("status" = Option<words::OrderStatus>, Query, description = "Orders in this status (case-insensitive)."),
        ("parked" = Option<bool>, Query, description = "`true`: only parked orders, which lost five claims in a row."),
        ("tag" = Option<String>, Query, description = "Orders with this tag.", pattern = "^[ -~]{1,128}$"),
        ("clientOrderId" = Option<String>, Query, description = "The order with this client order id.", pattern = "^[ -~]{1,128}$"),
        ("tokenIn" = Option<String>, Query, description = "Orders that spend this token: a symbol or a mint."),
        ("tokenOut" = Option<String>, Query, description = "Orders that receive this token: a symbol or a mint."),
        ("token" = Option<String>, Query, description = "Orders that spend or receive this token: a symbol or a mint."),
        ("pair" = Option<String>, Query, description = "Orders between two tokens, in either direction: `SOL/USDC`."),
        ("venue" = Option<words::Venue>, Query, description = "Orders that this venue filled, or whose last attempt failed there."),
        ("failureCode" = Option<words::FailureCode>, Query, description = "Orders whose last failure has this code."),
        ("from" = Option<String>, Query, format = DateTime, description = "Orders accepted at or after this time (RFC 3339, millisecond precision)."),
        ("to" = Option<String>, Query, format = DateTime, description = "Orders accepted before this time (RFC 3339, millisecond precision)."),
        ("q" = Option<String>, Query, max_length = 128, description = "Free text: an order id or the end of one, a signature, client order id, tag, token, pair, venue, status or failure code."),
        ("sort" = Option<words::OrderSort>, Query, description = "`createdAt` by default."),
        ("order" = Option<words::SortOrder>, Query, description = "`desc` by default."),
        ("cursor" = Option<Uuid>, Query, description = "Orders after this cursor; take it from `Link`."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Maximum number of orders; 50 by default."),
    ),
    responses(
        (status = 200, description = "The orders.", body = [OrderView],
            headers(("Link" = String, description = "The next page, with `rel=\"next\"`."))),
        Problems,
    ))]
pub(crate) async fn list(
    State(state): State<AppState>,
    base: Base,
    query: Parameters,
) -> Result<Response, Problem> {
    let filter = filter(&state, &query).await?;
    let OrderPage { orders, next } = state.answer(state.store.orders(state.account, filter)).await?;
    let tokens = state.tokens.as_ref();
    let views: Vec<_> = orders.iter().map(|order| OrderView::new(order, tokens)).collect();
    let mut response = Json(views).into_response();
    if let Some(next) = next {
        let mut path = format!("/api/orders?cursor={next}");
        for (name, value) in query.pairs().filter(|(name, value)| *name != "cursor" && !value.is_empty()) {
            // writing to a String cannot fail
            let _ = write!(path, "&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
        }
        insert_next(&mut response, &base.http(&path));
    }
    Ok(response)
}

/// Adds the `Link` to the next page.
pub(super) fn insert_next(response: &mut Response, url: &str) {
    if let Ok(link) = HeaderValue::from_str(&format!("<{url}>; rel=\"next\"")) {
        response.headers_mut().insert(header::LINK, link);
    }
}

async fn filter(state: &AppState, query: &Parameters) -> Result<OrderFilter, Problem> {
    let mut errors = Vec::new();
    let status = query
        .read("status", "is not an order status", &mut errors, |text| text.to_ascii_lowercase().parse().ok());
    let parked = query.read("parked", "must be true or false", &mut errors, |text| text.parse().ok());
    let cursor: Option<OrderId> =
        query.read("cursor", "is not a valid cursor", &mut errors, |text| text.parse().ok());
    let label =
        |most: usize| move |text: &str| (text.len() <= most && is_label(text)).then(|| text.to_owned());
    let not_a_label = "must be printable ASCII of at most 128 characters";
    let tag = query.read("tag", not_a_label, &mut errors, label(MAX_TAG_CHARS));
    let client_order_id =
        query.read("clientOrderId", not_a_label, &mut errors, label(MAX_CLIENT_ORDER_ID_CHARS));
    let venue =
        query.read("venue", "is not a venue; see /api/venues", &mut errors, |text| venue(state, text));
    let failure = query.read("failureCode", "is not a failure code", &mut errors, failure_code);
    let not_a_time = "must be an RFC 3339 time with an offset";
    let from: Option<Timestamp> = query.read("from", not_a_time, &mut errors, |text| text.parse().ok());
    let to: Option<Timestamp> = query.read("to", not_a_time, &mut errors, |text| text.parse().ok());
    let sort: Option<OrderSort> =
        query.read("sort", "must be createdAt, updatedAt, attempt or duration", &mut errors, |text| {
            text.parse().ok()
        });
    let descending = query.read("order", "must be asc or desc", &mut errors, |text| match text {
        "asc" => Some(false),
        "desc" => Some(true),
        _ => None,
    });
    let searched = query.read("q", "must have at most 128 characters", &mut errors, |text| {
        (text.chars().count() <= search::MAX_CHARS).then(|| text.trim().to_owned())
    });
    let limit = read_limit(query, DEFAULT_LIMIT, MAX_LIMIT, &mut errors);
    let token_in = token(state, query, "tokenIn", &mut errors).await;
    let token_out = token(state, query, "tokenOut", &mut errors).await;
    let either = token(state, query, "token", &mut errors).await;
    let pair = match query.text("pair") {
        Some(text) => search::pair(state, text).await.map_err(|error| errors.push(error)).ok(),
        None => None,
    };
    let sort = sort.unwrap_or_default();
    if cursor.is_some() && sort != OrderSort::CreatedAt {
        errors.push(FieldError::new("cursor", FieldCode::Conflict, "requires sort=createdAt"));
    }
    query.report_unknown(&KNOWN, &mut errors);
    refuse_query(errors)?;
    let filter = OrderFilter {
        status,
        parked: parked.unwrap_or(false),
        tag,
        client_order_id,
        token_in,
        token_out,
        token: either,
        pair,
        venue,
        failure,
        from,
        to,
        sort,
        descending: descending.unwrap_or(true),
        cursor,
        ..OrderFilter::newest(limit)
    };
    Ok(match searched {
        Some(text) if !text.is_empty() => search::narrow(state, filter, &text).await,
        _ => filter,
    })
}

async fn token(
    state: &AppState,
    query: &Parameters,
    name: &'static str,
    errors: &mut Vec<FieldError>,
) -> Option<Token> {
    let text = query.text(name)?;
    let resolved = state.tokens.resolve(text).await;
    let report = |error| {
        errors.push(FieldError::new(
            name,
            FieldCode::UnknownToken,
            format!("is an {error}: `{}`", shown(text)),
        ));
    };
    resolved.map_err(report).ok()
}

/// A venue that this engine knows. Names of others are not kept: clients could fill the memory with them.
pub(super) fn venue(state: &AppState, name: &str) -> Option<VenueId> {
    state.venues.iter().map(|venue| venue.id()).find(|venue| venue.as_str().eq_ignore_ascii_case(name))
}

pub(super) fn failure_code(name: &str) -> Option<FailureCode> {
    FailureCode::ALL.into_iter().find(|code| code.as_str().eq_ignore_ascii_case(name))
}

/// The size of a page.
pub(super) fn read_limit(query: &Parameters, default: u32, max: u32, errors: &mut Vec<FieldError>) -> u32 {
    let limit =
        query.read("limit", "must be a whole number", errors, |text| text.parse().ok()).unwrap_or(default);
    if !(1..=max).contains(&limit) {
        let message = format!("must be between 1 and {max}");
        errors.push(FieldError::new("limit", FieldCode::OutOfRange, message));
    }
    limit
}
