//! `POST /api/orders/cancel`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{Order, OrderId, Phase, Token, ports::OrderFilter};
use futures::{StreamExt, stream};
use protocol::{CancelOutcome, CancelResultView, CanceledViews};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    cancel,
    openapi::problems,
    problem::{Code, FieldCode, FieldError, Problem},
    request::JsonBody,
    state::AppState,
    validation::{MAX_TAG_CHARS, shown},
};

/// Orders that are canceled at once: enough to fill a group of writes, few enough to leave room for others.
const AT_ONCE: usize = 64;
/// Orders of one page of a search.
const PAGE: u32 = 500;

/// Which orders to cancel. Several filters together mean the orders that match all of them.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CancelFilter)]
struct Request {
    /// These orders, at most 500; excludes the other filters.
    #[schema(value_type = Option<Vec<Uuid>>)]
    ids: Option<Vec<String>>,
    /// Two tokens, such as `SOL/USDC`; orders in both directions match.
    pair: Option<String>,
    /// Your own label of the orders.
    tag: Option<String>,
    /// `true`: every order that has not ended; excludes the other filters.
    all: Option<bool>,
}

/// The orders that match.
enum Selection {
    Ids(Vec<String>),
    Matching { pair: Option<[Token; 2]>, tag: Option<String> },
}

problems!(
    Problems: MalformedJson, InvalidRequest, UnreadableBody, BodyTimeout, BodyTooLarge, UnsupportedMediaType,
    UnsupportedContentEncoding, StoreUnavailable
);

/// Cancels orders by a filter.
///
/// Each order is canceled as `POST /api/orders/{id}/cancel` does, and has a result of its own. One request
/// cancels at most 500 orders; `hasMore` says whether more match.
#[utoipa::path(post, path = "/api/orders/cancel", operation_id = "cancelOrders", tag = "orders",
    request_body = Request,
    responses((status = 200, description = "What came of each order.", body = CanceledViews), Problems))]
pub(crate) async fn cancel_many(State(state): State<AppState>, body: JsonBody) -> Result<Response, Problem> {
    let selection = selection(&state, &body.0).await?;
    let (ids, has_more) = match selection {
        Selection::Ids(ids) => (ids, false),
        Selection::Matching { pair, tag } => {
            let mut found = matching(&state, pair, tag).await?;
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
async fn matching(
    state: &AppState,
    pair: Option<[Token; 2]>,
    tag: Option<String>,
) -> Result<Vec<OrderId>, Problem> {
    let is_of_pair = |order: &Order| {
        let request = &order.spec.request;
        pair.is_none_or(|pair| {
            pair == [request.token_in, request.token_out] || pair == [request.token_out, request.token_in]
        })
    };
    let mut found = Vec::new();
    for phase in [Phase::InFlight, Phase::Resting] {
        let mut before = None;
        loop {
            let filter =
                OrderFilter { phase: Some(phase), tag: tag.clone(), before, ..OrderFilter::newest(PAGE) };
            let page = state.answer(state.store.orders(state.account, filter)).await?;
            before = page.last().map(|order| order.id);
            // the worker that executes an order carries out a request that is already on record
            let wanted = page.iter().filter(|order| order.cancel_request.is_none() && is_of_pair(order));
            found.extend(wanted.map(|order| order.id));
            if page.len() < PAGE as usize || found.len() > state.limits.max_cancels {
                break;
            }
        }
    }
    found.sort_unstable_by(|one, other| other.cmp(one));
    Ok(found)
}

async fn selection(state: &AppState, body: &[u8]) -> Result<Selection, Problem> {
    let invalid = |field: &'static str, code, message: String| {
        Problem::fields(Code::InvalidRequest, vec![FieldError::new(field, code, message)])
    };
    let Request { ids, pair, tag, all } =
        serde_json::from_slice(body).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => {
                Problem::new(Code::InvalidRequest, format!("the body is not a filter of orders: {error}"))
            }
            _ => Problem::new(Code::MalformedJson, error.to_string()),
        })?;
    let filters = [ids.is_some(), pair.is_some() || tag.is_some(), all.is_some()];
    match filters.into_iter().filter(|is_given| *is_given).count() {
        0 => {
            let message = "is required, or one of `pair`, `tag` and `all`".to_owned();
            return Err(invalid("ids", FieldCode::Missing, message));
        }
        1 => {}
        _ => {
            let field = if all.is_some() { "all" } else { "ids" };
            let message = "goes with no other filter".to_owned();
            return Err(invalid(field, FieldCode::Conflict, message));
        }
    }
    if all == Some(false) {
        return Err(invalid("all", FieldCode::Unsupported, "must be `true`".to_owned()));
    }
    if let Some(ids) = ids {
        let most = state.limits.max_cancels;
        if ids.is_empty() || ids.len() > most {
            let message = format!("must be between 1 and {most} ids");
            return Err(invalid("ids", FieldCode::OutOfRange, message));
        }
        let not_an_id = ids.iter().find(|id| id.parse::<OrderId>().is_err());
        return match not_an_id {
            Some(id) => {
                let message = format!("must be UUIDs: `{}` is not one", shown(id));
                Err(invalid("ids", FieldCode::Malformed, message))
            }
            None => Ok(Selection::Ids(ids)),
        };
    }
    if tag.as_ref().is_some_and(|tag| tag.is_empty() || tag.len() > MAX_TAG_CHARS) {
        let message = format!("must have between 1 and {MAX_TAG_CHARS} characters");
        return Err(invalid("tag", FieldCode::OutOfRange, message));
    }
    let pair = match pair {
        Some(text) => Some(tokens_of(state, &text).await?),
        None => None,
    };
    Ok(Selection::Matching { pair, tag })
}

async fn tokens_of(state: &AppState, text: &str) -> Result<[Token; 2], Problem> {
    let invalid = |code, message: String| {
        Problem::fields(Code::InvalidRequest, vec![FieldError::new("pair", code, message)])
    };
    let Some((one, other)) = text.split_once('/') else {
        let message = "must be two tokens, such as `SOL/USDC`".to_owned();
        return Err(invalid(FieldCode::Malformed, message));
    };
    let mut pair = [Token::SOL; 2];
    for (token, name) in pair.iter_mut().zip([one, other]) {
        *token = state.tokens.resolve(name).await.map_err(|error| {
            invalid(FieldCode::UnknownToken, format!("names an {error}: `{}`", shown(name)))
        })?;
    }
    Ok(pair)
}
