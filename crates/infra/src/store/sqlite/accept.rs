//! Makes an order durable, once per idempotency key, client order id and id.

use domain::{
    books::Refusal,
    ports::{Acceptance, Accepted},
};
use sqlx::{AssertSqlSafe, SqliteConnection, types::Json};

use super::{
    super::{
        books::misfit,
        row::{OrderRow, micros},
        same::resolve_duplicate,
    },
    ORDER,
    books::Books,
};

pub(super) async fn accept(
    connection: &mut SqliteConnection,
    asked: &Acceptance,
    now: i64,
    books: &mut Books,
) -> sqlx::Result<Accepted> {
    let order = &asked.order;
    let inserted = sqlx::query(
        "INSERT INTO orders (id, account_id, client_order_id, idempotency_key, fingerprint, spec, status,
                             attempt, last_seq, created_at, updated_at, wake_at, timed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12)
         ON CONFLICT DO NOTHING",
    )
    .bind(order.id.0)
    .bind(order.account.0)
    .bind(&order.client_order_id)
    .bind(&asked.idempotency_key)
    .bind(&asked.fingerprint[..])
    .bind(Json(&order.spec))
    .bind(order.status.as_str())
    .bind(i64::from(order.attempt))
    .bind(i64::from(order.last_seq))
    .bind(order.created_at.unix_micros())
    .bind(asked.due_after.map(|due_after| now.saturating_add(micros(due_after))))
    .bind(now)
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if inserted == 0 {
        return resolve_duplicate(asked, known(connection, asked).await?);
    }
    let Some(entry) = asked.entry() else { return Ok(Accepted::Created) };
    match books.post(connection, entry.clone()).await? {
        Ok(()) => Ok(Accepted::Created),
        Err(Refusal::Short(shortages)) => {
            sqlx::query("DELETE FROM orders WHERE id = $1").bind(order.id.0).execute(connection).await?;
            Ok(Accepted::Insufficient(shortages))
        }
        Err(refusal) => Err(misfit(&entry, &refusal)),
    }
}

/// The orders with the keys of an acceptance, as [`resolve_duplicate`] wants them.
async fn known(connection: &mut SqliteConnection, asked: &Acceptance) -> sqlx::Result<Vec<OrderRow>> {
    let sql = format!(
        "SELECT {ORDER} FROM orders
         WHERE account_id = $1 AND (idempotency_key = $2 OR client_order_id = $3 OR id = $4)
         ORDER BY CASE WHEN idempotency_key = $2 THEN 0 WHEN client_order_id = $3 THEN 1 ELSE 2 END LIMIT 3"
    );
    sqlx::query_as(AssertSqlSafe(sql))
        .bind(asked.order.account.0)
        .bind(&asked.idempotency_key)
        .bind(&asked.order.client_order_id)
        .bind(asked.order.id.0)
        .fetch_all(connection)
        .await
}
