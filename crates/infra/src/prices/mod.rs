//! The price history: a table in `PostgreSQL`, or a `SQLite` file beside the orders.

mod postgres;
mod row;
mod sqlite;

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use domain::ports::{PriceHistory, PriceHistoryError};
use sqlx::migrate::Migrator;

use self::{postgres::PostgresPrices, sqlite::SqlitePrices};
use crate::{config::BackendConfig, data_dir};

/// How long a call may take, the wait for its connection included.
const WITHIN: Duration = Duration::from_secs(5);

/// The price history of the configured database. Its schema is brought up to date.
///
/// # Errors
/// When the database cannot be reached.
pub async fn connect(config: &BackendConfig) -> anyhow::Result<Arc<dyn PriceHistory>> {
    if let Some(url) = &config.database_url {
        return Ok(Arc::new(PostgresPrices::open(url).await.context("cannot open the price history")?));
    }
    let path = data_dir::prices(&config.data_dir);
    let opened = SqlitePrices::open(&path).await;
    Ok(Arc::new(opened.with_context(|| format!("cannot open the price history, {}", path.display()))?))
}

/// The migrations of one database, recorded apart from those of the orders.
fn own_table(mut migrator: Migrator) -> Migrator {
    migrator.dangerous_set_table_name("_price_migrations");
    migrator
}

fn unavailable(error: sqlx::Error) -> PriceHistoryError {
    PriceHistoryError(error.into())
}
