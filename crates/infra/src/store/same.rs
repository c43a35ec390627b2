//! Whether an acceptance that ran into stored orders is the same request again.

use domain::{
    OrderId,
    ports::{Acceptance, Accepted},
};

use super::row::OrderRow;

/// The result of an acceptance whose keys `known` orders have: the one with its idempotency key before the
/// one with its client order id, and that before the one with its id.
///
/// A request that names its order by the client order id and asks for the same is that order, whichever
/// idempotency key it comes with, also one that another order got in the meantime: the same request
/// always has the same answer.
pub(super) fn resolve_duplicate(asked: &Acceptance, mut known: Vec<OrderRow>) -> sqlx::Result<Accepted> {
    let is_same = |row: &OrderRow| row.fingerprint == asked.fingerprint;
    let by_client_id = known.iter().position(|row| {
        asked.order.client_order_id.is_some()
            && row.client_order_id == asked.order.client_order_id
            && is_same(row)
    });
    if let Some(position) = by_client_id {
        return Ok(Accepted::Replayed(Box::new(known.swap_remove(position).try_into()?)));
    }
    let is_one = known.windows(2).all(|two| two[0].id == two[1].id);
    let Some(row) = known.into_iter().next() else {
        return Err(sqlx::Error::InvalidArgument(format!("order id {} is taken", asked.order.id)));
    };
    if is_one && is_same(&row) {
        return Ok(Accepted::Replayed(Box::new(row.try_into()?)));
    }
    Ok(Accepted::Conflict(OrderId(row.id)))
}
