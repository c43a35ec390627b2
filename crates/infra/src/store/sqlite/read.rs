//! Reads: orders, their events and their attempts.

use domain::{
    AccountId, Event, Order, OrderId,
    ports::{ActiveOrders, Attempt, OrderFilter, OrderPage},
};
use sqlx::{
    AssertSqlSafe, SqliteConnection,
    types::{Json, Uuid},
};

use super::{
    super::{
        legacy::{self, Requests},
        listing::{Dialect, Listing, Parameter, bind_all},
        page::Page,
        parking,
        row::{self, AttemptRow, EventRow, IN_FLIGHT, OrderRow, RESTING, decode},
    },
    ATTEMPT, ORDER,
};

pub(super) async fn order(
    connection: &mut SqliteConnection,
    account: AccountId,
    id: OrderId,
) -> sqlx::Result<Option<Order>> {
    let sql = format!("SELECT {ORDER} FROM orders WHERE id = $1 AND account_id = $2");
    let row: Option<OrderRow> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(id.0).bind(account.0).fetch_optional(connection).await?;
    row.map(Order::try_from).transpose()
}

pub(super) async fn orders(
    connection: &mut SqliteConnection,
    account: AccountId,
    filter: &OrderFilter,
) -> sqlx::Result<OrderPage> {
    let mut page = Page::new(filter);
    if filter.is_search() {
        let Listing { sql, parameters } = Listing::end(filter, account, &page);
        let query = bind_all!(sqlx::query_scalar(AssertSqlSafe(sql)), &parameters);
        page.end_at(query.fetch_optional(&mut *connection).await?);
    }
    loop {
        let Listing { sql, parameters } = Listing::of(filter, ORDER, Dialect::Sqlite, account, &page);
        let query = bind_all!(sqlx::query_as(AssertSqlSafe(sql)), &parameters);
        if page.add(query.fetch_all(&mut *connection).await?) {
            return Ok(page.finish());
        }
    }
}

pub(super) async fn lost_claims(
    connection: &mut SqliteConnection,
    account: AccountId,
    id: OrderId,
) -> sqlx::Result<Option<u32>> {
    let lost: Option<i64> = sqlx::query_scalar(AssertSqlSafe(parking::lost_claims()))
        .bind(id.0)
        .bind(account.0)
        .fetch_optional(connection)
        .await?;
    lost.map(u32::try_from).transpose().map_err(decode)
}

pub(super) async fn events(
    connection: &mut SqliteConnection,
    account: AccountId,
    id: OrderId,
    after: u32,
    limit: u32,
) -> sqlx::Result<Vec<Event>> {
    let rows: Vec<EventRow> = sqlx::query_as(
        "SELECT seq, e.status, e.attempt, e.at, data
         FROM order_events e JOIN orders o ON o.id = e.order_id
         WHERE e.order_id = $1 AND o.account_id = $2 AND seq > $3
         ORDER BY seq LIMIT $4",
    )
    .bind(id.0)
    .bind(account.0)
    .bind(i64::from(after))
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    let mut events = rows.into_iter().map(Event::try_from).collect::<sqlx::Result<Vec<_>>>()?;
    if events.iter().any(legacy::is_legacy) {
        let requests = requests(connection, &[id]).await?;
        for event in &mut events {
            requests.update(id, event);
        }
    }
    Ok(events)
}

/// The requests of orders.
pub(super) async fn requests(connection: &mut SqliteConnection, ids: &[OrderId]) -> sqlx::Result<Requests> {
    let ids: Vec<_> = ids.iter().map(|id| id.0.simple().to_string()).collect();
    let rows =
        sqlx::query_as("SELECT id, spec FROM orders WHERE id IN (SELECT unhex(value) FROM json_each($1))");
    Ok(Requests::of(rows.bind(Json(ids)).fetch_all(connection).await?))
}

pub(super) async fn last_seqs(
    connection: &mut SqliteConnection,
    ids: &[OrderId],
) -> sqlx::Result<Vec<(OrderId, u32)>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0.simple().to_string()).collect();
    let last_seqs: Vec<(Uuid, i64)> = sqlx::query_as(
        "SELECT id, last_seq FROM orders WHERE id IN (SELECT unhex(value) FROM json_each($1))",
    )
    .bind(Json(ids))
    .fetch_all(connection)
    .await?;
    last_seqs.into_iter().map(|(id, seq)| Ok((OrderId(id), u32::try_from(seq).map_err(decode)?))).collect()
}

pub(super) async fn attempts(
    connection: &mut SqliteConnection,
    account: AccountId,
    id: OrderId,
) -> sqlx::Result<Vec<Attempt>> {
    let sql = format!(
        "SELECT {ATTEMPT} FROM attempts
         WHERE order_id = (SELECT id FROM orders WHERE id = $1 AND account_id = $2) ORDER BY number"
    );
    let rows: Vec<AttemptRow> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(id.0).bind(account.0).fetch_all(connection).await?;
    rows.into_iter().map(Attempt::try_from).collect()
}

pub(super) async fn in_flight(connection: &mut SqliteConnection, at_most: u32) -> sqlx::Result<u32> {
    let count: i64 = sqlx::query_scalar(IN_FLIGHT).bind(i64::from(at_most)).fetch_one(connection).await?;
    u32::try_from(count).map_err(decode)
}

pub(super) async fn resting(
    connection: &mut SqliteConnection,
    account: AccountId,
    at_most: u32,
) -> sqlx::Result<u32> {
    let counted = sqlx::query_scalar(RESTING).bind(i64::from(at_most)).bind(account.0);
    let count: i64 = counted.fetch_one(connection).await?;
    u32::try_from(count).map_err(decode)
}

pub(super) async fn active_by_status(
    connection: &mut SqliteConnection,
    at_most: u32,
) -> sqlx::Result<ActiveOrders> {
    let counts = sqlx::query_as(AssertSqlSafe(row::count_active_by_status()))
        .bind(i64::from(at_most))
        .fetch_all(connection)
        .await?;
    row::active_by_status(counts)
}

#[cfg(test)]
mod tests;
