//! What an engine has stored, read from its databases while nothing moves.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::ensure;
use domain::{
    AccountId, Event, Order, OrderId,
    ports::{FeedCursor, FeedScope, OrderFilter, OrderStore, PageEnd},
};
use futures::{StreamExt, TryStreamExt, stream};
use infra::{clock::SystemClock, config::BackendConfig, data_dir};
use venues::{LogLocation, simulated::transaction_log};

use crate::checker::{Evidence, OrderRecord, WalletRecord};

/// Orders of one page.
const ORDERS: u32 = 1_000;
/// Events of one page.
const EVENTS: u32 = 5_000;
/// Orders whose attempts are read at once.
const AT_ONCE: usize = 8;

/// Everything that is stored, without anything that clients saw: who placed the orders is not known
/// here. Judge it by [`crate::checker::check_stored`].
///
/// # Errors
/// When a database cannot be read, or something moves.
pub async fn evidence(backend: &BackendConfig, max_attempts: u32) -> anyhow::Result<Evidence> {
    let clock = Arc::new(SystemClock);
    let store = infra::store::connect(backend, clock.clone()).await?;
    let place = match &backend.database_url {
        Some(url) => LogLocation::Postgres(url.clone()),
        None => LogLocation::Sqlite(data_dir::simulated_chain(&backend.data_dir)),
    };
    let mut events = events(store.as_ref()).await?;
    let records = stream::iter(orders(store.as_ref()).await?)
        .map(|order| {
            let (store, events) = (store.clone(), events.remove(&order.id).unwrap_or_default());
            async move {
                let attempts = store.attempts(AccountId::DEFAULT, order.id).await?;
                anyhow::Ok(OrderRecord { key: None, order, events, shown: None, attempts })
            }
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    ensure!(events.is_empty(), "there are events of {} orders that are not listed", events.len());
    let transactions = transaction_log::open(&place, clock).await?.entries().await?;
    let wallets = WalletRecord::all(store.as_ref(), AccountId::DEFAULT).await?;
    Ok(Evidence { max_attempts, orders: records, transactions, wallets, ..Evidence::default() })
}

async fn orders(store: &dyn OrderStore) -> anyhow::Result<Vec<Order>> {
    let mut orders: Vec<Order> = Vec::new();
    let mut filter = OrderFilter::newest(ORDERS);
    loop {
        let page = store.orders(AccountId::DEFAULT, filter.clone()).await?;
        orders.extend(page.orders);
        if page.next.is_none() {
            return Ok(orders);
        }
        filter.cursor = page.next;
    }
}

/// All events, by the feed.
async fn events(store: &dyn OrderStore) -> anyhow::Result<BTreeMap<OrderId, Vec<Event>>> {
    let mut events: BTreeMap<OrderId, Vec<Event>> = BTreeMap::new();
    let mut after = FeedCursor::START;
    loop {
        let page = store.feed(AccountId::DEFAULT, &FeedScope::All, after, EVENTS).await?;
        for fed in page.events {
            events.entry(fed.order_id).or_default().push(fed.event);
        }
        after = page.next;
        if page.beyond == PageEnd::Nothing {
            return Ok(events);
        }
    }
}
