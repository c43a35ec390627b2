//! `engine backup` and `engine restore`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use testkit::{eventually, sse::SseParser, tls::http_client};

use crate::support::{Engine, Ran, program, run};

/// What is stored breaks no promise; `check` comes with the tests of reliability.
fn check(data_dir: &Path, arguments: &[&str]) -> Ran {
    let checker = PathBuf::from(env!("CARGO_BIN_EXE_engine")).with_file_name("check");
    assert!(checker.exists(), "check is not built; run cargo build --workspace --bins");
    let mut checker = Command::new(checker);
    checker.args(arguments).env_remove("DATABASE_URL").env_remove("REDIS_URL").env("DATA_DIR", data_dir);
    checker.output().unwrap().into()
}

fn engine(command: &str, backup: &Path, data_dir: &Path, arguments: &[&str]) -> Ran {
    let mut command = program(&[command]);
    command.arg(backup).args(["--json", "--data-dir"]).arg(data_dir).args(arguments);
    command.output().unwrap().into()
}

async fn place(http: &reqwest::Client, url: &str, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let order = json!({ "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "slippageBps": 500 });
        let placed = http.post(format!("{url}/api/orders/execute")).json(&order).send().await.unwrap();
        ids.push(placed.json::<Value>().await.unwrap()["orderId"].as_str().unwrap().to_owned());
    }
    ids
}

async fn open_orders(http: &reqwest::Client, url: &str) -> usize {
    let mut open = 0;
    for status in ["pending", "routing", "building", "submitted"] {
        let asked = http.get(format!("{url}/api/orders?limit=200&status={status}")).send().await;
        open += asked.unwrap().json::<Vec<Value>>().await.unwrap().len();
    }
    open
}

/// The cursor of the event that ends an order.
async fn last_cursor(http: &reqwest::Client, url: &str, id: &str) -> String {
    let asked = http.get(format!("{url}/api/stream?orders={id}")).header("accept", "text/event-stream");
    let mut response = asked.send().await.unwrap();
    let mut parser = SseParser::default();
    loop {
        parser.push(&response.chunk().await.unwrap().unwrap());
        while let Some(sent) = parser.next_event() {
            let data: Value = serde_json::from_str(&sent.data).unwrap_or_default();
            if data["status"] == "confirmed" || data["status"] == "failed" {
                return sent.id;
            }
        }
    }
}

/// A backup of an engine under load is one moment of both files: what is open in it executes once, what had
/// been confirmed has landed.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_is_one_moment_and_goes_on_from_there() {
    let busy = ["--sim-landing-min-ms", "50", "--sim-landing-max-ms", "400", "--retry-base-ms", "50"];
    let (http, engine_under_load) = (http_client(), Engine::start(&busy));
    let url = engine_under_load.url.clone();
    let backups = tempfile::tempdir().unwrap();
    let load = tokio::spawn({
        let (http, url) = (http.clone(), url.clone());
        async move { futures::future::join_all((0..8).map(|_| place(&http, &url, 40))).await.concat() }
    });
    let mut manifests: Vec<Value> = Vec::new();
    while !load.is_finished() || manifests.len() < 3 {
        let backup = backups.path().join(manifests.len().to_string());
        let made = engine("backup", &backup, engine_under_load.data(), &[]);
        assert_eq!(made.status, 0, "{made:?}");
        manifests.push(serde_json::from_str(&made.output).unwrap());
    }
    let placed = load.await.unwrap();
    let listed = http.get(format!("{url}/api/orders?limit=200")).send().await.unwrap();
    assert_eq!(listed.status(), 200, "the engine goes on");
    drop(engine_under_load);

    assert!(manifests.iter().any(|manifest| manifest["openOrders"].as_u64().unwrap() > 0), "{manifests:?}");
    for (number, manifest) in manifests.iter().enumerate() {
        let (backup, restored) = (backups.path().join(number.to_string()), tempfile::tempdir().unwrap());
        let data = restored.path().join("data");
        let output = engine("restore", &backup, &data, &[]);
        assert_eq!(
            (output.status, serde_json::from_str::<Value>(&output.output).ok().as_ref()),
            (0, Some(manifest))
        );
        let found = check(&data, &["--open-orders"]);
        assert_eq!(found.status, 0, "backup {number}: {found:?}");

        let again = Engine::start_over(&data, &busy);
        let known = http.get(format!("{}/api/orders?limit=200", again.url)).send().await.unwrap();
        let known: Vec<Value> = known.json().await.unwrap();
        assert!(known.iter().all(|order| placed.contains(&order["id"].as_str().unwrap().to_owned())));
        eventually("all open orders end", async || open_orders(&http, &again.url).await == 0).await;
        drop(again);
        let found = check(&data, &[]);
        assert_eq!(found.status, 0, "after backup {number} went on: {found:?}");
    }
}

