//! Reads: orders, their events and their attempts, written once for both databases.

use async_trait::async_trait;
use domain::{
    AccountId, Event, Order, OrderId,
    ports::{
        ActiveOrders, Attempt, EventFeed, FeedCursor, FeedPage, FeedScope, OrderCounts, OrderFilter,
        OrderPage, OrderReads, StoreError,
    },
};
use sqlx::types::Uuid;

use super::{
    grouped::GroupedStore,
    legacy::{self, Requests},
    listing,
    page::Page,
    parking,
    reader::{Dialect, Reader, Select},
    request::Database,
    row::{self, AttemptRow, EventRow, IN_FLIGHT, OrderRow, RESTING, decode},
};

#[async_trait]
impl<D: Database> OrderReads for GroupedStore<D> {
    async fn order(&self, account: AccountId, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.read("order", async |reader| order(reader, account, id).await).await
    }

    async fn orders(&self, account: AccountId, filter: OrderFilter) -> Result<OrderPage, StoreError> {
        self.read("orders", async |reader| orders(reader, account, &filter).await).await
    }

    async fn events(
        &self,
        account: AccountId,
        id: OrderId,
        after: u32,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        self.read("events", async |reader| events(reader, account, id, after, limit).await).await
    }

    async fn attempts(&self, account: AccountId, id: OrderId) -> Result<Vec<Attempt>, StoreError> {
        self.read("attempts", async |reader| attempts(reader, account, id).await).await
    }

    async fn lost_claims(&self, account: AccountId, id: OrderId) -> Result<Option<u32>, StoreError> {
        self.read("lost_claims", async |reader| lost_claims(reader, account, id).await).await
    }

    async fn last_seqs(&self, ids: &[OrderId]) -> Result<Vec<(OrderId, u32)>, StoreError> {
        self.read("last_seqs", async |reader| last_seqs(reader, ids).await).await
    }
}

#[async_trait]
impl<D: Database> OrderCounts for GroupedStore<D> {
    async fn in_flight(&self, at_most: u32) -> Result<u32, StoreError> {
        let select = Select::new(IN_FLIGHT).int(at_most);
        self.read("in_flight", async |reader| count(reader, select).await).await
    }

    async fn resting(&self, account: AccountId, at_most: u32) -> Result<u32, StoreError> {
        let select = Select::new(RESTING).int(at_most).id(account.0);
        self.read("resting", async |reader| count(reader, select).await).await
    }

    async fn active_by_status(&self, at_most: u32) -> Result<ActiveOrders, StoreError> {
        self.read("active_by_status", async |reader| {
            let select = Select::new(row::count_active_by_status()).int(at_most);
            row::active_by_status(reader.rows(select).await?)
        })
        .await
    }
}

#[async_trait]
impl<D: Database> EventFeed for GroupedStore<D> {
    async fn feed(
        &self,
        account: AccountId,
        scope: &FeedScope,
        after: FeedCursor,
        limit: u32,
    ) -> Result<FeedPage, StoreError> {
        self.read("feed", async |reader| {
            let mut page = reader.feed(account, scope, after, limit).await?;
            let legacy = legacy::orders_of(&page.events);
            if !legacy.is_empty() {
                let requests = requests(reader, &legacy).await?;
                for fed in &mut page.events {
                    requests.update(fed.order_id, &mut fed.event);
                }
            }
            Ok(page)
        })
        .await
    }

    async fn feed_end(&self) -> Result<FeedCursor, StoreError> {
        self.read("feed_end", async |reader| reader.feed_end().await).await
    }

    async fn feed_has(&self, cursor: FeedCursor) -> Result<bool, StoreError> {
        if cursor == FeedCursor::START {
            return Ok(true);
        }
        self.read("feed_has", async |reader| reader.feed_has(cursor).await).await
    }

    async fn feed_held_at(&self) -> Result<Option<u64>, StoreError> {
        self.read("feed_held_at", async |reader| reader.feed_held_at().await).await
    }
}

pub(super) async fn order<R: Reader>(
    reader: &mut R,
    account: AccountId,
    id: OrderId,
) -> sqlx::Result<Option<Order>> {
    let columns = R::DIALECT.order_columns();
    let sql = format!("SELECT {columns} FROM orders WHERE id = $1 AND account_id = $2");
    let found: Option<OrderRow> = reader.row(Select::new(sql).id(id.0).id(account.0)).await?;
    found.map(Order::try_from).transpose()
}

