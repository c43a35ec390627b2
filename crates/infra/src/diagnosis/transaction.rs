//! Transactions that stay open. The feed shows nothing that was committed after the oldest of them began to
//! write, in any database of the server.

use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::sleep;

/// The age at which an open transaction is reported.
const LONG: Duration = Duration::from_secs(5);
/// Between two looks at a transaction whose age may not be seen.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// Transactions that are looked at, the oldest first.
const MAX_ROWS: i64 = 100;

/// A transaction that has written something and has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTransaction {
    /// Process id of its server process; 0 when it is prepared.
    pub pid: i32,
    /// The name it was prepared under.
    pub prepared: Option<String>,
    pub user: String,
    /// Where; it need not be the engine's own database.
    pub database: String,
    /// How long ago it began; `None` when it is another user's and this one may not see that.
    pub open_for: Option<Duration>,
    /// How long ago its last query began, likewise.
    pub last_query: Option<Duration>,
    /// Its transaction id, to recognise it.
    pub id: String,
}

struct Row {
    id: String,
    pid: i32,
    prepared: Option<String>,
    user: String,
    database: String,
    open_for: Option<i64>,
    last_query: Option<i64>,
}

database::from_row!(Row { id, pid, prepared, user, database, open_for, last_query });

/// The oldest transaction, if it has been open for long.
pub(super) async fn oldest(connection: &mut PgConnection) -> sqlx::Result<Option<OpenTransaction>> {
    let Some(found) = open_transactions(connection).await?.into_iter().next() else { return Ok(None) };
    let is_long = if let Some(age) = found.open_for {
        age >= LONG
    } else {
        sleep(LOOK_AGAIN).await;
        open_transactions(connection).await?.first().is_some_and(|still| still.id == found.id)
    };
    Ok(is_long.then_some(found))
}

/// The transactions that are open now and have written something, the oldest first.
///
/// # Errors
/// When the server does not answer.
pub async fn open_transactions(connection: &mut PgConnection) -> sqlx::Result<Vec<OpenTransaction>> {
    // From the locks that transactions hold on their own ids: everybody may see those, while the columns
    // of pg_stat_activity with the same content are hidden from other users.
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT l.transactionid::text AS id, coalesce(l.pid, 0) AS pid, p.gid AS prepared,
                coalesce(a.usename, p.owner, '')::text AS user,
                coalesce(a.datname, p.database, '')::text AS database,
                (extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared)) * 1000)::bigint
                    AS open_for,
                (extract(epoch FROM clock_timestamp() - a.query_start) * 1000)::bigint AS last_query
         FROM pg_locks l
         LEFT JOIN pg_stat_activity a ON a.pid = l.pid
         LEFT JOIN pg_prepared_xacts p ON p.transaction = l.transactionid
         WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
         ORDER BY age(l.transactionid) DESC LIMIT $1",
    )
    .bind(MAX_ROWS)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(OpenTransaction::from).collect())
}

impl From<Row> for OpenTransaction {
    fn from(row: Row) -> Self {
        let duration = |millis: i64| Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        Self {
            pid: row.pid,
            prepared: row.prepared,
            user: row.user,
            database: row.database,
            open_for: row.open_for.map(duration),
            last_query: row.last_query.map(duration),
            id: row.id,
        }
    }
}
