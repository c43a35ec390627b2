//! Makes orders durable, once per idempotency key, client order id and id.

use std::collections::{HashMap, HashSet};

use domain::{
    OrderId,
    ports::{Acceptance, Accepted},
};
use sqlx::{AssertSqlSafe, PgConnection, types::Json, types::Uuid};
use time::OffsetDateTime;

use super::{
    super::{
        request::Written,
        row::{OrderRow, micros},
        same::resolve_duplicate,
    },
    Answers, ORDER,
    columns::{Columns, append_events},
    effects,
};

/// An order that an acceptance ran into.
#[derive(sqlx::FromRow)]
struct KnownRow {
    asked_id: Uuid,
    #[sqlx(flatten)]
    order: OrderRow,
}

/// Accepts orders that have no id or key in common.
pub(super) async fn all(
    connection: &mut PgConnection,
    asked: &[(usize, &Acceptance)],
    answers: &mut Answers,
) -> sqlx::Result<()> {
    let created = insert(connection, asked).await?;
    let new = asked.iter().filter(|(_, asked)| created.contains(&asked.order.id));
    effects::all(connection, new.map(|(_, asked)| &asked.effects[..])).await?;
    let (new, repeated): (Vec<_>, Vec<_>) =
        asked.iter().copied().partition(|(_, asked)| created.contains(&asked.order.id));
    for (position, _) in new {
        answers[position] = Some(Written::Accept(Accepted::Created));
    }
    if repeated.is_empty() {
        return Ok(());
    }
    let mut known = known(connection, &repeated).await?;
    for (position, asked) in repeated {
        let known = known.remove(&asked.order.id).unwrap_or_default();
        answers[position] = Some(Written::Accept(resolve_duplicate(asked, known)?));
    }
    Ok(())
}

/// Orders and their first events in one statement. Gives back those that are new.
pub(super) async fn insert(
    connection: &mut PgConnection,
    asked: &[(usize, &Acceptance)],
) -> sqlx::Result<HashSet<OrderId>> {
    let events = asked.iter().map(|(_, asked)| (asked.order.id, &asked.event));
    let columns = Columns::of_events(events)?
        .with(column(asked, |asked| asked.order.id.0))?
        .with(column(asked, |asked| asked.order.account.0))?
        .with(column(asked, |asked| asked.order.client_order_id.as_deref()))?
        .with(column(asked, |asked| asked.idempotency_key.as_deref()))?
        .with(column(asked, |asked| &asked.fingerprint[..]))?
        .with(column(asked, |asked| Json(&asked.order.spec)))?
        .with(column(asked, |asked| asked.order.status.as_str()))?
        .with(column(asked, |asked| i64::from(asked.order.attempt)))?
        .with(column(asked, |asked| i64::from(asked.order.last_seq)))?
        .with(column(asked, |asked| OffsetDateTime::from(asked.order.created_at)))?
        .with(column(asked, |asked| asked.due_after.map(micros)))?;
    let created: Vec<Uuid> = sqlx::query_scalar_with(INSERT, columns.0).fetch_all(connection).await?;
    Ok(created.into_iter().map(OrderId).collect())
}

const INSERT: &str = concat!(
    "WITH created AS (
         INSERT INTO orders (id, account_id, client_order_id, idempotency_key, fingerprint, spec, status,
                             attempt, last_seq, created_at, updated_at, timed_at, wake_at)
         SELECT id, account_id, client_order_id, idempotency_key, fingerprint, spec, status,
                attempt, last_seq, created_at, created_at, clock_timestamp(),
                clock_timestamp() + due_after * interval '1 microsecond'
         FROM UNNEST($8::uuid[], $9::uuid[], $10::text[], $11::text[], $12::bytea[], $13::jsonb[], $14::text[],
                     $15::bigint[], $16::bigint[], $17::timestamptz[], $18::bigint[])
              AS asked (id, account_id, client_order_id, idempotency_key, fingerprint, spec, status,
                        attempt, last_seq, created_at, due_after)
         ON CONFLICT DO NOTHING
         RETURNING id
     ), appended AS (",
    append_events!("created"),
    ") SELECT id FROM created"
);

/// The orders with the keys of acceptances, by the order id each acceptance came with: the one with
/// its idempotency key before the one with its client order id, and that before the one with its id.
async fn known(
    connection: &mut PgConnection,
    asked: &[(usize, &Acceptance)],
) -> sqlx::Result<HashMap<OrderId, Vec<OrderRow>>> {
    let sql = format!(
        "SELECT asked_id, known.*
         FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::text[])
              AS asked (asked_id, asked_account, asked_key, asked_client_id)
         CROSS JOIN LATERAL (
             SELECT 0 AS preference, {ORDER} FROM orders
             WHERE account_id = asked_account AND idempotency_key = asked_key
             UNION ALL
             SELECT 1, {ORDER} FROM orders
             WHERE account_id = asked_account AND client_order_id = asked_client_id
             UNION ALL
             SELECT 2, {ORDER} FROM orders
             WHERE account_id = asked_account AND id = asked_id
         ) AS known
         ORDER BY preference"
    );
    let rows: Vec<KnownRow> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(column(asked, |asked| asked.order.id.0))
        .bind(column(asked, |asked| asked.order.account.0))
        .bind(column(asked, |asked| asked.idempotency_key.as_deref()))
        .bind(column(asked, |asked| asked.order.client_order_id.as_deref()))
        .fetch_all(connection)
        .await?;
    let mut known: HashMap<OrderId, Vec<OrderRow>> = HashMap::new();
    for row in rows {
        known.entry(OrderId(row.asked_id)).or_default().push(row.order);
    }
    Ok(known)
}

fn column<'a, T>(asked: &[(usize, &'a Acceptance)], value: impl Fn(&'a Acceptance) -> T) -> Vec<T> {
    asked.iter().map(|(_, asked)| value(asked)).collect()
}
