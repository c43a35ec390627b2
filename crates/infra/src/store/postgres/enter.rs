//! Writes entries and what they change, as a part of a statement.

use std::collections::BTreeMap;

use domain::{
    Mint,
    books::{Change, Entry, WalletId},
};
use sqlx::{PgConnection, types::Uuid};

use super::{
    changes::{FIRST, Uncountable, changed},
    columns::Columns,
};

/// Writes the entries of [`Columns::with_entries`] whose cause is in `$written`, and what they change, as the next parts
/// of a `WITH`. The numbers are those of the parameters.
///
/// The database adds to the balances itself: to what they are after it has waited for those who changed them meanwhile.
/// Its checks fail the statement if something does not fit. Positions are given only after all locks are there.
macro_rules! enter {
    ($written:literal, $wallet:literal $cause:literal $seq:literal $attempt:literal $at:literal $postings:literal,
     $of:literal $of_wallet:literal $mint:literal $total:literal $held:literal, $first:literal) => {
        concat!(
            "changes AS (
                 SELECT wallet_id, mint, sum(total)::bigint AS total, sum(held)::bigint AS held
                 FROM UNNEST($", $of, "::uuid[], $", $of_wallet, "::uuid[], $", $mint, "::text[], $", $total, "::bigint[],
                             $", $held, "::bigint[]) AS changes (cause, wallet_id, mint, total, held)
                 JOIN ", $written, " ON ", $written, ".id = changes.cause
                 GROUP BY wallet_id, mint
             ), locked AS (
                 SELECT wallet_id, mint FROM balances
                 WHERE wallet_id = ANY($", $of_wallet, ") AND (wallet_id, mint) IN (SELECT wallet_id, mint FROM changes)
                 ORDER BY wallet_id, mint <> $", $first, ", mint FOR NO KEY UPDATE
             ), changed AS (
                 UPDATE balances SET total = balances.total + changes.total, held = balances.held + changes.held
                 FROM changes JOIN locked USING (wallet_id, mint)
                 WHERE balances.wallet_id = ANY($", $of_wallet, ")
                   AND balances.wallet_id = changes.wallet_id AND balances.mint = changes.mint
                   AND (changes.total <> 0 OR changes.held <> 0)
                 RETURNING balances.wallet_id, balances.mint
             ), begun AS (
                 INSERT INTO balances (wallet_id, mint, total, held)
                 SELECT wallet_id, mint, changes.total, changes.held
                 FROM changes LEFT JOIN changed USING (wallet_id, mint)
                 WHERE changed.mint IS NULL AND (changes.total <> 0 OR changes.held <> 0)
                 ORDER BY wallet_id, mint
                 ON CONFLICT (wallet_id, mint) DO UPDATE SET total = balances.total + excluded.total,
                     held = balances.held + excluded.held
             ), entered AS (
                 INSERT INTO entries (wallet_id, cause, seq, attempt, at, postings)
                 SELECT entry.*
                 FROM UNNEST($", $wallet, "::uuid[], $", $cause, "::uuid[], $", $seq, "::bigint[], $", $attempt, "::bigint[],
                             $", $at, "::timestamptz[], $", $postings, "::jsonb[])
                      AS entry (wallet_id, cause, seq, attempt, at, postings)
                 JOIN ", $written, " ON ", $written, ".id = entry.cause
                 WHERE (SELECT count(*) FROM locked) >= 0
             )"
        )
    };
}
pub(super) use enter;

/// Writes entries and what they change, in a statement of their own.
pub(super) async fn all(connection: &mut PgConnection, entries: &[&Entry]) -> sqlx::Result<()> {
    sqlx::query_with(ENTER, Columns::default().with_entries(entries)?.0).execute(connection).await.map(drop)
}

const ENTER: &str = concat!(
    "WITH causes AS (SELECT DISTINCT UNNEST($2::uuid[]) AS id), ",
    enter!("causes", 1 2 3 4 5 6, 7 8 9 10 11, 12),
    " SELECT"
);

impl Columns {
    /// Adds the columns of [`enter!`].
    pub(super) fn with_entries(self, entries: &[&Entry]) -> sqlx::Result<Self> {
        let mut changes: BTreeMap<(Uuid, WalletId, Mint), Change> = BTreeMap::new();
        for entry in entries {
            let cause = entry.cause.id();
            changes.entry((cause, entry.wallet, FIRST)).or_default();
            for ((wallet, mint), change) in changed(&[*entry]) {
                let sum = changes.entry((cause, wallet, mint)).or_default();
                (sum.total, sum.held) = (sum.total + change.total, sum.held + change.held);
            }
        }
        let units =
            |units: i128| i64::try_from(units).map_err(|_| sqlx::Error::Encode(Box::new(Uncountable)));
        self.with_entry_rows(entries)?
            .with(changes.keys().map(|(cause, ..)| *cause).collect::<Vec<_>>())?
            .with(changes.keys().map(|(_, wallet, _)| wallet.0).collect::<Vec<_>>())?
            .with(changes.keys().map(|(.., mint)| mint.to_string()).collect::<Vec<_>>())?
            .with(changes.values().map(|change| units(change.total)).collect::<sqlx::Result<Vec<_>>>()?)?
            .with(changes.values().map(|change| units(change.held)).collect::<sqlx::Result<Vec<_>>>()?)?
            .with(FIRST.to_string())
    }
}
