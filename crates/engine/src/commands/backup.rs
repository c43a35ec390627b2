//! `engine backup FOLDER` and `engine restore FOLDER`, for an engine that keeps its orders in `SQLite`.

use std::process::ExitCode;

use anyhow::ensure;
use infra::{
    backup::{self, Manifest},
    clock::SystemClock,
    config::BackendConfig,
};

use crate::{
    cli::{BackupArgs, Hidden, RestoreArgs},
    output::print,
};

pub(crate) async fn create(args: BackupArgs) -> anyhow::Result<ExitCode> {
    let Hidden(backend) = args.backend;
    refuse_postgres(&backend)?;
    let manifest = backup::create(&backend.data_dir, &args.folder, &SystemClock).await?;
    report(&manifest, args.json, || {
        let Manifest { orders, unfinished_orders, created_at, .. } = &manifest;
        format!(
            "{orders} orders, {unfinished_orders} of them unfinished, as of {created_at}, in {}",
            args.folder.display()
        )
    })
}

pub(crate) async fn restore(args: RestoreArgs) -> anyhow::Result<ExitCode> {
    let Hidden(backend) = args.backend;
    refuse_postgres(&backend)?;
    let data_dir = &backend.data_dir;
    let manifest = backup::restore(&args.folder, data_dir, args.replace, &SystemClock).await?;
    report(&manifest, args.json, || {
        let Manifest { orders, unfinished_orders, created_at, .. } = &manifest;
        format!(
            "{orders} orders, {unfinished_orders} of them unfinished, as of {created_at}, restored to {}\n\
             Later orders are not in it. Unfinished orders continue when the engine next starts.",
            data_dir.display()
        )
    })
}

fn report(manifest: &Manifest, as_json: bool, words: impl FnOnce() -> String) -> anyhow::Result<ExitCode> {
    print(if as_json { serde_json::to_string(manifest)? } else { words() })?;
    Ok(ExitCode::SUCCESS)
}

fn refuse_postgres(backend: &BackendConfig) -> anyhow::Result<()> {
    ensure!(
        backend.database_url.is_none(),
        "this command supports only SQLite, but DATABASE_URL is set: see docs/BACKUP.md for PostgreSQL"
    );
    Ok(())
}
