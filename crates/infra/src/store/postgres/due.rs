//! Finds orders that somebody should look at.

use std::time::Duration;

use domain::OrderId;
use sqlx::{PgConnection, types::Uuid};

use super::super::row::micros;

/// Orders that another sweeper is just taking are skipped, so that no two get the same. The time is
/// one for the statement, so that the index is read no further than what is due.
pub(super) async fn take(
    connection: &mut PgConnection,
    limit: u32,
    redeliver_after: Duration,
) -> sqlx::Result<Vec<OrderId>> {
    let due: Vec<Uuid> = sqlx::query_scalar(
        "WITH due AS (
             SELECT id, wake_at FROM orders
             WHERE wake_at <= statement_timestamp()
               AND (lease_until IS NULL OR lease_until <= statement_timestamp())
             ORDER BY wake_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
         ), taken AS (
             UPDATE orders SET wake_at = clock_timestamp() + $2::bigint * interval '1 microsecond'
             WHERE id = ANY(ARRAY(SELECT id FROM due)) RETURNING id
         )
         SELECT id FROM due JOIN taken USING (id) ORDER BY due.wake_at",
    )
    .bind(i64::from(limit))
    .bind(micros(redeliver_after))
    .fetch_all(connection)
    .await?;
    Ok(due.into_iter().map(OrderId).collect())
}
