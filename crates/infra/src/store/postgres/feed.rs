//! The feed: every event once, whatever commits meanwhile.
//!
//! Events are in the order of the transactions that wrote them. A transaction may commit long after one
//! that began later, so nothing is read from the oldest one that is still under way on.

use domain::{
    AccountId, OrderId,
    ports::{FeedCursor, FeedPage, FeedScope, PageEnd},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, types::Uuid};

use super::super::row::{FeedRow, decode};

/// The condition that a row is after the cursor `$2`, `$3`, `$4` and certain.
const READABLE: &str = "transaction_id >= $2::text::xid8
    AND (transaction_id, order_id, seq) > ($2::text::xid8, $3, $4)
    AND transaction_id < pg_snapshot_xmin(pg_current_snapshot())";
/// The columns of a [`FeedRow`]. The order is looked up for each of a page's rows.
const COLUMNS: &str = "e.transaction_id::text::bigint AS position, e.order_id, e.seq, e.status, e.attempt,
    (extract(epoch FROM e.at) * 1000000)::bigint AS at, e.data,
    EXISTS (SELECT FROM orders o WHERE o.id = e.order_id AND o.account_id = $1) AS is_ours";

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
        FeedScope::All => page_of_all(),
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
    let rows: Vec<FeedRow> = query.fetch_all(&mut *connection).await?;
    let is_full = rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let last = rows.last().map(FeedRow::cursor).transpose()?;
    let events = FeedRow::events(rows, account)?;
    let next = last.unwrap_or(after).max(if is_full { after } else { end });
    let beyond = match (is_full, is_unsettled) {
        (true, _) => PageEnd::More,
        (false, true) => PageEnd::Unsettled,
        (false, false) => PageEnd::Nothing,
    };
    Ok(FeedPage { events, next, beyond })
}

/// What is left of the cursor's transaction, and as many whole ones after it as fill a page.
///
/// Asked for in one, the server would have to sort within transactions, and one that has no statistics, as
/// after a crash, rather reads and sorts all that follows for every page.
fn page_of_all() -> String {
    const CERTAIN: &str = "transaction_id < pg_snapshot_xmin(pg_current_snapshot())";
    format!(
        "SELECT {COLUMNS} FROM (
             (SELECT * FROM order_events
              WHERE transaction_id = $2::text::xid8 AND (order_id, seq) > ($3, $4) AND {CERTAIN})
             UNION ALL
             (SELECT * FROM order_events WHERE transaction_id > $2::text::xid8 AND {CERTAIN}
              ORDER BY transaction_id FETCH FIRST $5 ROWS WITH TIES)
         ) e ORDER BY transaction_id, order_id, seq LIMIT $5"
    )
}

pub(super) async fn end(connection: &mut PgConnection) -> sqlx::Result<FeedCursor> {
    Ok(horizon(connection).await?.0)
}

/// The last event that is certain and the first one that is not, by their transactions.
///
/// Each is one step in an index, however long the feed is and whatever the statistics say: the order is that
/// of the column, not of the number it is shown as, and the first of many is asked for rather than whether
/// there are any, which an unlucky plan answers by reading all of them.
const HORIZON: &str = "SELECT
    (SELECT e.transaction_id::text FROM order_events e
     WHERE e.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY e.transaction_id DESC LIMIT 1)::bigint,
    (SELECT e.transaction_id::text FROM order_events e
     WHERE e.transaction_id >= pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY e.transaction_id LIMIT 1)::bigint";

/// The transaction of the oldest event that is committed and not certain yet.
pub(super) async fn held_at(connection: &mut PgConnection) -> sqlx::Result<Option<u64>> {
    let (_, first): (Option<i64>, Option<i64>) = sqlx::query_as(HORIZON).fetch_one(connection).await?;
    first.map(|position| u64::try_from(position).map_err(decode)).transpose()
}

/// The last event that is certain, and whether there are events beyond.
///
/// A cursor always names an event, never just a transaction id: ids of transactions that left nothing in
/// the log are given out again after a crash, while an event that could be read had been flushed.
async fn horizon(connection: &mut PgConnection) -> sqlx::Result<(FeedCursor, bool)> {
    let (last, first): (Option<i64>, Option<i64>) =
        sqlx::query_as(HORIZON).fetch_one(&mut *connection).await?;
    let is_unsettled = first.is_some();
    let Some(last) = last else { return Ok((FeedCursor::START, is_unsettled)) };
    let (order_id, seq): (Uuid, i64) = sqlx::query_as(
        "SELECT order_id, seq FROM order_events WHERE transaction_id = $1::text::xid8
         ORDER BY order_id DESC, seq DESC LIMIT 1",
    )
    .bind(last.to_string())
    .fetch_one(connection)
    .await?;
    let cursor = FeedCursor {
        position: u64::try_from(last).map_err(decode)?,
        order_id: OrderId(order_id),
        seq: u32::try_from(seq).map_err(decode)?,
    };
    Ok((cursor, is_unsettled))
}

