//! Finds orders that somebody should look at.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use domain::OrderId;
use sqlx::{PgConnection, types::Uuid};

use super::super::row::micros;

/// How far back most looks go.
const RECENT: Duration = Duration::from_secs(10);
/// How often a look goes back to the beginning, which finds what an earlier one had to leave: orders
/// that were leased or locked. Much less than [`RECENT`], so that nothing lies between the two.
const WHOLE_EVERY: Duration = Duration::from_secs(1);
/// Further back than any order.
const BEGINNING: Duration = Duration::from_hours(24 * 365 * 100);

/// Looks for due orders.
///
/// Every order that has ended leaves entries at the beginning of the index, until the table is vacuumed:
/// the more orders are stored, the longer that takes. So a look begins there only now and then.
#[derive(Default)]
pub(super) struct Looks {
    /// When the beginning had nothing more to give.
    exhausted: Mutex<Option<Instant>>,
}

impl Looks {
    /// Takes due orders, those first that have waited longest.
    pub(super) async fn take(
        &self,
        connection: &mut PgConnection,
        limit: u32,
        redeliver_after: Duration,
    ) -> sqlx::Result<Vec<OrderId>> {
        let began = Instant::now();
        let is_whole = self.lock().is_none_or(|exhausted| began.duration_since(exhausted) >= WHOLE_EVERY);
        let since = if is_whole { BEGINNING } else { RECENT };
        let due = take(connection, since, limit, redeliver_after).await?;
        if is_whole && due.len() < limit as usize {
            *self.lock() = Some(began);
        }
        Ok(due)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.exhausted.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Orders that another sweeper is just taking are skipped, so that no two get the same. The time is
/// one for the statement, so that the index is read no further than what is due.
async fn take(
    connection: &mut PgConnection,
    since: Duration,
    limit: u32,
    redeliver_after: Duration,
) -> sqlx::Result<Vec<OrderId>> {
    let due: Vec<Uuid> = sqlx::query_scalar(
        "WITH due AS (
             SELECT id, wake_at FROM orders
             WHERE wake_at <= statement_timestamp()
               AND wake_at > statement_timestamp() - $3::bigint * interval '1 microsecond'
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
    .bind(micros(since))
    .fetch_all(connection)
    .await?;
    Ok(due.into_iter().map(OrderId).collect())
}
