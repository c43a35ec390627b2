//! The books: what the writes of a transaction do to balances.

use domain::{
    Mint, Timestamp,
    books::{
        Cause, Entry, Payment, Refusal, Sheet, Transfer, TransferKind, TransferOutcome, Wallet, WalletId,
    },
    ports::WalletOpening,
};
use sqlx::{QueryBuilder, SqliteConnection, types::Json};

use super::super::{
    books::{BalanceRow, EntryColumns, entry_of, misfit},
    row::{decode, encode},
};

/// Rows that one statement writes at most, as with events.
const ROWS: usize = 32;

/// The balances that a transaction has read, as they are after it, and its entries.
#[derive(Default)]
pub(super) struct Books {
    sheet: Sheet,
    entries: Vec<Entry>,
}

impl Books {
    /// Takes in an entry, all of it or nothing.
    pub(super) async fn post(
        &mut self,
        connection: &mut SqliteConnection,
        entry: Entry,
    ) -> sqlx::Result<Result<(), Refusal>> {
        self.read_for(connection, &entry).await?;
        Ok(self.sheet.apply(&entry).map(|()| self.entries.push(entry)))
    }

    /// Takes in an entry that must fit: what it needs is held.
    pub(super) async fn settle(
        &mut self,
        connection: &mut SqliteConnection,
        entry: Entry,
    ) -> sqlx::Result<()> {
        self.read_for(connection, &entry).await?;
        let entry = self.sheet.fitted(entry);
        self.sheet.apply(&entry).map_err(|refusal| misfit(&entry, &refusal))?;
        self.entries.push(entry);
        Ok(())
    }

    async fn read_for(&mut self, connection: &mut SqliteConnection, entry: &Entry) -> sqlx::Result<()> {
        for posting in &entry.postings {
            self.read(connection, entry.wallet, posting.mint).await?;
        }
        Ok(())
    }

    async fn read(
        &mut self,
        connection: &mut SqliteConnection,
        wallet: WalletId,
        mint: Mint,
    ) -> sqlx::Result<()> {
        if self.sheet.has(wallet, mint) {
            return Ok(());
        }
        let row: Option<BalanceRow> = sqlx::query_as(
            "SELECT wallet_id, mint, total, held FROM balances WHERE wallet_id = $1 AND mint = $2",
        )
        .bind(wallet.0)
        .bind(mint.to_string())
        .fetch_optional(connection)
        .await?;
        let balance = row.map(BalanceRow::read).transpose()?.map(|(.., balance)| balance);
        self.sheet.set(wallet, mint, balance.unwrap_or_default());
        Ok(())
    }

    /// Opens a wallet with what it begins with.
    pub(super) async fn open(
        &mut self,
        connection: &mut SqliteConnection,
        wallet: &Wallet,
        opening: &[Payment],
    ) -> sqlx::Result<WalletOpening> {
        let opened = sqlx::query(
            "INSERT INTO wallets (id, account_id, name, kind, epoch, created_at, epoch_began_at, name_key)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        )
        .bind(wallet.id.0)
        .bind(wallet.account.0)
        .bind(&wallet.name)
        .bind(<&str>::from(wallet.kind))
        .bind(i64::from(wallet.epoch))
        .bind(wallet.created_at.unix_micros())
        .bind(wallet.epoch_began_at.unix_micros())
        .bind(wallet.name_key())
        .execute(&mut *connection)
        .await?;
        if opened.rows_affected() == 0 {
            let known: i64 = sqlx::query_scalar("SELECT count(*) FROM wallets WHERE id = $1")
                .bind(wallet.id.0)
                .fetch_one(connection)
                .await?;
            return Ok(if known == 0 { WalletOpening::NameTaken } else { WalletOpening::Known });
        }
        self.settle(connection, wallet.opening(opening.to_vec()).entry()).await?;
        Ok(WalletOpening::Opened)
    }

    /// Carries out a deposit, a withdrawal or a reset, once.
    pub(super) async fn transfer(
        &mut self,
        connection: &mut SqliteConnection,
        transfer: &Transfer,
    ) -> sqlx::Result<TransferOutcome> {
        let is_known =
            |entry: &&Entry| !matches!(entry.cause, Cause::Order { .. }) && entry.cause.id() == transfer.id.0;
        let known = match self.entries.iter().find(is_known) {
            Some(known) => Some(known.clone()),
            None => entry_of(connection, transfer.id).await?.map(|known| known.entry),
        };
        for payment in &transfer.payments {
            self.read(connection, transfer.wallet, payment.mint).await?;
        }
        let mut epoch = 0;
        if transfer.kind == TransferKind::Reset {
            epoch = self.read_all(connection, transfer.wallet).await?;
        }
        let (outcome, entry) = transfer.carry_out(&mut self.sheet, known.as_ref(), epoch);
        if let Some(entry) = entry {
            if let Cause::Reset { epoch, .. } = entry.cause {
                begin_epoch(connection, entry.wallet, epoch, entry.at).await?;
            }
            self.entries.push(entry);
        }
        Ok(outcome)
    }

    /// Reads all balances of a wallet, and its epoch.
    async fn read_all(&mut self, connection: &mut SqliteConnection, wallet: WalletId) -> sqlx::Result<u32> {
        let mints: Vec<(String,)> = sqlx::query_as("SELECT mint FROM balances WHERE wallet_id = $1")
            .bind(wallet.0)
            .fetch_all(&mut *connection)
            .await?;
        for (mint,) in mints {
            self.read(connection, wallet, mint.parse().map_err(decode)?).await?;
        }
        let epoch: Option<i64> = sqlx::query_scalar("SELECT epoch FROM wallets WHERE id = $1")
            .bind(wallet.0)
            .fetch_optional(connection)
            .await?;
        u32::try_from(epoch.unwrap_or_default()).map_err(decode)
    }

    /// Writes everything that was taken in.
    pub(super) async fn write(self, connection: &mut SqliteConnection) -> sqlx::Result<()> {
        if self.entries.is_empty() {
            return Ok(());
        }
        for entries in self.entries.chunks(ROWS) {
            let mut insert =
                QueryBuilder::new("INSERT INTO entries (wallet_id, cause, seq, attempt, at, postings) ");
            insert.push_values(entries.iter().map(EntryColumns::of), |mut row, entry| {
                row.push_bind(entry.wallet)
                    .push_bind(entry.cause)
                    .push_bind(entry.seq)
                    .push_bind(entry.attempt)
                    .push_bind(entry.at.unix_micros())
                    .push_bind(Json(entry.postings));
            });
            insert.build().execute(&mut *connection).await?;
        }
        for (wallet, mint, balance) in self.sheet.balances() {
            sqlx::query(
                "INSERT INTO balances (wallet_id, mint, total, held) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (wallet_id, mint) DO UPDATE SET total = excluded.total, held = excluded.held",
            )
            .bind(wallet.0)
            .bind(mint.to_string())
            .bind(i64::try_from(balance.total.0).map_err(encode)?)
            .bind(i64::try_from(balance.held.0).map_err(encode)?)
            .execute(&mut *connection)
            .await?;
        }
        Ok(())
    }
}

async fn begin_epoch(
    connection: &mut SqliteConnection,
    wallet: WalletId,
    epoch: u32,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE wallets SET epoch = $2, epoch_began_at = $3 WHERE id = $1")
        .bind(wallet.0)
        .bind(i64::from(epoch))
        .bind(at.unix_micros())
        .execute(connection)
        .await
        .map(drop)
}
