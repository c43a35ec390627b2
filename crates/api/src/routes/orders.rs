//! `GET /api/orders`: lists and searches.

use std::fmt::Write;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::{
    OrderId,
    ports::{OrderFilter, OrderPage, OrderSort},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::{OrderView, words};

use super::filter;
use crate::{
    base_url::BaseUrl,
    openapi::problems,
    problem::{FieldCode, FieldError, Problem},
    request::{Parameters, refuse_query},
    state::AppState,
};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;
problems!(Problems: InvalidQuery, WalletNotFound, UnreadableOrder, StoreUnavailable);

/// Lists and finds orders, newest first.
///
/// Filters can be combined. `Link` has the next page, if any. A search for tokens, venues, failures or `q` scans 50,000
/// orders per page, so a page may be short or empty and still have a next one. With a `sort` other than `createdAt` there
/// is one page, sorted among the newest 50,000 orders, or the oldest with `order=asc`.
#[utoipa::path(get, path = "/api/orders", operation_id = "listOrders", tag = "orders",
    params(
        filter::Filters,
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
    base: BaseUrl,
    query: Parameters,
) -> Result<Response, Problem> {
    let filter = filter(&state, &query).await?;
    let OrderPage { orders, next } = state.answer(state.store.orders(state.account, filter)).await?;
    let tokens = state.tokens.as_ref();
    let views: Vec<_> = orders.iter().map(|order| OrderView::new(order, tokens)).collect();
    let mut response = Json(views).into_response();
    if let Some(next) = next {
        let mut path = format!("/api/orders?cursor={next}");
        for (name, value) in query.pairs().filter(|(name, _)| *name != "cursor") {
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
    let read = filter::read(state, query, &mut errors).await;
    let cursor: Option<OrderId> =
        query.read("cursor", "must be the id of an order", &mut errors, |text| text.parse().ok());
    let sort: Option<OrderSort> =
        query.read("sort", "must be createdAt, updatedAt, attempt or duration", &mut errors, |text| {
            text.parse().ok()
        });
    let descending = query.read("order", "must be asc or desc", &mut errors, |text| match text {
        "asc" => Some(false),
        "desc" => Some(true),
        _ => None,
    });
    let limit = read_limit(query, DEFAULT_LIMIT, MAX_LIMIT, &mut errors);
    let sort = sort.unwrap_or_default();
    if cursor.is_some() && sort != OrderSort::CreatedAt {
        errors.push(FieldError::new("cursor", FieldCode::Conflict, "requires sort=createdAt"));
    }
    query.check_names(&[&filter::NAMES[..], &["sort", "order", "cursor", "limit"]].concat(), &mut errors);
    refuse_query(errors)?;
    let filter = read.finish(state).await?;
    Ok(OrderFilter { sort, descending: descending.unwrap_or(true), cursor, limit, ..filter })
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
