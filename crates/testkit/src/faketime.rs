//! A wall clock for one process, which is set while it runs. `libfaketime` moves the wall clock and leaves the
//! monotonic one alone.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// The wall clock of the processes that are started with it.
pub struct FakeTime {
    folder: TempDir,
}

impl FakeTime {
    /// A clock that is right.
    ///
    /// # Panics
    /// When its file cannot be written.
    pub fn new() -> Self {
        let clock = Self { folder: tempfile::tempdir().unwrap() };
        clock.set(0);
        clock
    }

    /// Gives a program this clock.
    ///
    /// # Panics
    /// When `libfaketime` is not installed.
    pub fn give_to<'a>(&self, program: &'a mut Command) -> &'a mut Command {
        program
            .env("LD_PRELOAD", library().expect("libfaketime is not installed; run ./scripts/test.sh"))
            .env("FAKETIME_TIMESTAMP_FILE", self.folder.path().join("offset"))
            .env("FAKETIME_NO_CACHE", "1") // a step is noticed at once
            .env("DONT_FAKE_MONOTONIC", "1")
    }

    /// Sets it to so many seconds after the right time.
    ///
    /// # Panics
    /// When its file cannot be written.
    pub fn set(&self, seconds: i64) {
        // In one move, so that nothing reads half of it.
        let next = self.folder.path().join("offset.next");
        fs::write(&next, format!("{seconds:+}s\n")).unwrap();
        fs::rename(next, self.folder.path().join("offset")).unwrap();
    }
}

impl Default for FakeTime {
    fn default() -> Self {
        Self::new()
    }
}

/// Where Debian keeps the library.
fn library() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok);
    folders
        .map(|folder| folder.path().join("faketime/libfaketime.so.1"))
        .find(|library: &PathBuf| Path::exists(library))
}
