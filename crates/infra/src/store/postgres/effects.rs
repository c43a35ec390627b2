//! Effects of new orders and transitions.

use domain::ports::{Acceptance, Effect};
use sqlx::PgConnection;

use super::new_orders;

/// Writes the effects of writes that took place in the same transaction, and their effects in turn: one statement
/// for each generation.
pub(super) async fn all(
    connection: &mut PgConnection,
    effects: impl IntoIterator<Item = &[Effect]>,
) -> sqlx::Result<()> {
    let mut orders: Vec<&Acceptance> = effects.into_iter().flat_map(Effect::accepted).collect();
    while !orders.is_empty() {
        let asked: Vec<_> = orders.iter().copied().enumerate().collect();
        let created = new_orders::insert(connection, &asked, false).await?;
        if let Some(taken) = orders.iter().find(|order| !created.contains(&order.order.id)) {
            let message = format!("order id {} or one of its keys is taken", taken.order.id);
            return Err(sqlx::Error::InvalidArgument(message));
        }
        orders = orders.into_iter().flat_map(|order| Effect::accepted(&order.effects)).collect();
    }
    Ok(())
}
