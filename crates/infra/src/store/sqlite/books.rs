//! The books: what the writes of a transaction do to balances.

use domain::{
    Amount, Mint,
    books::{Entry, Refusal, Sheet, Transfer, Wallet, WalletId},
    ports::{TransferOutcome, WalletOpening},
};
use sqlx::{QueryBuilder, SqliteConnection, types::Json};

use super::super::{
    books::{BalanceRow, EntryColumns, EntryRow, too_much},
    row::encode,
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
        for posting in &entry.postings {
            self.read(connection, entry.wallet, posting.mint).await?;
        }
        Ok(self.sheet.apply(&entry).map(|()| self.entries.push(entry)))
    }

    /// Takes in an entry that must fit: what it needs is held.
    pub(super) async fn settle(
        &mut self,
        connection: &mut SqliteConnection,
        entry: Entry,
    ) -> sqlx::Result<()> {
        let (wallet, cause) = (entry.wallet, entry.cause);
        self.post(connection, entry).await?.map_err(|refusal| match refusal {
            Refusal::TooMuch(mint) => too_much(wallet, mint),
            Refusal::Short(_) => {
                let message = format!("the books do not have what {cause:?} settles: {refusal:?}");
                sqlx::Error::InvalidArgument(message)
            }
        })
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
        opening: &[(Mint, Amount)],
    ) -> sqlx::Result<WalletOpening> {
        let opened = sqlx::query(
            "INSERT INTO wallets (id, account_id, name, kind, epoch, created_at, epoch_began_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        )
        .bind(wallet.id.0)
        .bind(wallet.account.0)
        .bind(&wallet.name)
        .bind(<&str>::from(wallet.kind))
        .bind(i64::from(wallet.epoch))
        .bind(wallet.created_at.unix_micros())
        .bind(wallet.epoch_began_at.unix_micros())
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

    /// Carries out a deposit or a withdrawal, once.
    pub(super) async fn transfer(
        &mut self,
        connection: &mut SqliteConnection,
        transfer: &Transfer,
    ) -> sqlx::Result<TransferOutcome> {
        let entry = transfer.entry();
        let is_same = |known: &Entry| known.wallet == entry.wallet && known.postings == entry.postings;
        let told = |known: &Entry| {
            if is_same(known) { TransferOutcome::Replayed } else { TransferOutcome::Conflict }
        };
        if let Some(known) = self.entries.iter().find(|known| known.cause == entry.cause) {
            return Ok(told(known));
        }
        let known: Option<EntryRow> = sqlx::query_as(
            "SELECT position, wallet_id, cause, seq, attempt, at, postings FROM entries
             WHERE cause = $1 AND seq = 0",
        )
        .bind(transfer.id.0)
        .fetch_optional(&mut *connection)
        .await?;
        if let Some(known) = known {
            return Ok(told(&known.read()?.entry));
        }
        Ok(match self.post(connection, entry).await? {
            Ok(()) => TransferOutcome::Done,
            Err(Refusal::Short(shortages)) => TransferOutcome::Insufficient(shortages),
            Err(Refusal::TooMuch(mint)) => TransferOutcome::TooMuch(mint),
        })
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
