//! Copies of files that are in use.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    Connection, Executor, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use tokio::fs;

use super::check;

/// How long a copy waits for a write that is under way.
const LOCK_WITHIN: Duration = Duration::from_secs(30);

/// Copies `files`, pairs of a file and the place of its copy, as they are at one moment, also while other
/// processes use them. Their writers wait as long as the copying takes, their readers do not. The copies are
/// looked through for damage.
///
/// # Errors
/// When a file is damaged, cannot be read or not be copied.
pub async fn copy_together(files: &[(PathBuf, PathBuf)]) -> sqlx::Result<()> {
    let mut locks = Vec::new();
    for (file, _) in files {
        let mut lock = SqliteConnection::connect_with(&options(file)).await?;
        lock.execute("BEGIN IMMEDIATE").await?;
        locks.push(lock);
    }
    for (file, copy) in files {
        // Without a writer nothing leaves the log, so that the log and the file are one state together, even
        // if pages of the log are brought into the file meanwhile.
        fs::copy(file, copy).await?;
        if fs::try_exists(log_of(file)).await? {
            fs::copy(log_of(file), log_of(copy)).await?;
        }
    }
    for mut lock in locks {
        lock.execute("ROLLBACK").await?;
        lock.close().await?;
    }
    for (_, copy) in files {
        settle(copy).await?;
    }
    Ok(())
}

/// Brings a copy's log into the file, which is all there is of it then.
async fn settle(copy: &Path) -> sqlx::Result<()> {
    let mut connection = SqliteConnection::connect_with(&options(copy)).await?;
    check(&mut connection, Duration::MAX).await?;
    connection.close().await?;
    fs::File::open(copy).await?.sync_all().await?;
    Ok(())
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(file).journal_mode(SqliteJournalMode::Wal).busy_timeout(LOCK_WITHIN)
}

fn log_of(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push("-wal");
    name.into()
}
