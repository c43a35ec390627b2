//! Inserts new orders.

use std::collections::HashSet;

use domain::{OrderId, books::Entry, ports::Acceptance};
use sqlx::{
    PgConnection,
    types::{Json, Uuid},
};
use time::OffsetDateTime;

use super::{
    super::row::micros,
    columns::{Columns, append_events},
    enter::enter,
};

/// The orders and events, as the first parts of a `WITH`; the new ones are `created`.
macro_rules! created {
    () => {
        concat!(
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
            ")"
        )
    };
}

/// Orders and their first events in one statement, with what is held for them in it if it is to `hold`. Gives back
/// those that are new.
pub(super) async fn insert(
    connection: &mut PgConnection,
    asked: &[(usize, &Acceptance)],
    hold: bool,
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
    let holds: Vec<Entry> = asked.iter().filter(|_| hold).filter_map(|(_, asked)| asked.entry()).collect();
    let (sql, columns) = if holds.is_empty() {
        (concat!(created!(), " SELECT id FROM created"), columns)
    } else {
        let sql = concat!(
            created!(),
            ", ",
            enter!("created", 19 20 21 22 23 24, 25 26 27 28 29, 30),
            " SELECT id FROM created"
        );
        (sql, columns.with_entries(&holds.iter().collect::<Vec<_>>())?)
    };
    let created: Vec<Uuid> = sqlx::query_scalar_with(sql, columns.0).fetch_all(connection).await?;
    Ok(created.into_iter().map(OrderId).collect())
}

/// One value of each acceptance.
pub(super) fn column<'a, T>(
    asked: &[(usize, &'a Acceptance)],
    value: impl Fn(&'a Acceptance) -> T,
) -> Vec<T> {
    asked.iter().map(|(_, asked)| value(asked)).collect()
}
