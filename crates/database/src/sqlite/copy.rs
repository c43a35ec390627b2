//! Copies of files that are in use.

use std::{
    ffi::OsString,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sqlx::{
    Connection, Executor, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use tokio::task::spawn_blocking;

use super::check;

/// How long a copy waits for a write that is under way.
const LOCK_WITHIN: Duration = Duration::from_secs(30);

/// Copies `files`, pairs of a file and the place of its copy, as they are at one moment, also while other
/// processes use them. Returns what `moment` says at that moment. Writers wait while the logs are copied, and
/// readers not at all. The copies are checked for damage.
///
/// # Errors
/// When a file is damaged, cannot be read or not be copied.
pub async fn copy_together<T>(files: &[(PathBuf, PathBuf)], moment: impl FnOnce() -> T) -> sqlx::Result<T> {
    // Opened before the first connection and closed after the last: closing any handle of a file takes away
    // all locks that this process has on it.
    let mut handles = Vec::new();
    for (file, _) in files {
        handles.push(Arc::new(File::open(file)?));
    }
    let (mut readers, mut writers) = (Vec::new(), Vec::new());
    for (file, _) in files {
        // From now on the log only grows: what a checkpoint brings into the file meanwhile stays in the log.
        let mut reader = SqliteConnection::connect_with(&options(file)).await?;
        reader.execute("BEGIN").await?;
        reader.fetch_one("SELECT count(*) FROM sqlite_schema").await?;
        readers.push(reader);
    }
    for (handle, (_, copy)) in handles.iter().zip(files) {
        copy_all(handle.clone(), copy).await?;
    }
    for (file, _) in files {
        let mut writer = SqliteConnection::connect_with(&options(file)).await?;
        writer.execute("BEGIN IMMEDIATE").await?;
        writers.push(writer);
    }
    let moment = moment();
    for (file, copy) in files {
        if log_of(file).try_exists()? {
            copy_all(Arc::new(File::open(log_of(file))?), &log_of(copy)).await?;
        }
    }
    for mut connection in writers.into_iter().chain(readers) {
        connection.execute("ROLLBACK").await?;
        connection.close().await?;
    }
    drop(handles);
    for (_, copy) in files {
        settle(copy).await?;
    }
    Ok(moment)
}

/// Copies what is left of an open file.
async fn copy_all(from: Arc<File>, to: &Path) -> sqlx::Result<()> {
    let to = to.to_owned();
    let copied = spawn_blocking(move || io::copy(&mut &*from, &mut File::create(to)?));
    copied.await.map_err(io::Error::other)??;
    Ok(())
}

/// Brings a copy's log into the file, which is all there is of it then.
async fn settle(copy: &Path) -> sqlx::Result<()> {
    let mut connection = SqliteConnection::connect_with(&options(copy)).await?;
    check(&mut connection, Duration::MAX).await?;
    connection.close().await?;
    File::open(copy)?.sync_all()?;
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
