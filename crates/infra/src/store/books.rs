//! Rows of the books, and reads of them, the same for both databases.

use async_trait::async_trait;
use database::from_row;
use domain::{
    AccountId, Amount, Mint, OrderId, Timestamp,
    books::{
        Balance, Cause, Entry, Payment, Posting, Refusal, Transfer, TransferId, TransferOutcome, Wallet,
        WalletId,
    },
    ports::{PostedEntry, StoreError, WalletOpening, Wallets},
};
use sqlx::types::{Json, Uuid};

use super::{
    grouped::{GroupedStore, mismatch},
    reader::{Dialect, Reader, Select},
    request::{Database, Write, Written},
    row::decode,
};

pub(super) struct BalanceRow {
    wallet_id: Uuid,
    mint: String,
    total: i64,
    held: i64,
}

pub(super) struct EntryRow {
    position: i64,
    wallet_id: Uuid,
    cause: Uuid,
    seq: i64,
    attempt: i64,
    at: i64,
    postings: Json<Vec<Posting>>,
}

struct WalletRow {
    id: Uuid,
    account_id: Uuid,
    name: String,
    kind: String,
    epoch: i64,
    created_at: i64,
    epoch_began_at: i64,
}

from_row!(BalanceRow { wallet_id, mint, total, held });
from_row!(EntryRow { position, wallet_id, cause, seq, attempt, at, postings });
from_row!(WalletRow { id, account_id, name, kind, epoch, created_at, epoch_began_at });

impl BalanceRow {
    pub(super) fn read(self) -> sqlx::Result<(WalletId, Mint, Balance)> {
        let units = |units: i64| u64::try_from(units).map(Amount).map_err(decode);
        let balance = Balance { total: units(self.total)?, held: units(self.held)? };
        Ok((WalletId(self.wallet_id), self.mint.parse().map_err(decode)?, balance))
    }
}

impl EntryRow {
    pub(super) fn read(self) -> sqlx::Result<PostedEntry> {
        let number = |number: i64| u32::try_from(number).map_err(decode);
        let cause = match (number(self.seq)?, number(self.attempt)?) {
            (0, 0) => Cause::Transfer(TransferId(self.cause)),
            (0, epoch) => Cause::Reset { id: TransferId(self.cause), epoch },
            (seq, attempt) => Cause::Order { id: OrderId(self.cause), seq, attempt },
        };
        let entry = Entry {
            wallet: WalletId(self.wallet_id),
            cause,
            at: Timestamp::from_unix_micros(self.at),
            postings: self.postings.0,
        };
        Ok(PostedEntry { position: u64::try_from(self.position).map_err(decode)?, entry })
    }
}

impl TryFrom<WalletRow> for Wallet {
    type Error = sqlx::Error;

    fn try_from(row: WalletRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: WalletId(row.id),
            account: AccountId(row.account_id),
            name: row.name,
            kind: row.kind.parse().map_err(|_| sqlx::Error::Decode("unknown kind of wallet".into()))?,
            epoch: u32::try_from(row.epoch).map_err(decode)?,
            created_at: Timestamp::from_unix_micros(row.created_at),
            epoch_began_at: Timestamp::from_unix_micros(row.epoch_began_at),
        })
    }
}

/// An entry as it is written.
pub(super) struct EntryColumns<'a> {
    pub(super) wallet: Uuid,
    pub(super) cause: Uuid,
    pub(super) seq: i64,
    pub(super) attempt: i64,
    pub(super) at: Timestamp,
    pub(super) postings: &'a [Posting],
}

impl<'a> EntryColumns<'a> {
    pub(super) fn of(entry: &'a Entry) -> Self {
        let (seq, attempt) = match entry.cause {
            Cause::Order { seq, attempt, .. } => (seq, attempt),
            Cause::Transfer(_) => (0, 0),
            Cause::Reset { epoch, .. } => (0, epoch),
        };
        Self {
            wallet: entry.wallet.0,
            cause: entry.cause.id(),
            seq: seq.into(),
            attempt: attempt.into(),
            at: entry.at,
            postings: &entry.postings,
        }
    }
}

/// An entry that must fit does not.
pub(super) fn misfit(entry: &Entry, refusal: &Refusal) -> sqlx::Error {
    sqlx::Error::InvalidArgument(format!("the books cannot take {:?}: {refusal:?}", entry.cause))
}

/// The columns of an [`EntryRow`].
fn entry_columns(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => {
            "position, wallet_id, cause, seq, attempt, (extract(epoch FROM at) * 1000000)::bigint AS at, postings"
        }
        Dialect::Sqlite => "position, wallet_id, cause, seq, attempt, at, postings",
    }
}

#[async_trait]
impl<D: Database> Wallets for GroupedStore<D> {
    async fn open_wallet(&self, wallet: Wallet, opening: Vec<Payment>) -> Result<WalletOpening, StoreError> {
        match self.write(Write::OpenWallet { wallet: Box::new(wallet), opening }).await? {
            Written::OpenWallet(opening) => Ok(opening),
            other => Err(mismatch(&other)),
        }
    }

