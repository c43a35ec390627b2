//! The feed: every event once, whatever commits meanwhile.
//!
//! Events are in the order of the transactions that wrote them. A transaction may commit long after one
//! that began later, so nothing is read from the oldest one that is still under way on.

use domain::{
    AccountId,
    ports::{Beyond, FeedCursor, FeedPage, FeedScope},
};
use sqlx::{AssertSqlSafe, PgConnection};

use super::super::row::{FeedRow, decode};

/// The condition that a row is after the cursor `$2`, `$3`, `$4` and certain.
const READABLE: &str = "transaction_id >= $2::text::xid8
    AND (transaction_id, order_id, seq) > ($2::text::xid8, $3, $4)
    AND transaction_id < pg_snapshot_xmin(pg_current_snapshot())";
/// The columns of a [`FeedRow`]. The order is looked up for each of a page's rows.
const COLUMNS: &str = "e.transaction_id::text::bigint AS position, e.order_id, e.seq, e.status, e.attempt,
    (extract(epoch FROM e.at) * 1000000)::bigint AS at, e.data,
    (SELECT o.spec FROM orders o WHERE o.id = e.order_id AND o.account_id = $1) AS spec";

pub(super) async fn read(
    connection: &mut PgConnection,
    account: AccountId,
    scope: &FeedScope,
    after: FeedCursor,
    limit: u32,
) -> sqlx::Result<FeedPage> {
    // First: what is not settled here and commits before the events are read is found among them, and
    // what commits later is announced later.
    let (end, is_unsettled) = horizon(&mut *connection).await?;
    let sql = match scope {
        FeedScope::All => format!(
            "SELECT {COLUMNS} FROM order_events e WHERE {READABLE}
             ORDER BY transaction_id, order_id, seq LIMIT $5"
        ),
        // Materialised: the way to a few orders is by their ids, not through the whole feed.
        FeedScope::Orders(_) => format!(
            "WITH e AS MATERIALIZED (SELECT * FROM order_events WHERE order_id = ANY($6))
             SELECT {COLUMNS} FROM e WHERE {READABLE}
             ORDER BY transaction_id, order_id, seq LIMIT $5"
        ),
    };
    let mut query = sqlx::query_as(AssertSqlSafe(sql))
        .bind(account.0)
        .bind(after.position.to_string())
        .bind(after.order_id.0)
        .bind(i64::from(after.seq))
        .bind(i64::from(limit));
    if let FeedScope::Orders(ids) = scope {
        query = query.bind(ids.iter().map(|id| id.0).collect::<Vec<_>>());
    }
    let rows: Vec<FeedRow> = query.fetch_all(connection).await?;
    let is_full = rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let last = rows.last().map(FeedRow::cursor).transpose()?;
    let events = FeedRow::events(rows, account)?;
    let next = last.unwrap_or(after).max(if is_full { after } else { end });
    let beyond = match (is_full, is_unsettled) {
        (true, _) => Beyond::More,
        (false, true) => Beyond::Unsettled,
        (false, false) => Beyond::Nothing,
    };
    Ok(FeedPage { events, next, beyond })
}

pub(super) async fn end(connection: &mut PgConnection) -> sqlx::Result<FeedCursor> {
    Ok(horizon(connection).await?.0)
}

/// Where certainty ends, and whether there are events beyond.
async fn horizon(connection: &mut PgConnection) -> sqlx::Result<(FeedCursor, bool)> {
    let (position, is_unsettled): (i64, bool) = sqlx::query_as(
        "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
                EXISTS (SELECT FROM order_events
                        WHERE transaction_id >= pg_snapshot_xmin(pg_current_snapshot()))",
    )
    .fetch_one(connection)
    .await?;
    Ok((FeedCursor::before(u64::try_from(position).map_err(decode)?), is_unsettled))
}
