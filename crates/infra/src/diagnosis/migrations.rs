use std::collections::HashMap;

use sqlx::migrate::Migrator;

/// The tables compared with the migrations of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrations {
    /// All were run.
    Current,
    /// This many are to be run, which the next start does.
    Pending(usize),
    /// One was run with another text, or did not finish.
    Broken(i64),
    /// It has one that this program does not know, so a newer one has run.
    Newer(i64),
}

/// A migration as recorded in a database: its version, its checksum, and whether it finished.
pub(super) const RUN: &str = "SELECT version, checksum, success FROM _sqlx_migrations";

/// A row of [`RUN`].
pub(super) type RunRow = (i64, Vec<u8>, bool);

impl Migrations {
    /// Compares those that were run with those of this program.
    pub(super) fn compare(known: &Migrator, run: Vec<RunRow>) -> Self {
        let run: HashMap<i64, (Vec<u8>, bool)> =
            run.into_iter().map(|(version, checksum, is_whole)| (version, (checksum, is_whole))).collect();
        if let Some(newer) = run.keys().filter(|run| known.iter().all(|known| known.version != **run)).max() {
            return Self::Newer(*newer);
        }
        let is_broken = |version, checksum: &[u8]| {
            run.get(&version).is_some_and(|(found, is_whole)| !is_whole || found != checksum)
        };
        match known.iter().find(|known| is_broken(known.version, &known.checksum)) {
            Some(broken) => Self::Broken(broken.version),
            None if run.len() < known.iter().count() => Self::Pending(known.iter().count() - run.len()),
            None => Self::Current,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{POSTGRES_MIGRATIONS as KNOWN, SQLITE_MIGRATIONS};

    #[test]
    fn every_migration_of_the_folders_is_part_of_the_program() {
        for (folder, known) in [("postgres", &*KNOWN), ("sqlite", &*SQLITE_MIGRATIONS)] {
            let path = format!("{}/../../migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
            let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
            let mut files: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
            files.sort_unstable();
            let name = |one: &sqlx::migrate::Migration| {
                format!("{:04}_{}.sql", one.version, one.description.replace(' ', "_"))
            };
            assert_eq!(known.iter().map(name).collect::<Vec<_>>(), files, "migrations/{folder}");
        }
    }

    #[test]
    fn tables_are_compared_with_what_this_program_knows() {
        let all = || -> Vec<RunRow> {
            KNOWN.iter().map(|one| (one.version, one.checksum.to_vec(), true)).collect()
        };
        let compare = |run| Migrations::compare(&KNOWN, run);
        assert_eq!(compare(all()), Migrations::Current);
        assert_eq!(compare(Vec::new()), Migrations::Pending(all().len()));
        assert_eq!(compare(all().split_off(1)), Migrations::Pending(1));
        let newer = (9_999, Vec::new(), true);
        assert_eq!(compare([all(), vec![newer]].concat()), Migrations::Newer(9_999));
        let (version, checksum, _) = all().swap_remove(0);
        for broken in [(version, b"another text".to_vec(), true), (version, checksum, false)] {
            let mut run = all();
            run[0] = broken;
            assert_eq!(compare(run), Migrations::Broken(version));
        }
    }
}
