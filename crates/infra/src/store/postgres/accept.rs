//! Makes orders durable, once per idempotency key, client order id and id.

use std::collections::HashMap;

use domain::{
    OrderId,
    ports::{Acceptance, Accepted},
};
use sqlx::{AssertSqlSafe, PgConnection, types::Uuid};

use super::{
    super::{request::Written, row::OrderRow, same::resolve_duplicate},
    Answers, ORDER,
    books::Books,
    effects,
    new_orders::{self, column},
};

/// An existing order with a key of an acceptance.
struct KnownRow {
    asked_id: Uuid,
    order: OrderRow,
}

database::from_row!(KnownRow { asked_id } with order);

/// Accepts orders that have no id or key in common.
pub(super) async fn all(
    connection: &mut PgConnection,
    asked: &[(usize, &Acceptance)],
    answers: &mut Answers,
    books: &mut Books<'_>,
) -> sqlx::Result<()> {
    let created = new_orders::insert(connection, asked, books.at_once).await?;
    let new = asked.iter().filter(|(_, asked)| created.contains(&asked.order.id));
    effects::all(connection, new.clone().map(|(_, asked)| &asked.effects[..])).await?;
    for (position, asked) in new {
        books.accepted(*position, asked);
    }
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
