//! The folder of an engine that keeps its orders in `SQLite`.

use std::{
    fs::{self, File, TryLockError},
    io::Write,
    path::{Path, PathBuf},
    process,
};

use anyhow::{Context, bail};

/// A data folder that this process alone uses.
#[derive(Debug)]
pub struct DataDir {
    /// Unlocked by the system when the process ends, however it ends.
    _lock: File,
    is_exclusive: bool,
}

impl DataDir {
    /// Takes a folder, which is created if it does not exist, and leaves the id of this process in it.
    ///
    /// # Errors
    /// When another process has it, or it cannot be written.
    pub fn lock(folder: &Path) -> anyhow::Result<Self> {
        let shown = folder.display();
        fs::create_dir_all(folder).with_context(|| format!("cannot create {shown}"))?;
        let path = folder.join("engine.lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&path);
        let mut lock = lock.with_context(|| format!("cannot write to {shown}"))?;
        let is_exclusive = match lock.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(&path).unwrap_or_default();
                let holder = holder.trim().parse::<u32>().map(|process| format!(" (process {process})"));
                let holder = holder.unwrap_or_default();
                bail!("another engine{holder} uses {shown}: stop it, or choose another DATA_DIR")
            }
            Err(TryLockError::Error(error)) => {
                tracing::warn!(%error, folder = %shown, "cannot be locked: start no second engine over it");
                false
            }
        };
        // for people only: on a full disk an engine starts without
        let _ = lock.set_len(0).and_then(|()| writeln!(lock, "{}", process::id()));
        Ok(Self { _lock: lock, is_exclusive })
    }

    /// Whether the file system keeps other processes out.
    pub fn is_exclusive(&self) -> bool {
        self.is_exclusive
    }
}

/// Exists while a restore moves files.
pub(crate) fn restore_marker(folder: &Path) -> PathBuf {
    folder.join("restore-unfinished")
}

/// Fails if a restore was killed between moving two files: orders without their simulated chain would execute
/// again.
///
/// # Errors
/// When the folder's files may be of two moments.
pub fn refuse_half_restored(folder: &Path) -> anyhow::Result<()> {
    if restore_marker(folder).exists() {
        bail!(
            "a restore into {} was interrupted: run engine restore --replace again before using it",
            folder.display()
        );
    }
    Ok(())
}

/// Where orders and events are in a data folder.
pub fn orders(folder: &Path) -> PathBuf {
    folder.join("orders.db")
}

/// Where the price history is in a data folder. Backups leave it out.
pub fn prices(folder: &Path) -> PathBuf {
    folder.join("prices.db")
}

/// Where the simulated chain is in a data folder.
pub fn simulated_chain(folder: &Path) -> PathBuf {
    folder.join("simulated-chain.db")
}
