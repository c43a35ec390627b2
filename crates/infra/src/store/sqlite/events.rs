//! The events of a transaction.

use domain::{Event, OrderId};
use sqlx::{QueryBuilder, SqliteConnection, types::Json};

/// Rows that one statement appends at most. A statement goes to the thread of its connection and back,
/// which takes longer than a row, and each number of rows is another statement to keep prepared.
const ROWS: usize = 32;

/// Events to append once everything else of their transaction is written.
#[derive(Default)]
pub(super) struct NewEvents<'a>(Vec<(OrderId, &'a Event)>);

impl<'a> NewEvents<'a> {
    /// Adds events of an order.
    pub(super) fn add(&mut self, id: OrderId, events: impl IntoIterator<Item = &'a Event>) {
        self.0.extend(events.into_iter().map(|event| (id, event)));
    }

    /// Appends all of them, in the order in which they were added.
    pub(super) async fn append(self, connection: &mut SqliteConnection) -> sqlx::Result<()> {
        for events in self.0.chunks(ROWS) {
            let mut insert = QueryBuilder::new(
                "INSERT INTO order_events (order_id, seq, status, kind, attempt, at, data) ",
            );
            insert.push_values(events, |mut row, (id, event)| {
                row.push_bind(id.0)
                    .push_bind(i64::from(event.seq))
                    .push_bind(event.status.as_str())
                    .push_bind(event.data.kind_name())
                    .push_bind(i64::from(event.attempt))
                    .push_bind(event.at.unix_micros())
                    .push_bind(Json(&event.data));
            });
            insert.build().execute(&mut *connection).await?;
        }
        Ok(())
    }
}
