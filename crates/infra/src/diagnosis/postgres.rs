use std::{str::FromStr, time::Duration};

use anyhow::Context;
use domain::ports::Clock;
use sqlx::{ConnectOptions, PgConnection, postgres::PgConnectOptions};
use tokio::time::timeout;

use super::{
    migrations::{Migrations, RUN, RunRow},
    transaction::{self, OpenTransaction},
};
use crate::store::POSTGRES_MIGRATIONS;

/// How long the server may take for everything.
const PATIENCE: Duration = Duration::from_secs(5);

/// A `PostgreSQL` that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresState {
    pub place: String,
    /// As reported, such as `15.14`.
    pub version: String,
    pub major: u32,
    /// How its tables compare with what this program needs.
    pub migrations: Migrations,
    /// How far its clock is ahead of this machine's, microseconds; less than half a round trip is not
    /// distinguished from none.
    pub clock_ahead_micros: i64,
    /// Connections it takes at most, all clients together.
    pub max_connections: u32,
    /// The transaction that keeps the feed from showing what is new, if one has been open for long.
    pub holds_feed: Option<OpenTransaction>,
}

/// Asks the `PostgreSQL` at `url`.
///
/// # Errors
/// When the URL cannot be read, or the server cannot be reached, refuses, takes no writes or is too slow.
pub async fn postgres(url: &str, clock: &dyn Clock) -> anyhow::Result<PostgresState> {
    let options = PgConnectOptions::from_str(url).context("DATABASE_URL cannot be read")?;
    let place = format!("{}:{}", options.get_host(), options.get_port());
    let asked = async {
        let mut connection = options.connect().await?;
        ask(&mut connection, place.clone(), clock).await
    };
    let answer =
        timeout(PATIENCE, asked).await.with_context(|| format!("{place} does not answer in time"))?;
    answer.with_context(|| format!("{place} cannot be used"))
}

async fn ask(connection: &mut PgConnection, place: String, clock: &dyn Clock) -> sqlx::Result<PostgresState> {
    let (version, number, max_connections): (String, i32, i32) = sqlx::query_as(
        "SELECT split_part(current_setting('server_version'), ' ', 1),
                current_setting('server_version_num')::int, current_setting('max_connections')::int",
    )
    .fetch_one(&mut *connection)
    .await?;
    database::postgres::writable(connection).await?;
    let migrations = Migrations::compare(&POSTGRES_MIGRATIONS, run_migrations(connection).await?);
    let before = clock.now();
    let theirs: i64 = sqlx::query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        .fetch_one(&mut *connection)
        .await?;
    let after = clock.now();
    Ok(PostgresState {
        place,
        version,
        major: u32::try_from(number / 10_000).unwrap_or(0),
        migrations,
        clock_ahead_micros: ahead(theirs, before.unix_micros(), after.unix_micros()),
        max_connections: u32::try_from(max_connections).unwrap_or(0),
        holds_feed: transaction::oldest(connection).await?,
    })
}

async fn run_migrations(connection: &mut PgConnection) -> sqlx::Result<Vec<RunRow>> {
    let has_run: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if has_run { sqlx::query_as(RUN).fetch_all(connection).await } else { Ok(Vec::new()) }
}

/// How far a clock that was read between two times is outside of them.
fn ahead(theirs: i64, before: i64, after: i64) -> i64 {
    if theirs < before { theirs - before } else { (theirs - after).max(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_between_two_readings_is_right() {
        assert_eq!([ahead(5, 4, 9), ahead(3, 4, 9), ahead(12, 4, 9)], [0, -1, 3]);
    }
}
