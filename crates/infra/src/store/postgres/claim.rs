//! Takes orders for execution.

use std::{collections::HashMap, time::Duration};

use domain::{
    OrderId,
    ports::{Attempt, Claim, Fence},
};
use sqlx::{AssertSqlSafe, PgConnection, types::Uuid};

use super::{
    super::{
        parking,
        request::Written,
        row::{ACTIVE, AttemptRow, ClaimedRow, decode, micros},
    },
    ATTEMPT, Answers, ORDER,
};

/// Claims orders, each one once.
pub(super) async fn all(
    connection: &mut PgConnection,
    worker: &str,
    lease: Duration,
    asked: &[(usize, OrderId)],
    answers: &mut Answers,
) -> sqlx::Result<()> {
    let rows = take(connection, worker, lease, asked).await?;
    let unsettled: Vec<Uuid> =
        rows.iter().filter(|row| row.unresolved_attempt.is_some()).map(|row| row.order.id).collect();
    let mut unresolved = unresolved(connection, unsettled).await?;
    let mut claims = HashMap::with_capacity(rows.len());
    for row in rows {
        let id = OrderId(row.order.id);
        let lease_epoch = u64::try_from(row.order.lease_epoch).map_err(decode)?;
        let fence = Fence { order_id: id, lease_epoch };
        // that it is there decides whether another one may be sent
        let unresolved = match row.unresolved_attempt {
            Some(_) => Some(unresolved.remove(&id).ok_or(sqlx::Error::RowNotFound)?),
            None => None,
        };
        let lost_claims = u32::try_from(row.lost_claims).map_err(decode)?;
        let claim = Claim { fence, order: row.order.try_into()?, unresolved, lost_claims };
        claims.insert(id, Box::new(claim));
    }
    for (position, id) in asked {
        answers[*position] = Some(Written::Claim(claims.remove(id)));
    }
    Ok(())
}

async fn take(
    connection: &mut PgConnection,
    worker: &str,
    lease: Duration,
    asked: &[(usize, OrderId)],
) -> sqlx::Result<Vec<ClaimedRow>> {
    // A row that another session is writing is not waited for: it is claimed already, or not free.
    let sql = format!(
        "UPDATE orders SET lease_epoch = lease_epoch + 1, lease_owner = $2, lost_claims = lost_claims + 1,
             timed_at = clock_timestamp(),
             lease_until = clock_timestamp() + {held} * interval '1 microsecond',
             wake_at = LEAST(wake_at, clock_timestamp() + {held} * interval '1 microsecond')
         WHERE id = ANY(ARRAY(
             SELECT id FROM orders
             WHERE id = ANY($1) AND {ACTIVE}
               AND (lease_until IS NULL OR lease_until <= clock_timestamp())
             FOR NO KEY UPDATE SKIP LOCKED
         ))
         RETURNING {ORDER}, unresolved_attempt, lost_claims - 1 AS lost_claims",
        held = parking::lease("$3::bigint", "(lost_claims + 1)"),
    );
    sqlx::query_as(AssertSqlSafe(sql))
        .bind(asked.iter().map(|(_, id)| id.0).collect::<Vec<_>>())
        .bind(worker)
        .bind(micros(lease))
        .fetch_all(connection)
        .await
}

async fn unresolved(
    connection: &mut PgConnection,
    orders: Vec<Uuid>,
) -> sqlx::Result<HashMap<OrderId, Attempt>> {
    if orders.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!("SELECT {ATTEMPT} FROM attempts WHERE order_id = ANY($1) AND state = 'unresolved'");
    let rows: Vec<AttemptRow> = sqlx::query_as(AssertSqlSafe(sql)).bind(orders).fetch_all(connection).await?;
    rows.into_iter().map(|row| Attempt::try_from(row).map(|attempt| (attempt.order_id, attempt))).collect()
}
