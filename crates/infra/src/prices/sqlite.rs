use std::{path::Path, time::Duration};

use async_trait::async_trait;
use database::{Pool, PoolOptions, sqlite, within};
use domain::{
    Amount, Mint, Timestamp,
    books::WalletId,
    ports::{Candle, PriceHistory, PriceHistoryError},
};
use sqlx::{
    AssertSqlSafe, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{
    WITHIN, own_table,
    row::{self, CandleRow},
    unavailable,
};

/// How long a write waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(3);

pub(super) struct SqlitePrices {
    writes: Pool<SqliteConnection>,
    /// Apart, so that charts cannot keep prices from being recorded.
    reads: Pool<SqliteConnection>,
}

impl SqlitePrices {
    pub(super) async fn open(path: &Path) -> anyhow::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // a gap in a chart after a power cut is cheaper than a sync every few seconds
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY_TIMEOUT);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        own_table(database::migrations!("../../migrations/prices/sqlite", ["0001_candles", "0002_worths"]))
            .run_direct(None, &mut connection, false)
            .await?;
        connection.close().await?;
        let pool = |options| sqlite::pool(options, PoolOptions::new(1));
        Ok(Self { writes: pool(options.clone()), reads: pool(options.read_only(true)) })
    }
}

#[async_trait]
impl PriceHistory for SqlitePrices {
    async fn record(&self, pair: [Mint; 2], candles: &[Candle]) -> Result<(), PriceHistoryError> {
        let [base, quote] = pair.map(|mint| mint.to_string());
        let recorded = within(WITHIN, async {
            let mut lease = self.writes.lease().await?;
            let sql = row::upsert("min", "max");
            for candle in candles {
                let mut statement = sqlx::query(AssertSqlSafe(sql.clone()))
                    .bind(&base)
                    .bind(&quote)
                    .bind(row::minute(candle.at))
                    .bind(candle.venue.as_str());
                for price in row::prices(candle) {
                    statement = statement.bind(price);
                }
                statement.execute(&mut *lease).await?;
            }
            lease.give_back(());
            Ok(())
        });
        recorded.await.map_err(unavailable)
    }

    async fn candles(
        &self,
        pair: [Mint; 2],
        minutes: u32,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, PriceHistoryError> {
        let [base, quote] = pair.map(|mint| mint.to_string());
        let read = within(WITHIN, async {
            let mut lease = self.reads.lease().await?;
            let rows: Vec<CandleRow> = sqlx::query_as(row::SELECT)
                .bind(base)
                .bind(quote)
                .bind(row::first_minute(from))
                .bind(row::first_minute(to))
                .bind(i64::from(minutes))
                .fetch_all(&mut *lease)
                .await?;
            Ok(lease.give_back(rows))
        });
        Ok(read.await.map_err(unavailable)?.into_iter().map(|CandleRow(candle)| candle).collect())
    }

    async fn record_worth(
        &self,
        wallet: WalletId,
        at: Timestamp,
        worth: Amount,
    ) -> Result<(), PriceHistoryError> {
        let recorded = within(WITHIN, async {
            let mut lease = self.writes.lease().await?;
            sqlx::query(row::RECORD_WORTH)
                .bind(wallet.0)
                .bind(row::minute(at))
                .bind(row::stored(worth))
                .execute(&mut *lease)
                .await?;
            lease.give_back(());
            Ok(())
        });
        recorded.await.map_err(unavailable)
    }

    async fn worths(
        &self,
        wallet: WalletId,
        from: Timestamp,
    ) -> Result<Vec<(Timestamp, Amount)>, PriceHistoryError> {
        let read = within(WITHIN, async {
            let mut lease = self.reads.lease().await?;
            let rows: Vec<(i64, i64)> = sqlx::query_as(row::WORTHS)
                .bind(wallet.0)
                .bind(row::minute(from))
                .fetch_all(&mut *lease)
                .await?;
            Ok(lease.give_back(rows))
        });
        Ok(row::worths(read.await.map_err(unavailable)?))
    }

    async fn forget_before(&self, at: Timestamp) -> Result<(), PriceHistoryError> {
        let forgotten = within(WITHIN, async {
            let mut lease = self.writes.lease().await?;
            for sql in [row::FORGET, row::FORGET_WORTHS] {
                sqlx::query(sql).bind(row::minute(at)).execute(&mut *lease).await?;
            }
            lease.give_back(());
            Ok(())
        });
        forgotten.await.map_err(unavailable)
    }
}
