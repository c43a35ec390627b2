//! `PostgreSQL`.

use std::{future::Future, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};
use tokio::time::{Instant, sleep, timeout};

use crate::{Pool, PoolOptions, Severity, unfit};

/// Settings of a session, by name.
pub type Settings = &'static [(&'static str, &'static str)];

/// The longest wait between attempts to reach a server at start.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// How long one attempt may take.
const TRY_WITHIN: Duration = Duration::from_secs(5);

/// Server-side keepalive of our connections: without it a session whose client vanished
/// keeps its locks until the system's own keepalive, after two hours.
const SILENT_CLIENT: Settings =
    &[("tcp_keepalives_idle", "30"), ("tcp_keepalives_interval", "10"), ("tcp_keepalives_count", "3")];

/// A pool whose connections have the given settings.
pub fn pool(
    options: PgConnectOptions,
    settings: Settings,
    probe: Probe,
    limits: PoolOptions,
) -> Pool<PgConnection> {
    let options = std::sync::Arc::new(options);
    let probe = match probe {
        Probe::Alive => alive as crate::Probe<PgConnection>,
        Probe::Writable => writable,
    };
    Pool::new(limits, probe, move || {
        let options = options.clone();
        async move { open(&options, settings).await }
    })
}

/// What a pool uses its connections for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// Reading: the server answers.
    Alive,
    /// Writing: the server answers and takes writes. After a failover old connections still lead to the
    /// server that was demoted.
    Writable,
}

/// Opens a connection and applies settings, by `SET` rather than in the startup message, which poolers
/// such as `PgBouncer` refuse.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub async fn open(options: &PgConnectOptions, settings: Settings) -> sqlx::Result<PgConnection> {
    let options = options.clone().extra_float_digits(None);
    let mut connection = PgConnection::connect_with(&options).await?;
    let statements: Vec<String> =
        settings.iter().chain(SILENT_CLIENT).map(|(name, value)| format!("SET {name} = '{value}'")).collect();
    sqlx::raw_sql(AssertSqlSafe(statements.join("; "))).execute(&mut connection).await?;
    Ok(connection)
}

fn alive(connection: &mut PgConnection) -> BoxFuture<'_, sqlx::Result<()>> {
    connection.ping().boxed()
}

/// Fails unless the server takes writes.
///
/// # Errors
/// When it is read-only or a standby, or cannot be asked; [`Severity::Server`] in the first cases.
pub fn writable(connection: &mut PgConnection) -> BoxFuture<'_, sqlx::Result<()>> {
    async move {
        let (is_read_only, is_in_recovery): (bool, bool) =
            sqlx::query_as("SELECT current_setting('transaction_read_only')::bool, pg_is_in_recovery()")
                .fetch_one(connection)
                .await?;
        match (is_in_recovery, is_read_only) {
            (true, _) => Err(unfit("the server is a standby (in recovery) and takes no writes")),
            (_, true) => Err(unfit("the server is read-only (default_transaction_read_only is on)")),
            _ => Ok(()),
        }
    }
    .boxed()
}

/// Calls `reach` until it succeeds or `patience` is over, for a server that starts at the same time. Only
/// failures that pass are repeated: a wrong password is reported at once.
///
/// # Errors
/// The last one of `reach`.
pub async fn reach<T, Fut>(patience: Duration, mut reach: impl FnMut() -> Fut) -> sqlx::Result<T>
where
    Fut: Future<Output = sqlx::Result<T>>,
{
    let began = Instant::now();
    let (mut wait, mut has_waited) = (Duration::from_millis(100), false);
    loop {
        let tried = timeout(TRY_WITHIN, reach()).await;
        let tried = tried.unwrap_or_else(|_| Err(unfit("the server does not answer")));
        let Err(error) = tried else { return tried };
        if began.elapsed() + wait > patience || !passes(&error) {
            return Err(error);
        }
        if !has_waited {
            tracing::warn!(%error, "waiting for PostgreSQL");
        }
        has_waited = true;
        sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Whether an error of connecting may be temporary.
fn passes(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(_) => Severity::of(error) == Severity::Server,
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => true,
        _ => false,
    }
}

/// Whether statements outside of a transaction may run in different sessions of the server: a pooler
/// hands its connections out by transaction or by statement. Settings and prepared statements of a
/// session would then be shared with other clients.
///
/// # Errors
/// When the server cannot be asked.
pub async fn shares_sessions(options: &PgConnectOptions) -> sqlx::Result<bool> {
    const PID: &str = "SELECT pg_backend_pid()";
    let mut one = open(options, &[]).await?;
    let mut other = open(options, &[]).await?;
    let mut is_shared = false;
    for _ in 0..3 {
        // Not prepared, which such a pooler may refuse.
        let first = sqlx::raw_sql(PID).fetch_one(&mut one).await?;
        let second = sqlx::raw_sql(PID).fetch_one(&mut other).await?;
        let pid = |row: &sqlx::postgres::PgRow| sqlx::Row::try_get::<i32, _>(row, 0);
        is_shared |= pid(&first)? == pid(&second)?;
    }
    one.close().await?;
    other.close().await?;
    Ok(is_shared)
}
