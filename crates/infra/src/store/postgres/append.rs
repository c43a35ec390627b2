//! Appends events, those of many orders at once.

use domain::{Event, OrderId};
use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;

/// Appends events of orders whose rows the same transaction has made or moved on.
pub(super) async fn events(connection: &mut PgConnection, events: &[(OrderId, &Event)]) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO order_events (order_id, seq, status, kind, attempt, at, data)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bigint[],
                              $6::timestamptz[], $7::jsonb[])",
    )
    .bind(column(events, |id, _| id.0))
    .bind(column(events, |_, event| i64::from(event.seq)))
    .bind(column(events, |_, event| event.status.as_str()))
    .bind(column(events, |_, event| event.data.kind_name()))
    .bind(column(events, |_, event| i64::from(event.attempt)))
    .bind(column(events, |_, event| OffsetDateTime::from(event.at)))
    .bind(column(events, |_, event| Json(&event.data)))
    .execute(connection)
    .await
    .map(drop)
}

fn column<'a, T>(events: &[(OrderId, &'a Event)], value: impl Fn(OrderId, &'a Event) -> T) -> Vec<T> {
    events.iter().map(|(id, event)| value(*id, event)).collect()
}
