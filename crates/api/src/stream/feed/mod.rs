//! `/api/stream`: many orders, or all of the account, on one connection.
//!
//! The store's feed orders all events; the bus only says when to read it. [`Tail`] reads the
//! feed once for the whole process, and every connection has a [`FeedReader`] that takes what the tail
//! brings, or reads the store where that does not follow on from what it has.

mod lag;
mod message;
mod prices;
mod reader;
mod request;
mod sse;
mod tail;
mod websocket;

use std::collections::HashSet;

use domain::{
    Order, OrderId,
    ports::{FeedCursor, OrderFilter},
};

use crate::{
    problem::{Code, FieldCode, FieldError, Problem},
    state::AppState,
};

pub(crate) use lag::FeedLag;
pub(crate) use sse::respond;
pub(crate) use tail::Tail;
pub(crate) use websocket::converse;

use message::FeedMessage;
use reader::FeedReader;

/// Finds orders of the account, in no particular order.
///
/// # Errors
/// When one of them does not exist, is another account's or cannot be read.
async fn find_orders(state: &AppState, ids: &[OrderId]) -> Result<Vec<Order>, Problem> {
    let most = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let filter = OrderFilter { ids: Some(ids.to_vec()), ..OrderFilter::newest(most) };
    let found = state.answer(state.store.orders(state.account, filter)).await?.orders;
    let known: HashSet<_> = found.iter().map(|order| order.id).collect();
    match ids.iter().find(|id| !known.contains(*id)) {
        None => Ok(found),
        // a listing leaves it out, and does not say why
        Some(missing) => Err(match state.find_order(*missing).await {
            Ok(_) => Problem::order_not_found(*missing),
            Err(problem) => problem,
        }),
    }
}

/// Parses a client's cursor, if events can be sent from there without a gap.
async fn check_cursor(
    state: &AppState,
    text: &str,
    refuse: impl FnOnce(FieldError) -> Problem,
) -> Result<FeedCursor, Problem> {
    let Ok(cursor) = text.parse() else {
        return Err(refuse(FieldError::new("cursor", FieldCode::Malformed, "is not a valid cursor")));
    };
    if state.answer(state.store.feed_has(cursor)).await? {
        return Ok(cursor);
    }
    let detail = "this database does not have the cursor's event: it was replaced or restored, or is of an earlier version. \
                  Subscribe without a cursor, and read what you missed from /api/orders";
    Err(Problem::new(Code::CursorUnknown, detail))
}
