use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

/// The migrator of migrations that are part of the program: names, such as `0001_orders`, and their SQL.
///
/// # Panics
/// When a name does not begin with a version.
pub fn migrator(files: &[(&str, &'static str)]) -> Migrator {
    let migrations = files.iter().map(|(name, sql)| {
        let (version, description) =
            name.split_once('_').expect("a version, an underscore and a description");
        let version = version.parse().expect("the version is a number");
        let description = description.replace('_', " ");
        Migration::new(version, description.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// The migrator of files in a folder relative to the crate's own, in order. Not `SQLx`' macro, for the reason given at
/// [`from_row`](crate::from_row).
#[macro_export]
macro_rules! migrations {
    ($folder:literal, [$($name:literal),+ $(,)?]) => {
        $crate::migrator(&[$((
            $name,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $folder, "/", $name, ".sql")),
        )),+])
    };
}
