//! The price history: a table in `PostgreSQL`, or a `SQLite` file beside the orders.

mod postgres;
mod row;
mod sqlite;

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    Amount, Mint, Timestamp,
    books::WalletId,
    ports::{Candle, PriceHistory, PriceHistoryError},
};
use sqlx::migrate::Migrator;
use tokio::{sync::OnceCell, time::timeout};

use self::{postgres::PostgresPrices, sqlite::SqlitePrices};
use crate::{config::BackendConfig, data_dir};

/// How long a call may take, the wait for its connection included.
const WITHIN: Duration = Duration::from_secs(5);

/// Connections to `PostgreSQL` that a process opens for prices at most: one records, one reads.
pub const POSTGRES_CONNECTIONS: u32 = 2;

/// The price history of the configured database. It is opened, and its schema brought up to date, at its first use:
/// a damaged file or a database that is away costs charts, and must not keep orders from being executed.
pub fn connect(config: &BackendConfig) -> Arc<dyn PriceHistory> {
    let place = match &config.database_url {
        Some(url) => Place::Postgres(url.clone()),
        None => Place::Sqlite(data_dir::prices(&config.data_dir)),
    };
    Arc::new(Unopened { place, opened: OnceCell::new() })
}

enum Place {
    Postgres(String),
    Sqlite(PathBuf),
}

/// A price history that every call tries to open until one succeeds.
struct Unopened {
    place: Place,
    opened: OnceCell<Box<dyn PriceHistory>>,
}

impl Unopened {
    async fn opened(&self) -> Result<&dyn PriceHistory, PriceHistoryError> {
        let opened = self.opened.get_or_try_init(|| async {
            timeout(WITHIN, self.open())
                .await
                .unwrap_or_else(|_| Err("it cannot be opened in time".to_owned()))
        });
        opened.await.map(AsRef::as_ref).map_err(|error| PriceHistoryError(error.into()))
    }

    async fn open(&self) -> Result<Box<dyn PriceHistory>, String> {
        match &self.place {
            Place::Postgres(url) => match PostgresPrices::open(url).await {
                Ok(opened) => Ok(Box::new(opened)),
                Err(error) => Err(format!("cannot open it: {error}")),
            },
            Place::Sqlite(path) => match SqlitePrices::open(path).await {
                Ok(opened) => Ok(Box::new(opened)),
                Err(error) => Err(format!("cannot open {}: {error:#}", path.display())),
            },
        }
    }
}

#[async_trait]
impl PriceHistory for Unopened {
    async fn record(&self, pair: [Mint; 2], candles: &[Candle]) -> Result<(), PriceHistoryError> {
        self.opened().await?.record(pair, candles).await
    }

    async fn candles(
        &self,
        pair: [Mint; 2],
        minutes: u32,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, PriceHistoryError> {
        self.opened().await?.candles(pair, minutes, from, to).await
    }

    async fn record_worth(
        &self,
        wallet: WalletId,
        at: Timestamp,
        worth: Amount,
    ) -> Result<(), PriceHistoryError> {
        self.opened().await?.record_worth(wallet, at, worth).await
    }

    async fn worths(
        &self,
        wallet: WalletId,
        from: Timestamp,
    ) -> Result<Vec<(Timestamp, Amount)>, PriceHistoryError> {
        self.opened().await?.worths(wallet, from).await
    }

    async fn forget_before(&self, at: Timestamp) -> Result<(), PriceHistoryError> {
        self.opened().await?.forget_before(at).await
    }
}

/// The migrations of one database, recorded apart from those of the orders.
fn own_table(mut migrator: Migrator) -> Migrator {
    migrator.dangerous_set_table_name("_price_migrations");
    migrator
}

fn unavailable(error: sqlx::Error) -> PriceHistoryError {
    PriceHistoryError(error.into())
}
