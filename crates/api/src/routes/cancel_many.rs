//! `POST /api/orders/cancel`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{OrderId, Phase, ports::OrderFilter};
use futures::{StreamExt, stream};
use protocol::{CancelOutcome, CancelResultView, CanceledViews};
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::named;
use crate::{
    cancel,
    openapi::problems,
    problem::{Code, FieldCode, FieldError, Problem, shown},
    request::{JsonBody, NoParameters},
    state::AppState,
    validation::{Fields, MAX_TAG_CHARS, is_label},
};

/// Orders that are canceled at once: enough to fill a group of writes, few enough to leave room for others.
const AT_ONCE: usize = 64;
/// Orders of one page of a search.
const PAGE: u32 = 500;

/// The orders to cancel. If several filters are set, orders must match all of them.
#[derive(ToSchema)]
#[schema(as = CancelFilter)]
#[expect(dead_code, reason = "the document describes it; the body is read field by field")]
struct Request {
    /// Up to 500 order ids; cannot be combined with other filters.
    #[schema(value_type = Option<Vec<Uuid>>)]
    ids: Option<Vec<String>>,
    /// Two tokens, such as `SOL/USDC`; matches orders in both directions.
    pair: Option<String>,
    /// The orders' tag.
    tag: Option<String>,
    /// The wallet that they trade from: a name or an id.
    wallet: Option<String>,
    /// `true`: every order that has not ended; cannot be combined with other filters.
    all: Option<bool>,
}

/// The orders that match.
enum Selection {
    Ids(Vec<String>),
    /// With the fields of a filter.
    Matching(Box<OrderFilter>),
}

problems!(
    Problems: MalformedJson, InvalidRequest, InvalidQuery, UnreadableBody, BodyTimeout, BodyTooLarge, UnsupportedMediaType,
    UnsupportedContentEncoding, WalletNotFound, UnreadableOrder, StoreUnavailable
);

/// Cancels orders by filter.
///
/// Cancels each order as `POST /api/orders/{id}/cancel` does, and returns a result per order. One request cancels at
/// most 500 orders; if `hasMore` is true, repeat it.
#[utoipa::path(post, path = "/api/orders/cancel", operation_id = "cancelOrders", tag = "orders",
    request_body = Request,
    responses((status = 200, description = "The result for each order.", body = CanceledViews), Problems))]