/// Whether the event before a cursor exists at its position.
pub(super) async fn has(connection: &mut PgConnection, cursor: FeedCursor) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM order_events
                        WHERE order_id = $1 AND seq = $2 AND transaction_id = $3::text::xid8)",
    )
    .bind(cursor.order_id.0)
    .bind(i64::from(cursor.seq))
    .bind(cursor.position.to_string())
    .fetch_one(connection)
    .await
}

/// Converts the feed of a database that was restored from a dump to this server's transaction ids.
///
/// A dump keeps the ids of the server it was made on. If this server has not come as far, they lie in its
/// future, and no event would ever be certain. Positions in the feed move and keep their order; cursors of
/// before no longer name an event and are refused.
pub(super) async fn adopt(connection: &mut PgConnection) -> sqlx::Result<()> {
    const FROM_ELSEWHERE: &str = "SELECT (SELECT e.transaction_id FROM order_events e
        WHERE e.transaction_id >= pg_snapshot_xmax(pg_current_snapshot())
        ORDER BY e.transaction_id LIMIT 1) IS NOT NULL";
    if !sqlx::query_scalar(FROM_ELSEWHERE).fetch_one(&mut *connection).await? {
        return Ok(());
    }
    let mut transaction = connection.begin().await?;
    sqlx::query("LOCK TABLE order_events IN EXCLUSIVE MODE").execute(&mut *transaction).await?;
    // Looked at again under the lock: another process may have done it, or an event was just written.
    if sqlx::query_scalar(FROM_ELSEWHERE).fetch_one(&mut *transaction).await? {
        let moved = sqlx::query(
            "WITH ranked AS (
                 SELECT order_id, seq, dense_rank() OVER (ORDER BY transaction_id) AS rank FROM order_events
             ), room AS (
                 SELECT pg_snapshot_xmin(pg_current_snapshot())::text::numeric - 4 AS ids, max(rank) AS ranks
                 FROM ranked
             )
             UPDATE order_events
             SET transaction_id = (3 + floor(least(ids / ranks, 1) * rank))::bigint::text::xid8
             FROM ranked, room
             WHERE order_events.order_id = ranked.order_id AND order_events.seq = ranked.seq",
        )
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        tracing::warn!(
            events = moved,
            "the database comes from another server (a dump): its events were given places in this server's \
             feed; cursors of before are refused with cursor_unknown"
        );
    }
    transaction.commit().await
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use testkit::postgres::fresh_database;

    use super::*;

    /// Rows that a plan looked at, over all its steps.
    fn rows_read(plan: &Value) -> u64 {
        let count =
            |name: &str| plan[name].as_u64().unwrap_or(0) * plan["Actual Loops"].as_u64().unwrap_or(1);
        let steps = plan["Plans"].as_array().into_iter().flatten().map(rows_read).sum::<u64>();
        steps + count("Actual Rows") + count("Rows Removed by Filter")
    }

    /// A long feed costs no more than a short one, also before the server has statistics of it.
    #[tokio::test]
    async fn the_feed_is_read_by_its_index() {
        let mut connection = PgConnection::connect(&fresh_database().await).await.unwrap();
        super::super::MIGRATIONS.run_direct(None, &mut connection, false).await.unwrap();
        for statement in [
            "ALTER TABLE order_events DISABLE TRIGGER ALL",
            "ALTER TABLE order_events SET (autovacuum_enabled = off)",
            "INSERT INTO order_events (order_id, seq, status, kind, attempt, at, data, transaction_id)
             SELECT gen_random_uuid(), 1, 'pending', 'accepted', 0, now(), '{\"kind\": \"accepted\"}',
                    (3 + i / 100)::text::xid8
             FROM generate_series(1, 50000) AS i",
        ] {
            sqlx::query(statement).execute(&mut connection).await.unwrap();
        }
        for sql in [HORIZON.to_owned(), page_of_all()] {
            let explain = format!("EXPLAIN (ANALYZE, FORMAT JSON) {sql}");
            let mut explain = sqlx::query_scalar(AssertSqlSafe(explain.as_str()));
            if sql != HORIZON {
                let (account, order) = (AccountId::DEFAULT.0, Uuid::nil());
                explain = explain.bind(account).bind("300").bind(order).bind(0_i64).bind(100_i64);
            }
            let plan: Value = explain.fetch_one(&mut connection).await.unwrap();
            let read = rows_read(&plan[0]["Plan"]);
            assert!(read < 2_000, "{read} of 50,000 rows are read: {plan:#}");
        }
    }
}
