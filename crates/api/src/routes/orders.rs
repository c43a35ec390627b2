//! `GET /api/orders?status=&parked=&tag=&cursor=&limit=`.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::{OrderId, ports::OrderFilter};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::{OrderView, words};

use crate::{
    openapi::problems,
    problem::{FieldCode, FieldError, Problem},
    request::{Base, Parameters, refuse_query},
    state::AppState,
    validation::{MAX_TAG_CHARS, is_label},
};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

problems!(Problems: InvalidQuery, StoreUnavailable);

/// Orders, newest first.
///
/// An array. `Link` has the next page, if there is one.
#[utoipa::path(get, path = "/api/orders", operation_id = "listOrders", tag = "orders",
    params(
        ("status" = Option<words::OrderStatus>, Query, description = "Only orders in this status, in any case."),
        ("tag" = Option<String>, Query, description = "Only orders with this tag.", pattern = "^[ -~]{1,128}$"),
        ("parked" = Option<bool>, Query, description = "`true`: only parked orders, those that lost five claims in a row."),
        ("cursor" = Option<Uuid>, Query, description = "Only orders before this one; see `Link`."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Orders at most; 50 by default."),
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
    let asked = filter(&query)?;
    let OrderFilter { status, parked, tag, limit, .. } = asked.clone();
    let one_more = OrderFilter { limit: limit + 1, ..asked };
    let mut orders = state.answer(state.store.orders(state.account, one_more)).await?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_next = orders.len() > size;
    orders.truncate(size);
    let tokens = state.tokens.as_ref();
    let views: Vec<_> = orders.iter().map(|order| OrderView::new(order, tokens)).collect();
    let mut response = Json(views).into_response();
    if let Some(last) = orders.last().filter(|_| has_next) {
        let status = status.map(|status| format!("&status={status}")).unwrap_or_default();
        let parked = if parked { "&parked=true" } else { "" };
        let tag = tag
            .map(|tag| format!("&tag={}", utf8_percent_encode(&tag, NON_ALPHANUMERIC)))
            .unwrap_or_default();
        let path = format!("/api/orders?cursor={}&limit={limit}{status}{parked}{tag}", last.id);
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

fn filter(query: &Parameters) -> Result<OrderFilter, Problem> {
    let mut errors = Vec::new();
    let status = query
        .read("status", "is not an order status", &mut errors, |text| text.to_ascii_lowercase().parse().ok());
    let parked = query.read("parked", "must be true or false", &mut errors, |text| text.parse().ok());
    let before: Option<OrderId> =
        query.read("cursor", "is not a valid cursor", &mut errors, |text| text.parse().ok());
    let is_tag = |text: &str| (text.len() <= MAX_TAG_CHARS && is_label(text)).then(|| text.to_owned());
    let tag = query.read("tag", "must be printable ASCII of at most 128 characters", &mut errors, is_tag);
    let limit = read_limit(query, DEFAULT_LIMIT, MAX_LIMIT, &mut errors);
    query.report_unknown(&["status", "parked", "tag", "cursor", "limit"], &mut errors);
    refuse_query(errors)?;
    Ok(OrderFilter { status, parked: parked.unwrap_or(false), tag, before, ..OrderFilter::newest(limit) })
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
