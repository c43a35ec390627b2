//! The parameters of a statement that writes for many orders: an array a column.

use domain::{Event, OrderId, books::Entry};
use sqlx::{
    Arguments, Encode, Postgres, Type,
    postgres::PgArguments,
    types::{Json, Uuid},
};
use time::OffsetDateTime;

use super::super::books::EntryColumns;

/// Appends the events of [`Columns::of_events`] of those orders that `written` names.
macro_rules! append_events {
    ($written:literal) => {
        concat!(
            "INSERT INTO order_events (order_id, seq, status, kind, attempt, at, data)
             SELECT event.* FROM UNNEST($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bigint[],
                                        $6::timestamptz[], $7::jsonb[])
                    AS event (order_id, seq, status, kind, attempt, at, data)
             JOIN ",
            $written,
            " ON ",
            $written,
            ".id = event.order_id"
        )
    };
}
pub(super) use append_events;

/// Columns, the first one `$1`.
#[derive(Default)]
pub(super) struct Columns(pub(super) PgArguments);

impl Columns {
    /// The columns of events, `$1` to `$7`.
    pub(super) fn of_events<'a>(
        events: impl Iterator<Item = (OrderId, &'a Event)> + Clone,
    ) -> sqlx::Result<Self> {
        Self::default()
            .with(events.clone().map(|(id, _)| id.0).collect::<Vec<Uuid>>())?
            .with(events.clone().map(|(_, event)| i64::from(event.seq)).collect::<Vec<_>>())?
            .with(events.clone().map(|(_, event)| event.status.as_str()).collect::<Vec<_>>())?
            .with(events.clone().map(|(_, event)| event.data.kind_name()).collect::<Vec<_>>())?
            .with(events.clone().map(|(_, event)| i64::from(event.attempt)).collect::<Vec<_>>())?
            .with(events.clone().map(|(_, event)| event.at.into()).collect::<Vec<OffsetDateTime>>())?
            .with(events.map(|(_, event)| Json(&event.data)).collect::<Vec<_>>())
    }

    /// Adds the columns of entries of the books.
    pub(super) fn with_entry_rows(self, entries: &[&Entry]) -> sqlx::Result<Self> {
        let entries: Vec<EntryColumns<'_>> = entries.iter().map(|entry| EntryColumns::of(entry)).collect();
        self.with(entries.iter().map(|entry| entry.wallet).collect::<Vec<_>>())?
            .with(entries.iter().map(|entry| entry.cause).collect::<Vec<_>>())?
            .with(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>())?
            .with(entries.iter().map(|entry| entry.attempt).collect::<Vec<_>>())?
            .with(entries.iter().map(|entry| entry.at.into()).collect::<Vec<OffsetDateTime>>())?
            .with(entries.iter().map(|entry| Json(entry.postings)).collect::<Vec<_>>())
    }

    /// Adds the next column.
    pub(super) fn with<'q, T: Encode<'q, Postgres> + Type<Postgres>>(
        mut self,
        column: T,
    ) -> sqlx::Result<Self> {
        self.0.add(column).map_err(sqlx::Error::Encode)?;
        Ok(self)
    }
}
