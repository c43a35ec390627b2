//! The order store: `PostgreSQL` or `SQLite`.
//!
//! Both adapters speak the same requests. Every write of a process goes through one batcher: while
//! transactions are in flight the next writes gather and go together in one transaction, each waiter
//! getting its own result. An idle store adds no delay.

mod books;
mod grouped;
mod health;
mod lane;
mod legacy;
mod listing;
mod page;
mod parking;
mod postgres;
mod read;
mod reader;
mod request;
mod row;
mod same;
mod sqlite;

use std::sync::Arc;

use domain::ports::{Clock, OrderStore};

use crate::{config::BackendConfig, data_dir};
use grouped::GroupedStore;
pub(crate) use postgres::MIGRATIONS as POSTGRES_MIGRATIONS;
pub(crate) use row::ACTIVE;
pub(crate) use sqlite::MIGRATIONS as SQLITE_MIGRATIONS;

/// The configured store, with its tables created or migrated: `PostgreSQL`
/// with a `DATABASE_URL`, else `SQLite` under `DATA_DIR`, whose leases go by `clock`.
///
/// # Errors
/// When the database cannot be reached or migrated; the message does not show its password.
pub async fn connect(config: &BackendConfig, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<dyn OrderStore>> {
    if let Some(url) = &config.database_url {
        let database =
            postgres::Postgres::connect(url, config.database_max_connections, config.startup_timeout())
                .await?;
        return Ok(Arc::new(GroupedStore::new(database)));
    }
    let database = sqlite::Sqlite::open(&data_dir::orders(&config.data_dir), clock).await?;
    Ok(Arc::new(GroupedStore::new(database)))
}
