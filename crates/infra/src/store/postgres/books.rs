//! The books: what the writes of a transaction do to balances.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::{
    Mint, OrderId,
    books::{Balance, Cause, Entry, Payment, Refusal, Sheet, Transfer, TransferKind, Wallet, WalletId},
    ports::{Acceptance, Accepted, Commit, Effect, WalletOpening},
};
use sqlx::{PgConnection, types::Uuid};
use time::OffsetDateTime;

use super::{
    super::{
        books::{BalanceRow, EntryRow, misfit},
        request::Written,
        row::{decode, encode},
    },
    Answers,
    changes::{FIRST, changed},
    columns::Columns,
    enter,
    refused::Refused,
};

/// The entries of a transaction, to be written after everything else of it: a transaction that has locked balances
/// locks nothing more, so no two of them wait for each other.
#[derive(Default)]
pub(super) struct Books<'a> {
    /// Whether the statement that writes the orders, which is the last one then, writes the entries too.
    pub(super) at_once: bool,
    /// They must fit: what they need is held.
    settled: Vec<Entry>,
    /// New orders, each with the position of its acceptance in the batch.
    holds: Vec<(usize, OrderId, Entry)>,
    /// Orders that came with new orders, each with the position of that acceptance. They go with it.
    brought: Vec<(usize, OrderId, Option<Entry>)>,
    /// Deposits, withdrawals and resets, each with its position in the batch.
    transfers: Vec<(usize, &'a Transfer)>,
}

impl<'a> Books<'a> {
    pub(super) fn new(at_once: bool) -> Self {
        Self { at_once, ..Self::default() }
    }

    /// Takes in an order that is new, and those that came with it.
    pub(super) fn accepted(&mut self, position: usize, asked: &Acceptance) {
        if let Some(entry) = asked.entry().filter(|_| !self.at_once) {
            self.holds.push((position, asked.order.id, entry));
        }
        let brought = Effect::all_accepted(&asked.effects);
        self.brought.extend(brought.into_iter().map(|asked| (position, asked.order.id, asked.entry())));
    }

    /// Takes in a commit that passed, and the orders that came with it.
    pub(super) fn committed(&mut self, commit: &Commit) {
        self.settled.extend(commit.entry().filter(|_| !self.at_once));
        self.settled.extend(Effect::all_accepted(&commit.effects).into_iter().filter_map(Acceptance::entry));
    }

    /// Opens a wallet with what it begins with.
    pub(super) async fn open(
        &mut self,
        connection: &mut PgConnection,
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
        .bind(OffsetDateTime::from(wallet.created_at))
        .bind(OffsetDateTime::from(wallet.epoch_began_at))
        .bind(wallet.name_key())
        .execute(&mut *connection)
        .await?;
        if opened.rows_affected() == 1 {
            sqlx::query("INSERT INTO balances (wallet_id, mint, total, held) VALUES ($1, $2, 0, 0)")
                .bind(wallet.id.0)
                .bind(FIRST.to_string())
                .execute(connection)
                .await?;
            self.settled.push(wallet.opening(opening.to_vec()).entry());
            return Ok(WalletOpening::Opened);
        }
        let known: i64 = sqlx::query_scalar("SELECT count(*) FROM wallets WHERE id = $1")
            .bind(wallet.id.0)
            .fetch_one(connection)
            .await?;
        Ok(if known == 0 { WalletOpening::NameTaken } else { WalletOpening::Known })
    }

    /// Takes in a deposit, a withdrawal or a reset.
    pub(super) fn transferred(&mut self, position: usize, transfer: &'a Transfer) {
        self.transfers.push((position, transfer));
    }

    /// Writes the entries.
    ///
    /// # Errors
    /// One that [`does_not_fit`](super::changes::does_not_fit) when [`Care::Little`] was taken and not everything fits.
    pub(super) async fn write(
        self,
        connection: &mut PgConnection,
        answers: &mut Answers,
        care: Care,
    ) -> sqlx::Result<()> {
        let holds = self.holds.iter().map(|(_, _, entry)| entry);
        let brought = self.brought.iter().filter_map(|(_, _, entry)| entry.as_ref());
        let entries: Vec<&Entry> = self.settled.iter().chain(holds).chain(brought).collect();
        match care {
            _ if entries.is_empty() && self.transfers.is_empty() => Ok(()),
            Care::Little if self.transfers.is_empty() => enter::all(connection, &entries).await,
            Care::Little | Care::Great => self.calculate(connection, answers, &entries).await,
        }
    }

