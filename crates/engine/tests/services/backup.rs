//! The commands of docs/BACKUP.md for `PostgreSQL`, over an engine at work.

use std::{fs, path::Path, process::Command};

use testkit::{PostgresServer, eventually};

use crate::support::Services;

/// The blocks of commands after the page's heading about `PostgreSQL`.
fn commands() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/BACKUP.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, page) = page.split_once("## PostgreSQL").unwrap();
    let blocks = page.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap().to_owned());
    blocks.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_of_a_busy_database_is_restored_and_goes_on() {
    let (first, second) = (PostgresServer::start().await, PostgresServer::start().await);
    let folder = tempfile::tempdir().unwrap();
    let [dump, restore] = commands().try_into().unwrap();
    let run = |commands: &str, database_url: &str, restored_url: &str| {
        let mut shell = Command::new("bash");
        shell.args(["-euc", commands]).current_dir(folder.path());
        let ran = shell.env("DATABASE_URL", database_url).env("RESTORED_URL", restored_url).output().unwrap();
        assert!(ran.status.success(), "{commands}: {}", String::from_utf8_lossy(&ran.stderr));
    };
    let services = Services::over(&first).await;
    let slow = [("SIM_LANDING_MIN_MS", "200"), ("SIM_LANDING_MAX_MS", "400"), ("SIM_PRESET", "ideal")];
    let (api, worker) = (services.api(&slow).await, services.worker(&slow).await);
    let mut ids = Vec::new();
    for number in 0..20 {
        ids.push(api.place(&format!("before-{number}")).await);
    }
    run(&dump, &services.database_url, "");
    let later = api.place("later").await;
    assert_eq!(api.follow(&later).await.last().unwrap()["status"], "confirmed");
    drop((api, worker));

    let restored_url = second.url().replace("/postgres", "/restored").replace("//restored", "//postgres");
    run(&restore, &second.url(), &restored_url);
    let restored = Services { database_url: restored_url, redis: services.redis };
    let (api, worker) = (restored.api(&slow).await, restored.worker(&slow).await);
    for id in &ids {
        assert_eq!(api.follow(id).await.last().unwrap()["status"], "confirmed");
    }
    let http = testkit::tls::http_client();
    let order = http.get(format!("http://127.0.0.1:{}/api/orders/{later}", api.port)).send().await.unwrap();
    assert_eq!(order.status(), 404, "it came after the dump");
    let newest = api.place("after").await;
    assert_eq!(api.follow(&newest).await.last().unwrap()["status"], "confirmed");
    eventually("the queue is empty", async || api.health().await["queueDepth"] == 0).await;
    drop((api, worker));
    let found = restored.check();
    assert!(found.0, "{}", found.1);
}
