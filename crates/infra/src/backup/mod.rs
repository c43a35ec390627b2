//! Backups of an engine that keeps its orders in `SQLite`: orders and the simulated chain at one
//! moment. Taken at different moments, they could execute an order twice or make a landing disappear.

mod manifest;

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail, ensure};
use database::sqlite::copy_together;
use domain::{Timestamp, ports::Clock};
use sqlx::{
    AssertSqlSafe, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use tempfile::TempDir;

pub use self::manifest::{FileEntry, Manifest};
use crate::{
    data_dir::{self, DataDir},
    diagnosis::{self, Migrations},
    store::ACTIVE,
};

/// More positions of the feed than an engine writes between a backup and its restore, and few enough for two
/// thousand million restores.
const POSITIONS_SKIPPED: i64 = 1 << 32;

/// Backs a data folder up into `target`, a new folder, also while an engine uses it. `target` exists when
/// it is complete, or not at all.
///
/// # Errors
/// When there is nothing to back up, something cannot be read or written, or `target` exists.
pub async fn create(data_dir: &Path, target: &Path, clock: &dyn Clock) -> anyhow::Result<Manifest> {
    let orders = data_dir::orders(data_dir);
    ensure!(orders.exists(), "{} has no orders", data_dir.display());
    data_dir::refuse_half_restored(data_dir)?;
    ensure!(is_free(target), "{} exists already", target.display());
    let parent = parent(target);
    fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    let staging = staging(parent)?;
    let files = [orders, data_dir::simulated_chain(data_dir)];
    let names: Vec<OsString> =
        files.iter().filter(|file| file.exists()).filter_map(|file| name(file)).collect();
    let pairs: Vec<_> = names.iter().map(|name| (data_dir.join(name), staging.path().join(name))).collect();
    let created_at = copy_together(&pairs, || clock.now()).await.context("cannot copy the data")?;
    let manifest = describe(staging.path(), &names, created_at).await?;
    manifest.write(staging.path())?;
    sync(staging.path())?;
    fs::rename(staging.path(), target).with_context(|| format!("cannot create {}", target.display()))?;
    let _ = staging.keep(); // it is the backup now
    sync(parent)?;
    Ok(manifest)
}

/// Puts a backup into a data folder that no engine uses. With `replace`, files that are there are moved into
/// a folder beside the new ones.
///
/// # Errors
/// When `source` is not a whole backup that this version can read, the folder is in use, or has data that is
/// not to be replaced. The folder is then unchanged.
pub async fn restore(
    source: &Path,
    data_dir: &Path,
    replace: bool,
    clock: &dyn Clock,
) -> anyhow::Result<Manifest> {
    let is_same =
        source.canonicalize().ok().is_some_and(|source| data_dir.canonicalize().ok() == Some(source));
    ensure!(!is_same, "a backup cannot be restored into itself: choose another --data-dir");
    let manifest = Manifest::read(source)?;
    let lock = DataDir::lock(data_dir)?;
    ensure!(
        lock.is_exclusive(),
        "{} cannot be locked on this file system: restore elsewhere",
        data_dir.display()
    );
    remove_leftovers(data_dir)?;
    let old = old_files(data_dir)?;
    if !old.is_empty() && !replace {
        bail!("{} already contains data: choose another --data-dir, or pass --replace", data_dir.display());
    }
    let staging = staging(data_dir)?;
    for entry in &manifest.files {
        let (from, to) = (source.join(&entry.name), staging.path().join(&entry.name));
        fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    manifest.verify(staging.path())?;
    if let Migrations::Newer(_) | Migrations::Broken(_) = diagnosis::sqlite(staging.path()).await? {
        bail!("{} was made by another version of the engine ({})", source.display(), manifest.version);
    }
    void_later_cursors(&data_dir::orders(staging.path())).await?;
    for entry in &manifest.files {
        File::open(staging.path().join(&entry.name))?.sync_all()?;
    }
    let kept = data_dir.join(format!("replaced-{}", clock.now().unix_micros()));
    if !old.is_empty() {
        fs::create_dir(&kept).with_context(|| format!("cannot create {}", kept.display()))?;
    }
    let mut moves: Vec<_> =
        old.into_iter().map(|file| (file.clone(), kept.join(file.file_name().unwrap_or_default()))).collect();
    // The orders come last: without them the chain is of no consequence.
    for entry in manifest.files.iter().rev() {
        moves.push((staging.path().join(&entry.name), data_dir.join(&entry.name)));
    }
    // If this process dies between two moves, no engine may start over half of the files.
    let marker = data_dir::restore_marker(data_dir);
    File::create(&marker)?.sync_all()?;
    sync(data_dir)?;
    let outcome = move_all(&moves);
    if let Ok(()) | Err(MoveError { undone: true, .. }) = outcome {
        sync(data_dir)?;
        fs::remove_file(&marker).with_context(|| format!("cannot remove {}", marker.display()))?;
    }
    outcome.map(|()| manifest).map_err(|MoveError { from, to, error, .. }| {
        anyhow!(error).context(format!("cannot move {} to {}", from.display(), to.display()))
    })
}

/// Makes every cursor issued after the backup unknown. Without this gap an order that continues could write
/// another event at the position and sequence number that such a cursor names, and its client would miss what
/// came before.
async fn void_later_cursors(orders: &Path) -> anyhow::Result<()> {
    let options = SqliteConnectOptions::new().filename(orders).journal_mode(SqliteJournalMode::Delete);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::query(
        "UPDATE order_events SET position = position + $1
         WHERE position = (SELECT max(position) FROM order_events)",
    )
    .bind(POSITIONS_SKIPPED)
    .execute(&mut connection)
    .await
    .context("cannot prepare the restored orders")?;
    Ok(connection.close().await?)
}

struct MoveError {
    from: PathBuf,
    to: PathBuf,
    error: io::Error,
    /// Every file that had been moved is back in its place.
    undone: bool,
}

/// Moves all files, or none if possible.
fn move_all(moves: &[(PathBuf, PathBuf)]) -> Result<(), MoveError> {
    for (done, (from, to)) in moves.iter().enumerate() {
        if let Err(error) = fs::rename(from, to) {
            let mut undone = true;
            for (from, to) in moves[..done].iter().rev() {
                undone &= fs::rename(to, from).is_ok();
            }
            return Err(MoveError { from: from.clone(), to: to.clone(), error, undone });
        }
    }
    Ok(())
}

async fn describe(folder: &Path, names: &[OsString], created_at: Timestamp) -> anyhow::Result<Manifest> {
    let options =
        SqliteConnectOptions::new().filename(data_dir::orders(folder)).read_only(true).immutable(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let sql = format!("SELECT count(*), count(*) FILTER (WHERE {ACTIVE}) FROM orders");
    let (orders, unfinished_orders): (i64, i64) =
        sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut connection).await?;
    connection.close().await?;
    let files = names.iter().map(|name| FileEntry::of(folder, &name.to_string_lossy()));
    Ok(Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        created_at: created_at.to_string(),
        orders: u64::try_from(orders)?,
        unfinished_orders: u64::try_from(unfinished_orders)?,
        files: files.collect::<anyhow::Result<_>>()?,
    })
}

/// The files of an engine in a folder, with what belongs to them.
fn old_files(data_dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let names = [data_dir::orders(data_dir), data_dir::simulated_chain(data_dir)];
    let names: Vec<_> = names.iter().filter_map(|file| name(file)).collect();
    let mut found = Vec::new();
    for entry in fs::read_dir(data_dir).with_context(|| format!("cannot read {}", data_dir.display()))? {
        let entry = entry?;
        let is_ours =
            |name: &OsString| entry.file_name().to_string_lossy().starts_with(&*name.to_string_lossy());
        if names.iter().any(is_ours) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn is_free(folder: &Path) -> bool {
    fs::read_dir(folder).map_or(!folder.exists(), |mut entries| entries.next().is_none())
}

/// Removes what a killed restore had copied. Nobody else uses the folder.
fn remove_leftovers(data_dir: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(data_dir).with_context(|| format!("cannot read {}", data_dir.display()))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(STAGING_PREFIX) {
            let path = entry.path();
            fs::remove_dir_all(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// The folder that files are copied to before they are moved to their places.
const STAGING_PREFIX: &str = ".partial-";

fn staging(parent: &Path) -> anyhow::Result<TempDir> {
    let made = tempfile::Builder::new().prefix(STAGING_PREFIX).tempdir_in(parent);
    made.with_context(|| format!("cannot write to {}", parent.display()))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn name(path: &Path) -> Option<OsString> {
    path.file_name().map(OsString::from)
}

/// Makes renames durable.
fn sync(folder: &Path) -> anyhow::Result<()> {
    File::open(folder)?.sync_all().with_context(|| format!("cannot write to {}", folder.display()))
}
