use std::path::Path;

use anyhow::Context;
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::migrations::{Migrations, RUN};
use crate::{data_dir, store::SQLITE_MIGRATIONS};

/// How the tables of the `SQLite` store under `folder` compare with what this program needs; where there
/// is none yet, all is to be run.
///
/// # Errors
/// When the file cannot be read as a database, or not written.
pub async fn sqlite(folder: &Path) -> anyhow::Result<Migrations> {
    let file = data_dir::orders(folder);
    if !file.exists() {
        return Ok(Migrations::compare(&SQLITE_MIGRATIONS, Vec::new()));
    }
    // Opened for writing, which changes nothing, and closed again.
    let writable = std::fs::File::options().write(true).open(&file);
    writable.with_context(|| format!("{} cannot be written", file.display()))?;
    let found = ask(&file).await.with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(found)
}

async fn ask(file: &Path) -> sqlx::Result<Migrations> {
    // A file that no process has open has no log beside it, and reading it as one that may change would make
    // one. An engine that starts just now makes that wrong.
    let is_at_rest = !file.with_extension("db-wal").exists();
    match read(file, is_at_rest).await {
        Err(_) if is_at_rest => read(file, false).await,
        found => found,
    }
}

async fn read(file: &Path, is_at_rest: bool) -> sqlx::Result<Migrations> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true).immutable(is_at_rest);
    let mut connection = options.connect().await?;
    let found = run(&mut connection).await;
    connection.close().await?;
    found
}

async fn run(connection: &mut SqliteConnection) -> sqlx::Result<Migrations> {
    let has_run: bool =
        sqlx::query_scalar("SELECT count(*) > 0 FROM sqlite_master WHERE name = '_sqlx_migrations'")
            .fetch_one(&mut *connection)
            .await?;
    let run = if has_run { sqlx::query_as(RUN).fetch_all(connection).await? } else { Vec::new() };
    Ok(Migrations::compare(&SQLITE_MIGRATIONS, run))
}
