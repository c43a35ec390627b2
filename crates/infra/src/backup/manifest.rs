//! The manifest of a backup.

use std::{fs::File, io, path::Path};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data_dir;

/// The name of the manifest's file.
const FILE: &str = "backup.json";

/// Key figures of a backup, and the checksums of its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The version of the engine that made it.
    pub version: String,
    /// The moment it was taken, RFC 3339.
    pub created_at: String,
    pub orders: u64,
    /// Orders that had not ended. The name in the file is that of earlier versions.
    #[serde(rename = "openOrders")]
    pub unfinished_orders: u64,
    pub files: Vec<FileEntry>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name, without a folder.
    pub name: String,
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

impl FileEntry {
    /// Describes a file.
    pub(super) fn of(folder: &Path, name: &str) -> anyhow::Result<Self> {
        let path = folder.join(name);
        let mut digest = Sha256::new();
        let read = File::open(&path).and_then(|mut file| io::copy(&mut file, &mut digest));
        let bytes = read.with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self { name: name.to_owned(), bytes, sha256: format!("{:x}", digest.finalize()) })
    }
}

impl Manifest {
    /// Reads the manifest of a backup.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(folder.join(FILE));
        let text = text.with_context(|| format!("{} is not a backup", folder.display()))?;
        let manifest: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} cannot be read", folder.join(FILE).display()))?;
        let names: Vec<_> = manifest.files.iter().map(|entry| Path::new(&entry.name).to_owned()).collect();
        let (orders, chain) = (data_dir::orders(Path::new("")), data_dir::simulated_chain(Path::new("")));
        if names != [orders.clone()] && names != [orders, chain] {
            bail!("{} is not a whole backup", folder.display());
        }
        Ok(manifest)
    }

    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let file = File::create(folder.join(FILE)).context("cannot write the backup")?;
        serde_json::to_writer_pretty(&file, self)?;
        file.sync_all().context("cannot write the backup")
    }

    /// Whether the files in a folder are those of the backup.
    pub(super) fn verify(&self, folder: &Path) -> anyhow::Result<()> {
        for entry in &self.files {
            if FileEntry::of(folder, &entry.name)? != *entry {
                bail!("{} is not the file that was backed up", folder.join(&entry.name).display());
            }
        }
        Ok(())
    }
}
