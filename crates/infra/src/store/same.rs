//! Whether a request that ran into stored orders is the same request again.

use domain::{
    OrderId,
    ports::{Acceptance, Accepted, RequestKeys},
};

use super::{
    reader::{Reader, Select},
    row::OrderRow,
};

/// The result of an acceptance whose keys `known` orders have: the one with its idempotency key before the
/// one with its client order id, and that before the one with its id.
pub(super) fn resolve_duplicate(asked: &Acceptance, known: Vec<OrderRow>) -> sqlx::Result<Accepted> {
    let resolved = resolve(&asked.keys(), known)?;
    resolved.ok_or_else(|| sqlx::Error::InvalidArgument(format!("order id {} is taken", asked.order.id)))
}

/// The answer to a request whose keys an order has.
pub(super) async fn repeated<R: Reader>(
    reader: &mut R,
    asked: &RequestKeys<'_>,
) -> sqlx::Result<Option<Accepted>> {
    let columns = R::DIALECT.order_columns();
    let mut known = Vec::new();
    for (column, value) in
        [("idempotency_key", asked.idempotency_key), ("client_order_id", asked.client_order_id)]
    {
        let Some(value) = value else { continue };
        let sql = format!("SELECT {columns} FROM orders WHERE account_id = $1 AND {column} = $2");
        known.extend(reader.row(Select::new(sql).id(asked.account.0).text(value)).await?);
    }
    resolve(asked, known)
}

/// A request that names its order by the client order id and asks for the same is that order, whichever
/// idempotency key it comes with, also one that another order got in the meantime: the same request
/// always has the same answer.
fn resolve(asked: &RequestKeys<'_>, mut known: Vec<OrderRow>) -> sqlx::Result<Option<Accepted>> {
    let is_same = |row: &OrderRow| asked.is_same(&row.fingerprint);
    let by_client_id = known.iter().position(|row| {
        asked.client_order_id.is_some()
            && row.client_order_id.as_deref() == asked.client_order_id
            && is_same(row)
    });
    if let Some(position) = by_client_id {
        return Ok(Some(Accepted::Replayed(Box::new(known.swap_remove(position).try_into()?))));
    }
    let is_one = known.windows(2).all(|two| two[0].id == two[1].id);
    let Some(row) = known.into_iter().next() else { return Ok(None) };
    if is_one && is_same(&row) {
        return Ok(Some(Accepted::Replayed(Box::new(row.try_into()?))));
    }
    Ok(Some(Accepted::Conflict(OrderId(row.id))))
}