    async fn transfer(&self, transfer: Transfer) -> Result<TransferOutcome, StoreError> {
        match self.write(Write::Transfer(Box::new(transfer))).await? {
            Written::Transfer(outcome) => Ok(outcome),
            other => Err(mismatch(&other)),
        }
    }

    async fn entry_of(&self, transfer: TransferId) -> Result<Option<PostedEntry>, StoreError> {
        self.read("entry_of", async |reader| entry_of(reader, transfer).await).await
    }

    async fn wallets(&self, account: AccountId) -> Result<Vec<Wallet>, StoreError> {
        self.read("wallets", async |reader| wallets(reader, account).await).await
    }

    async fn balances(&self, wallet: WalletId) -> Result<Vec<(Mint, Balance)>, StoreError> {
        self.read("balances", async |reader| balances(reader, wallet).await).await
    }

    async fn entries(
        &self,
        wallet: WalletId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<PostedEntry>, StoreError> {
        self.read("entries", async |reader| entries(reader, wallet, before, limit).await).await
    }

    async fn entries_after(
        &self,
        wallet: WalletId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<PostedEntry>, StoreError> {
        self.read("entries", async |reader| entries_after(reader, wallet, after, limit).await).await
    }

    async fn entries_of(&self, order: OrderId) -> Result<Vec<PostedEntry>, StoreError> {
        self.read("entries_of", async |reader| entries_of(reader, order).await).await
    }
}

/// What the transfer with an id did to the books.
pub(super) async fn entry_of<R: Reader>(
    reader: &mut R,
    transfer: TransferId,
) -> sqlx::Result<Option<PostedEntry>> {
    let columns = entry_columns(R::DIALECT);
    let sql = format!("SELECT {columns} FROM entries WHERE cause = $1 AND seq = 0");
    let rows: Vec<EntryRow> = reader.rows(Select::new(sql).id(transfer.0)).await?;
    rows.into_iter().next().map(EntryRow::read).transpose()
}

async fn wallets<R: Reader>(reader: &mut R, account: AccountId) -> sqlx::Result<Vec<Wallet>> {
    let sql = match R::DIALECT {
        Dialect::Postgres => {
            "SELECT id, account_id, name, kind, epoch,
                    (extract(epoch FROM created_at) * 1000000)::bigint AS created_at,
                    (extract(epoch FROM epoch_began_at) * 1000000)::bigint AS epoch_began_at
             FROM wallets WHERE account_id = $1 ORDER BY wallets.created_at, id"
        }
        Dialect::Sqlite => {
            "SELECT id, account_id, name, kind, epoch, created_at, epoch_began_at
             FROM wallets WHERE account_id = $1 ORDER BY created_at, id"
        }
    };
    let rows: Vec<WalletRow> = reader.rows(Select::new(sql).id(account.0)).await?;
    rows.into_iter().map(Wallet::try_from).collect()
}

async fn balances<R: Reader>(reader: &mut R, wallet: WalletId) -> sqlx::Result<Vec<(Mint, Balance)>> {
    let sql = "SELECT wallet_id, mint, total, held FROM balances WHERE wallet_id = $1 ORDER BY mint";
    let rows: Vec<BalanceRow> = reader.rows(Select::new(sql).id(wallet.0)).await?;
    rows.into_iter().map(|row| row.read().map(|(_, mint, balance)| (mint, balance))).collect()
}

async fn entries<R: Reader>(
    reader: &mut R,
    wallet: WalletId,
    before: Option<u64>,
    limit: u32,
) -> sqlx::Result<Vec<PostedEntry>> {
    let columns = entry_columns(R::DIALECT);
    let before = before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
    let sql = format!(
        "SELECT {columns} FROM entries WHERE wallet_id = $1 AND position < $2 ORDER BY position DESC LIMIT $3"
    );
    let rows: Vec<EntryRow> = reader.rows(Select::new(sql).id(wallet.0).int(before).int(limit)).await?;
    rows.into_iter().map(EntryRow::read).collect()
}

async fn entries_after<R: Reader>(
    reader: &mut R,
    wallet: WalletId,
    after: u64,
    limit: u32,
) -> sqlx::Result<Vec<PostedEntry>> {
    let columns = entry_columns(R::DIALECT);
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let sql = format!(
        "SELECT {columns} FROM entries WHERE wallet_id = $1 AND position > $2 ORDER BY position LIMIT $3"
    );
    let rows: Vec<EntryRow> = reader.rows(Select::new(sql).id(wallet.0).int(after).int(limit)).await?;
    rows.into_iter().map(EntryRow::read).collect()
}

async fn entries_of<R: Reader>(reader: &mut R, order: OrderId) -> sqlx::Result<Vec<PostedEntry>> {
    let columns = entry_columns(R::DIALECT);
    let sql = format!("SELECT {columns} FROM entries WHERE cause = $1 AND seq > 0 ORDER BY seq");
    let rows: Vec<EntryRow> = reader.rows(Select::new(sql).id(order.0)).await?;
    rows.into_iter().map(EntryRow::read).collect()
}
