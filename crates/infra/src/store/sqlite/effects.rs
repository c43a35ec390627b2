//! Effects of new orders and transitions.

use domain::ports::{Accepted, Effect};
use sqlx::SqliteConnection;

use super::{accept::accept, books::Books, events::NewEvents};

/// Writes effects, and their effects in turn.
pub(super) async fn all<'a>(
    connection: &mut SqliteConnection,
    effects: &'a [Effect],
    now: i64,
    events: &mut NewEvents<'a>,
    books: &mut Books,
) -> sqlx::Result<()> {
    let mut orders: Vec<_> = Effect::accepted(effects).collect();
    while let Some(asked) = orders.pop() {
        if accept(connection, asked, now, books).await? != Accepted::Created {
            let message = format!("order id {} or one of its keys is taken", asked.order.id);
            return Err(sqlx::Error::InvalidArgument(message));
        }
        events.add(asked.order.id, [&asked.event]);
        orders.extend(Effect::accepted(&asked.effects));
    }
    Ok(())
}
