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

use domain::{Order, OrderId, ports::FeedCursor};
use futures::{StreamExt, TryStreamExt, stream};

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

/// Orders that are looked up at once.
const CONCURRENT_LOOKUPS: usize = 16;

/// Finds orders of the account.
///
/// # Errors
/// When one of them does not exist or is another account's.
async fn find_orders(state: &AppState, ids: &[OrderId]) -> Result<Vec<Order>, Problem> {
    stream::iter(ids.iter().copied())
        .map(|id| state.find_order(id))
        .buffered(CONCURRENT_LOOKUPS)
        .try_collect()
        .await
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