    /// Reads the balances, calculates and writes them. New orders whose wallet does not have what they need go again,
    /// and their acceptances are answered so.
    async fn calculate(
        &self,
        connection: &mut PgConnection,
        answers: &mut Answers,
        entries: &[&Entry],
    ) -> sqlx::Result<()> {
        let before = locked(connection, entries, &self.transfers).await?;
        let mut sheet = before.clone();
        let mut settled = Vec::with_capacity(self.settled.len());
        for entry in &self.settled {
            let entry = sheet.fitted(entry.clone());
            sheet.apply(&entry).map_err(|refusal| misfit(&entry, &refusal))?;
            settled.push(entry);
        }
        let transferred = carry_out(connection, &self.transfers, &mut sheet, answers).await?;
        let mut written: Vec<&Entry> = settled.iter().chain(&transferred).collect();
        let mut refused = Refused::default();
        for (position, id, entry) in &self.holds {
            match sheet.apply(entry) {
                Ok(()) => written.push(entry),
                Err(Refusal::Short(shortages)) => {
                    answers[*position] = Some(Written::Accept(Accepted::Insufficient(shortages.clone())));
                    refused.add(*position, *id, shortages);
                }
                Err(refusal) => return Err(misfit(entry, &refusal)),
            }
        }
        for (position, id, entry) in &self.brought {
            if refused.brings(*position, *id) {
                continue;
            }
            if let Some(entry) = entry {
                sheet.apply(entry).map_err(|refusal| misfit(entry, &refusal))?;
                written.push(entry);
            }
        }
        refused.take_back(connection, answers).await?;
        append(connection, &written).await?;
        update(connection, &before, &sheet, &written).await
    }
}

/// How entries are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// In one statement, which fails if one of them does not fit.
    Little,
    /// In several, which find out what does not fit.
    Great,
}

/// The balances that entries and transfers change, locked: wallet by wallet, in each the [`FIRST`] one first.
async fn locked(
    connection: &mut PgConnection,
    entries: &[&Entry],
    transfers: &[(usize, &Transfer)],
) -> sqlx::Result<Sheet> {
    let mut keys: BTreeSet<_> = changed(entries).into_keys().collect();
    keys.extend(
        transfers.iter().flat_map(|(_, transfer)| {
            transfer.payments.iter().map(|payment| (transfer.wallet, payment.mint))
        }),
    );
    let transferred = transfers.iter().map(|(_, transfer)| transfer.wallet.0);
    let wallets: HashSet<Uuid> = keys.iter().map(|(wallet, _)| wallet.0).chain(transferred).collect();
    keys.extend(wallets.iter().map(|wallet| (WalletId(*wallet), FIRST)));
    let resets = transfers.iter().filter(|(_, transfer)| transfer.kind == TransferKind::Reset);
    let whole: Vec<Uuid> = resets.map(|(_, transfer)| transfer.wallet.0).collect();
    let rows: Vec<BalanceRow> = sqlx::query_as(
        "SELECT wallet_id, mint, total, held FROM balances
         WHERE wallet_id = ANY($1) AND (wallet_id = ANY($4)
               OR (wallet_id, mint) IN (SELECT * FROM UNNEST($2::uuid[], $3::text[])))
         ORDER BY wallet_id, mint <> $5, mint FOR NO KEY UPDATE",
    )
    .bind(wallets.into_iter().collect::<Vec<_>>())
    .bind(keys.iter().map(|(wallet, _)| wallet.0).collect::<Vec<_>>())
    .bind(keys.iter().map(|(_, mint)| mint.to_string()).collect::<Vec<_>>())
    .bind(whole)
    .bind(FIRST.to_string())
    .fetch_all(connection)
    .await?;
    let mut sheet = Sheet::default();
    for row in rows {
        let (wallet, mint, balance) = row.read()?;
        sheet.set(wallet, mint, balance);
    }
    Ok(sheet)
}

/// Carries out transfers. Their wallets are locked.
async fn carry_out(
    connection: &mut PgConnection,
    transfers: &[(usize, &Transfer)],
    sheet: &mut Sheet,
    answers: &mut Answers,
) -> sqlx::Result<Vec<Entry>> {
    let mut known = known_transfers(connection, transfers).await?;
    let mut entries = Vec::new();
    for (position, transfer) in transfers {
        let epoch = match transfer.kind {
            TransferKind::Reset => epoch(connection, transfer.wallet).await?,
            TransferKind::Deposit | TransferKind::Withdrawal => 0,
        };
        let (outcome, entry) = transfer.carry_out(sheet, known.get(&transfer.id.0), epoch);
        answers[*position] = Some(Written::Transfer(outcome));
        let Some(entry) = entry else { continue };
        if let Cause::Reset { epoch, .. } = entry.cause {
            begin_epoch(connection, &entry, epoch).await?;
        }
        known.insert(transfer.id.0, entry.clone());
        entries.push(entry);
    }
    Ok(entries)
}