/// A client that was further than the backup is notified, even when the order it follows has since reached the
/// same number of events again.
#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_issued_after_a_backup_is_unknown_once_it_is_restored() {
    let slow = ["--sim-landing-min-ms", "3000", "--sim-landing-max-ms", "3000"];
    let (http, first) = (http_client(), Engine::start(&slow));
    let folder = tempfile::tempdir().unwrap();
    let (backup, data) = (folder.path().join("backup"), folder.path().join("data"));
    let id = place(&http, &first.url, 1).await.remove(0);
    let events = async |url: &str| {
        let asked = http.get(format!("{url}/api/orders/{id}/events")).send().await.unwrap();
        asked.json::<Vec<Value>>().await.unwrap()
    };
    eventually("it is submitted", async || {
        events(&first.url).await.iter().any(|event| event["status"] == "submitted")
    })
    .await;
    assert_eq!(engine("backup", &backup, first.data(), &[]).status, 0);
    eventually("it ends", async || open_orders(&http, &first.url).await == 0).await;
    let last = last_cursor(&http, &first.url, &id).await;
    drop(first);

    assert_eq!(engine("restore", &backup, &data, &[]).status, 0);
    let again = Engine::start_over(&data, &slow);
    eventually("it ends again", async || open_orders(&http, &again.url).await == 0).await;
    let asked = http.get(format!("{}/api/stream?cursor={last}", again.url));
    let mut answered = asked.header("accept", "text/event-stream").send().await.unwrap();
    let first_words = answered.chunk().await.unwrap().unwrap();
    let first_words = String::from_utf8_lossy(&first_words);
    assert!(first_words.contains("cursor_unknown"), "{first_words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_restore_must_be_repeated() {
    let engine_at_work = Engine::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    assert_eq!(engine("backup", &backup, engine_at_work.data(), &[]).status, 0);
    let data = engine_at_work.data().to_owned();
    let _kept = engine_at_work.stop();
    fs::write(data.join("restore-unfinished"), "").unwrap(); // as a kill between two moves leaves it
    let again = folder.path().join("again");
    let served = run(&["serve", "--port", "0", "--data-dir", data.to_str().unwrap()]);
    for refused in [served, engine("backup", &again, &data, &[])] {
        assert!(refused.status == 2 && refused.complaint.contains("was interrupted"), "{refused:?}");
    }
    fs::create_dir(data.join(".partial-killed")).unwrap(); // what it had copied by then
    assert_eq!(engine("restore", &backup, &data, &["--replace"]).status, 0);
    assert!(!data.join(".partial-killed").exists());
    let itself = engine("restore", &data, &data, &["--replace"]);
    assert!(itself.status == 2 && itself.complaint.contains("into itself"), "{itself:?}");
    Engine::start_over(&data, &[]).stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_touches_nothing_it_should_not() {
    let (http, engine_at_work) = (http_client(), Engine::start(&[]));
    place(&http, &engine_at_work.url, 2).await;
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    assert_eq!(engine("backup", &backup, engine_at_work.data(), &[]).status, 0);
    let data = engine_at_work.data().to_owned();
    let in_use = format!("another engine (process {}) uses", engine_at_work.process());
    for (ran, reason) in [
        (engine("backup", &backup, &data, &[]), "exists already"),
        (engine("backup", &folder.path().join("none"), folder.path(), &[]), "has no orders"),
        (engine("restore", &backup, &data, &["--replace"]), &*in_use),
        (engine("restore", folder.path(), &data, &[]), "is not a backup"),
        (engine("restore", &backup, &data, &["--database-url", "postgres://localhost/x"]), "docs/BACKUP.md"),
        (run(&["serve", "--port", "0", "--data-dir", data.to_str().unwrap()]), &*in_use),
    ] {
        assert!(ran.status == 2 && ran.complaint.contains(reason), "{reason}: {ran:?}");
    }
    assert!(!folder.path().join("none").exists());

    place(&http, &engine_at_work.url, 1).await;
    let kept = engine_at_work.stop();
    let refused = engine("restore", &backup, &data, &[]);
    assert!(refused.status == 2 && refused.complaint.contains("--replace"), "{refused:?}");
    let damaged = folder.path().join("damaged");
    fs::create_dir(&damaged).unwrap();
    for file in fs::read_dir(&backup).unwrap().map(|entry| entry.unwrap().path()) {
        fs::copy(&file, damaged.join(file.file_name().unwrap())).unwrap();
    }
    let mut bytes = fs::read(damaged.join("orders.db")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(damaged.join("orders.db"), bytes).unwrap();
    let refused = engine("restore", &damaged, &data, &["--replace"]);
    assert!(
        refused.status == 2 && refused.complaint.contains("not the file that was backed up"),
        "{refused:?}"
    );
    let manifest = fs::read_to_string(damaged.join("backup.json")).unwrap();
    for wrong in [manifest.replace("orders.db", "../orders.db"), manifest.replace("orders.db", "other.db")] {
        fs::write(damaged.join("backup.json"), wrong).unwrap();
        let refused = engine("restore", &damaged, &data, &["--replace"]);
        assert!(refused.status == 2 && refused.complaint.contains("not a whole backup"), "{refused:?}");
    }
    let orders = async |engine: &Engine| {
        let listed = http.get(format!("{}/api/orders", engine.url)).send().await.unwrap();
        listed.json::<Vec<Value>>().await.unwrap().len()
    };
    let unchanged = Engine::start_over(&data, &[]);
    assert_eq!(orders(&unchanged).await, 3, "what was refused changed nothing");
    unchanged.stop();

    assert_eq!(engine("restore", &backup, &data, &["--replace"]).status, 0);
    let restored = Engine::start_over(&data, &[]);
    assert_eq!(orders(&restored).await, 2);
    restored.stop();
    let names = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let replaced = names.into_iter().find(|name| name.starts_with("replaced-")).unwrap();
    let replaced = Engine::start_over(&data.join(replaced), &[]);
    assert_eq!(orders(&replaced).await, 3, "what was replaced is kept");
    drop(kept);
}