async fn orders<R: Reader>(
    reader: &mut R,
    account: AccountId,
    filter: &OrderFilter,
) -> sqlx::Result<OrderPage> {
    let mut page = Page::new(filter);
    if filter.is_search(account) {
        let end: Option<(Uuid,)> = reader.row(listing::end(filter, account, &page)).await?;
        page.end_at(end.map(|(id,)| id));
    }
    loop {
        if page.add(reader.rows(listing::of(filter, R::DIALECT, account, &page)).await?) {
            return Ok(page.finish());
        }
    }
}

async fn lost_claims<R: Reader>(
    reader: &mut R,
    account: AccountId,
    id: OrderId,
) -> sqlx::Result<Option<u32>> {
    let select = Select::new(parking::lost_claims()).id(id.0).id(account.0);
    let lost: Option<(i64,)> = reader.row(select).await?;
    lost.map(|(lost,)| u32::try_from(lost)).transpose().map_err(decode)
}

async fn events<R: Reader>(
    reader: &mut R,
    account: AccountId,
    id: OrderId,
    after: u32,
    limit: u32,
) -> sqlx::Result<Vec<Event>> {
    let sql = match R::DIALECT {
        Dialect::Postgres => {
            "SELECT seq, status, attempt, (extract(epoch FROM at) * 1000000)::bigint AS at, data
         FROM order_events
         WHERE order_id = $1 AND seq > $3
           AND EXISTS (SELECT FROM orders WHERE id = $1 AND account_id = $2)
         ORDER BY seq LIMIT $4"
        }
        Dialect::Sqlite => {
            "SELECT seq, e.status, e.attempt, e.at, data
         FROM order_events e JOIN orders o ON o.id = e.order_id
         WHERE e.order_id = $1 AND o.account_id = $2 AND seq > $3
         ORDER BY seq LIMIT $4"
        }
    };
    let select = Select::new(sql).id(id.0).id(account.0).int(after).int(limit);
    let rows: Vec<EventRow> = reader.rows(select).await?;
    let mut events = rows.into_iter().map(Event::try_from).collect::<sqlx::Result<Vec<_>>>()?;
    if events.iter().any(legacy::is_legacy) {
        let requests = requests(reader, &[id]).await?;
        for event in &mut events {
            requests.update(id, event);
        }
    }
    Ok(events)
}

/// The requests of orders.
async fn requests<R: Reader>(reader: &mut R, ids: &[OrderId]) -> sqlx::Result<Requests> {
    let sql = format!("SELECT id, spec FROM orders WHERE {}", R::DIALECT.is_among_ids());
    Ok(Requests::of(reader.rows(Select::new(sql).ids(ids)).await?))
}

async fn last_seqs<R: Reader>(reader: &mut R, ids: &[OrderId]) -> sqlx::Result<Vec<(OrderId, u32)>> {
    let sql = format!("SELECT id, last_seq FROM orders WHERE {}", R::DIALECT.is_among_ids());
    let last_seqs: Vec<(Uuid, i64)> = reader.rows(Select::new(sql).ids(ids)).await?;
    last_seqs.into_iter().map(|(id, seq)| Ok((OrderId(id), u32::try_from(seq).map_err(decode)?))).collect()
}

async fn attempts<R: Reader>(reader: &mut R, account: AccountId, id: OrderId) -> sqlx::Result<Vec<Attempt>> {
    let columns = R::DIALECT.attempt_columns();
    let sql = format!(
        "SELECT {columns} FROM attempts
         WHERE order_id = (SELECT id FROM orders WHERE id = $1 AND account_id = $2) ORDER BY number"
    );
    let rows: Vec<AttemptRow> = reader.rows(Select::new(sql).id(id.0).id(account.0)).await?;
    rows.into_iter().map(Attempt::try_from).collect()
}

async fn count<R: Reader>(reader: &mut R, select: Select) -> sqlx::Result<u32> {
    let (count,): (i64,) = reader.row(select).await?.ok_or(sqlx::Error::RowNotFound)?;
    u32::try_from(count).map_err(decode)
}