pub(crate) async fn cancel_many(
    State(state): State<AppState>,
    _: NoParameters,
    body: JsonBody,
) -> Result<Response, Problem> {
    let selection = selection(&state, &body.0).await?;
    let (ids, has_more) = match selection {
        Selection::Ids(ids) => (ids, false),
        Selection::Matching(filter) => {
            let mut found = matching(&state, &filter).await?;
            let has_more = found.len() > state.limits.max_cancels;
            found.truncate(state.limits.max_cancels);
            (found.into_iter().map(|id| id.to_string()).collect(), has_more)
        }
    };
    let results = stream::iter(ids)
        .map(|id| {
            let state = state.clone();
            async move { result(&state, id).await }
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    Ok(Json(CanceledViews { results, has_more }).into_response())
}

async fn result(state: &AppState, id: String) -> CancelResultView {
    let Ok(parsed) = id.parse::<OrderId>() else {
        return CancelResultView { order_id: id, result: CancelOutcome::NotFound, status: None };
    };
    let (result, status) = match cancel::cancel(state, parsed).await {
        Ok(canceled) => (canceled.outcome(), Some(canceled.order().status)),
        Err(problem) if problem.code == Code::OrderNotFound => (CancelOutcome::NotFound, None),
        Err(_) => (CancelOutcome::StoreUnavailable, None),
    };
    CancelResultView { order_id: id, result, status }
}

/// Matching orders that have not ended, newest first; up to one more than a request cancels.
async fn matching(state: &AppState, filter: &OrderFilter) -> Result<Vec<OrderId>, Problem> {
    let (mut found, mut requested) = (Vec::new(), Vec::new());
    for phase in [Phase::InFlight, Phase::Resting] {
        let mut cursor = None;
        loop {
            let filter = OrderFilter { phase: Some(phase), cursor, ..filter.clone() };
            let page = state.answer(state.store.orders(state.account, filter)).await?;
            cursor = page.next;
            for order in &page.orders {
                let orders = if order.cancel_request.is_none() { &mut found } else { &mut requested };
                orders.push(order.id);
            }
            if cursor.is_none() || found.len() > state.limits.max_cancels {
                break;
            }
        }
    }
    // Where a request is on record the order's worker carries it out; here it only fills up the answer.
    let room = state.limits.max_cancels.saturating_sub(found.len());
    found.extend(requested.into_iter().take(room));
    found.sort_unstable_by(|one, other| other.cmp(one));
    Ok(found)
}

async fn selection(state: &AppState, body: &[u8]) -> Result<Selection, Problem> {
    let fields = Fields::parse(body)?;
    let mut errors = Vec::new();
    fields.report_unexpected(&["ids", "pair", "tag", "wallet", "all"], &mut errors);
    let mut report = |field: &'static str, code, message: String| {
        errors.push(FieldError::new(field, code, message));
    };
    let mut wrong_type = |field, what: &str| report(field, FieldCode::WrongType, format!("must be {what}"));
    let ids = typed::<Vec<String>>(&fields, "ids", || wrong_type("ids", "a list of strings"));
    let pair = typed::<String>(&fields, "pair", || wrong_type("pair", "a string"));
    let tag = typed::<String>(&fields, "tag", || wrong_type("tag", "a string"));
    let wallet = typed::<String>(&fields, "wallet", || wrong_type("wallet", "a string"));
    let all = typed::<bool>(&fields, "all", || wrong_type("all", "true"));
    let given = |names: &[&str]| names.iter().any(|name| fields.get(name).is_some());
    let filters = [given(&["ids"]), given(&["pair", "tag", "wallet"]), given(&["all"])];
    match filters.into_iter().filter(|is_given| *is_given).count() {
        0 => report("ids", FieldCode::Missing, "is required, or one of pair, tag, wallet and all".to_owned()),
        1 => {}
        _ => {
            let field = if given(&["all"]) { "all" } else { "ids" };
            report(field, FieldCode::Conflict, "cannot be combined with other filters".to_owned());
        }
    }
    if all == Some(false) {
        report("all", FieldCode::Unsupported, "must be true".to_owned());
    }
    if let Some(ids) = &ids {
        let most = state.limits.max_cancels;
        if ids.is_empty() || ids.len() > most {
            report("ids", FieldCode::OutOfRange, format!("must be between 1 and {most} ids"));
        } else if let Some(id) = ids.iter().find(|id| id.parse::<OrderId>().is_err()) {
            report("ids", FieldCode::Malformed, format!("must be UUIDs: {} is not one", shown(id)));
        }
    }
    if tag.as_ref().is_some_and(|tag| tag.len() > MAX_TAG_CHARS || !is_label(tag)) {
        let message = format!("must be printable ASCII of 1 to {MAX_TAG_CHARS} characters");
        report("tag", FieldCode::Malformed, message);
    }
    let pair = match pair {
        Some(text) => named::pair(state, &text).await.map_err(|error| errors.push(error)).ok(),
        None => None,
    };
    if !errors.is_empty() {
        return Err(Problem::fields(Code::InvalidRequest, errors));
    }
    let wallet = match wallet {
        Some(name) => Some(state.wallet_named(&name).await?),
        None => None,
    };
    let filter = OrderFilter { pair, tag, wallet, ..OrderFilter::newest(PAGE) };
    Ok(ids.map_or_else(|| Selection::Matching(Box::new(filter)), Selection::Ids))
}

/// A field's value, if it is there and of its type; another type is reported.
fn typed<T: DeserializeOwned>(fields: &Fields<'_>, name: &str, wrong_type: impl FnOnce()) -> Option<T> {
    let value = fields.get(name)?.typed();
    if value.is_none() {
        wrong_type();
    }
    value
}
