//! The feed: all events in the order of their positions, which is that of their commits.

use domain::{
    AccountId, OrderId,
    ports::{FeedCursor, FeedPage, FeedScope, PageEnd},
};
use sqlx::{
    AssertSqlSafe, SqliteConnection,
    types::{Json, Uuid},
};

use super::super::row::{FeedRow, decode, encode};

pub(super) async fn read(
    connection: &mut SqliteConnection,
    account: AccountId,
    scope: &FeedScope,
    after: FeedCursor,
    limit: u32,
) -> sqlx::Result<FeedPage> {
    let end = end(&mut *connection).await?; // first: what is written after it may be among what is read
    let named = match scope {
        FeedScope::All => "",
        // `+` keeps the way through the feed out: a few orders are found by their ids
        FeedScope::Orders(_) => "AND order_id IN (SELECT unhex(value) FROM json_each($4))",
    };
    let column = if named.is_empty() { "position" } else { "+position" };
    let sql = format!(
        "SELECT position, order_id, seq, e.status, e.attempt, e.at, data,
                EXISTS (SELECT 1 FROM orders o WHERE o.id = order_id AND account_id = $1) AS is_ours
         FROM order_events e WHERE {column} > $2 {named} ORDER BY {column} LIMIT $3"
    );
    let mut query = sqlx::query_as(AssertSqlSafe(sql))
        .bind(account.0)
        .bind(i64::try_from(after.position).map_err(encode)?)
        .bind(i64::from(limit));
    if let FeedScope::Orders(ids) = scope {
        query = query.bind(Json(ids.iter().map(|id| id.0.simple().to_string()).collect::<Vec<_>>()));
    }
    let rows: Vec<FeedRow> = query.fetch_all(&mut *connection).await?;
    let is_full = rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let last = rows.last().map_or(Ok(after), FeedRow::cursor)?;
    let next = if is_full { last } else { last.max(end) };
    let beyond = if is_full { PageEnd::More } else { PageEnd::Nothing };
    let events = FeedRow::events(rows, account)?;
    Ok(FeedPage { events, next, beyond })
}

pub(super) async fn end(connection: &mut SqliteConnection) -> sqlx::Result<FeedCursor> {
    let last: Option<(i64, Uuid, i64)> =
        sqlx::query_as("SELECT position, order_id, seq FROM order_events ORDER BY position DESC LIMIT 1")
            .fetch_optional(connection)
            .await?;
    let Some((position, order_id, seq)) = last else { return Ok(FeedCursor::START) };
    Ok(FeedCursor {
        position: u64::try_from(position).map_err(decode)?,
        order_id: OrderId(order_id),
        seq: u32::try_from(seq).map_err(decode)?,
    })
}

/// Whether the event before a cursor exists at its position.
pub(super) async fn has(connection: &mut SqliteConnection, cursor: FeedCursor) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM order_events WHERE position = $1 AND order_id = $2 AND seq = $3)",
    )
    .bind(i64::try_from(cursor.position).unwrap_or(i64::MAX))
    .bind(cursor.order_id.0)
    .bind(i64::from(cursor.seq))
    .fetch_one(connection)
    .await
}