/// Entries of transfers that were carried out before, by their ids.
async fn known_transfers(
    connection: &mut PgConnection,
    asked: &[(usize, &Transfer)],
) -> sqlx::Result<HashMap<Uuid, Entry>> {
    if asked.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<EntryRow> = sqlx::query_as(
        "SELECT position, wallet_id, cause, seq, attempt, (extract(epoch FROM at) * 1000000)::bigint AS at, postings
         FROM entries WHERE cause = ANY($1) AND seq = 0",
    )
    .bind(asked.iter().map(|(_, transfer)| transfer.id.0).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| row.read().map(|known| (known.entry.cause.id(), known.entry))).collect()
}

async fn epoch(connection: &mut PgConnection, wallet: WalletId) -> sqlx::Result<u32> {
    let epoch: Option<i64> = sqlx::query_scalar("SELECT epoch FROM wallets WHERE id = $1")
        .bind(wallet.0)
        .fetch_optional(connection)
        .await?;
    u32::try_from(epoch.unwrap_or_default()).map_err(decode)
}

async fn begin_epoch(connection: &mut PgConnection, reset: &Entry, epoch: u32) -> sqlx::Result<()> {
    sqlx::query("UPDATE wallets SET epoch = $2, epoch_began_at = $3 WHERE id = $1")
        .bind(reset.wallet.0)
        .bind(i64::from(epoch))
        .bind(OffsetDateTime::from(reset.at))
        .execute(connection)
        .await
        .map(drop)
}

async fn append(connection: &mut PgConnection, entries: &[&Entry]) -> sqlx::Result<()> {
    sqlx::query_with(
        "INSERT INTO entries (wallet_id, cause, seq, attempt, at, postings)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::jsonb[])",
        Columns::default().with_entry_rows(entries)?.0,
    )
    .execute(connection)
    .await
    .map(drop)
}

/// Balances that were there are as calculated, for they are locked. One that was not there may have come in between,
/// and has only gained.
async fn update(
    connection: &mut PgConnection,
    before: &Sheet,
    after: &Sheet,
    written: &[&Entry],
) -> sqlx::Result<()> {
    let touched = changed(written);
    let is_touched = |(wallet, mint, _): &(WalletId, Mint, Balance)| touched.contains_key(&(*wallet, *mint));
    let (there, new): (Vec<_>, Vec<_>) =
        after.balances().filter(is_touched).partition(|(wallet, mint, _)| before.has(*wallet, *mint));
    for (sql, rows) in [(UPDATE, there), (INSERT, new)] {
        if rows.is_empty() {
            continue;
        }
        let units = |units: u64| i64::try_from(units).map_err(encode);
        sqlx::query(sql)
            .bind(rows.iter().map(|(wallet, ..)| wallet.0).collect::<Vec<_>>())
            .bind(rows.iter().map(|(_, mint, _)| mint.to_string()).collect::<Vec<_>>())
            .bind(rows.iter().map(|(.., of)| units(of.total.0)).collect::<sqlx::Result<Vec<_>>>()?)
            .bind(rows.iter().map(|(.., of)| units(of.held.0)).collect::<sqlx::Result<Vec<_>>>()?)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

const UPDATE: &str = "UPDATE balances SET total = new.total, held = new.held
    FROM UNNEST($1::uuid[], $2::text[], $3::bigint[], $4::bigint[]) AS new (wallet_id, mint, total, held)
    WHERE balances.wallet_id = ANY($1) AND balances.wallet_id = new.wallet_id AND balances.mint = new.mint";

const INSERT: &str = "INSERT INTO balances (wallet_id, mint, total, held)
    SELECT wallet_id, mint, total, held
    FROM UNNEST($1::uuid[], $2::text[], $3::bigint[], $4::bigint[]) AS new (wallet_id, mint, total, held)
    ORDER BY wallet_id, mint
    ON CONFLICT (wallet_id, mint) DO UPDATE SET total = balances.total + excluded.total,
        held = balances.held + excluded.held";
