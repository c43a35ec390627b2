//! Finds due orders.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use domain::{
    OrderId, OrderStatus,
    ports::{DueAction, DueOrder},
};
use sqlx::{PgConnection, types::Uuid};

use super::super::row::micros;

/// How far back most scans go.
const RECENT: Duration = Duration::from_secs(10);
/// How often a scan starts at the beginning, which finds what an earlier one had to leave: orders
/// that were leased or locked. Much less than [`RECENT`], so that nothing lies between the two.
const WHOLE_EVERY: Duration = Duration::from_secs(1);
/// How often to scan for orders that a backward step of the clock has delayed.
const PUT_OFF_EVERY: Duration = Duration::from_secs(5);
/// Further back than any order.
const BEGINNING: Duration = Duration::from_hours(24 * 365 * 100);

/// Scans for due orders.
///
/// Every order that has ended leaves entries at the beginning of the index, until the table is vacuumed:
/// the more orders are stored, the longer that takes. So a scan starts there only now and then.
#[derive(Default)]
pub(super) struct DueScanner {
    /// When a scan of the beginning last found nothing.
    exhausted: Mutex<Option<Instant>>,
    /// When it was last scanned for delayed orders.
    looked_for_put_off: Mutex<Option<Instant>>,
}

impl DueScanner {
    /// Takes due orders, those first that have waited longest.
    pub(super) async fn take(
        &self,
        connection: &mut PgConnection,
        limit: u32,
        redeliver_after: Duration,
    ) -> sqlx::Result<Vec<DueOrder>> {
        let began = Instant::now();
        if self.is_time_for_put_off(began) {
            let restarted = restart_put_off(connection).await?;
            if restarted > 0 {
                tracing::warn!(
                    orders = restarted,
                    "the database's clock stepped back; waits that follow it have been restarted"
                );
            }
        }
        let is_whole = self.lock().is_none_or(|exhausted| began.duration_since(exhausted) >= WHOLE_EVERY);
        let since = if is_whole { BEGINNING } else { RECENT };
        let due = take(connection, since, limit, redeliver_after).await?;
        if is_whole && due.len() < limit as usize {
            *self.lock() = Some(began);
        }
        Ok(due)
    }

    fn is_time_for_put_off(&self, now: Instant) -> bool {
        let mut last = self.looked_for_put_off.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let is_time = last.is_none_or(|last| now.duration_since(last) >= PUT_OFF_EVERY);
        if is_time {
            *last = Some(now);
        }
        is_time
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
) -> sqlx::Result<Vec<DueOrder>> {
    let due: Vec<(Uuid, String)> = sqlx::query_as(
        "WITH due AS (
             SELECT id, wake_at, status FROM orders
             WHERE wake_at <= statement_timestamp()
               AND wake_at > statement_timestamp() - $3::bigint * interval '1 microsecond'
               AND (lease_until IS NULL OR lease_until <= statement_timestamp())
             ORDER BY wake_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
         ), taken AS (
             UPDATE orders SET wake_at = clock_timestamp() + $2::bigint * interval '1 microsecond',
                 timed_at = clock_timestamp()
             WHERE id = ANY(ARRAY(SELECT id FROM due)) RETURNING id
         )
         SELECT id, status FROM due JOIN taken USING (id) ORDER BY due.wake_at",
    )
    .bind(i64::from(limit))
    .bind(micros(redeliver_after))
    .bind(micros(since))
    .fetch_all(connection)
    .await?;
    let due = due
        .into_iter()
        .map(|(id, status)| DueOrder { id: OrderId(id), action: DueAction::of(OrderStatus::named(&status)) });
    Ok(due.collect())
}

/// Orders whose times were set by a clock that showed a later time than now, as after a failover to a server
/// whose clock is behind. They would wait for the whole step. Their waits begin again in full: nothing fires
/// early, leases hold, and nothing waits more than twice as long as intended.
async fn restart_put_off(connection: &mut PgConnection) -> sqlx::Result<u64> {
    let restarted = sqlx::query(
        "UPDATE orders SET wake_at = statement_timestamp() + (wake_at - timed_at),
             lease_until = statement_timestamp() + (lease_until - timed_at),
             timed_at = statement_timestamp()
         WHERE id = ANY(ARRAY(
             SELECT id FROM orders
             WHERE wake_at IS NOT NULL AND timed_at > statement_timestamp() + interval '1 second'
             LIMIT 10000 FOR NO KEY UPDATE SKIP LOCKED
         ))",
    )
    .execute(connection)
    .await?;
    Ok(restarted.rows_affected())
}
