//! Lists: filters, pages, forms.

use testkit::tls::http_client;

use crate::{
    RICH, SMALL, TOO_LARGE,
    support::{Engine, id_of},
};

fn count(engine: &Engine, arguments: &[&str]) -> usize {
    let listed = engine.ask_json(&[&["orders"], arguments].concat());
    listed[0].as_array().unwrap_or_else(|| panic!("{arguments:?}: {listed:?}")).len()
}

#[test]
fn orders_are_found_by_every_filter() {
    let engine = Engine::start(&RICH);
    let own = [&SMALL[..], &["--client-order-id", "mine", "--tag", "grid"]].concat();
    let id = id_of(&engine.ask(&own));
    engine.ask(&["submit", "--in", "USDC", "--out", "JUP", "--amount-in", "5"]);
    engine.ask(&TOO_LARGE);
    engine.ask(&["wallet", "open", "other"]);
    for (arguments, expected) in [
        (&["--pair", "USDC/SOL"][..], 2),
        (&["--token-in", "SOL"], 2),
        (&["--token-out", "JUP"], 1),
        (&["--client-order-id", "mine"], 1),
        (&["--tag", "grid"], 1),
        (&["--wallet", "default"], 3),
        (&["--wallet", "other"], 0),
        (&["--failure-code", "insufficient_liquidity"], 1),
        (&["--since", "1h"], 3),
        (&["--since", "2026-01-01T00:00:00Z", "--until", "1h ago"], 0),
        (&["--search", &id[28..]], 1),
        (&["--search", "JUP"], 1),
        (&["--sort", "duration", "--order", "asc", "--limit", "2"], 2),
        (&["--cursor", &id[28..]], 0),
    ] {
        assert_eq!(count(&engine, arguments), expected, "{arguments:?}");
    }
    let of_venues = ["raydium", "meteora"].map(|venue| count(&engine, &["--venue", venue]));
    assert!(of_venues.iter().sum::<usize>() >= 2, "{of_venues:?}");
    for (wrong, reason) in [
        (&["--since", "yesterday"][..], "--since yesterday: must be a time such as"),
        (&["--failure-code", "bad_luck"], "--failure-code bad_luck: must be one of"),
        (&["--venue", "nowhere"], "venue must be one of "),
        (&["--wallet", "nope"], "no wallet has the id or the name nope; see engine wallet list"),
        (&["--csv", "--json"], "cannot be used with"),
    ] {
        let refused = engine.ask(&[&["orders"], wrong].concat());
        assert!(refused.status == 2 && refused.complaint.contains(reason), "{refused:?}");
    }
}

#[test]
fn all_pages_are_followed_in_every_form() {
    let engine = Engine::start(&[]);
    let ids: Vec<String> = (0..3).map(|_| id_of(&engine.ask(&SMALL))).collect();
    let page = engine.ask(&["orders", "--limit", "1"]);
    let hint = format!("There may be more: --all, or --cursor {}", ids[2]);
    assert!(page.complaint.contains(&hint), "{page:?}");
    let page = engine.ask(&["orders", "--limit", "1", "--json"]);
    assert!(page.output.contains(&ids[2]) && page.complaint.contains(&hint), "{page:?}");
    let table = engine.ask(&["orders", "--limit", "1", "--all"]);
    assert!(
        ids.iter().all(|id| table.output.contains(id)) && !table.complaint.contains("more:"),
        "{table:?}"
    );
    let json = engine.ask(&["orders", "--limit", "1", "--all", "--json"]).output;
    let json: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(
        json.iter().map(|order| order["id"].as_str().unwrap()).collect::<Vec<_>>(),
        [&ids[2], &ids[1], &ids[0]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn comma_separated_values_are_the_export_of_the_api() {
    let engine = Engine::start(&[]);
    let ids: Vec<String> = (0..25).map(|_| id_of(&engine.ask(&SMALL))).collect();
    engine.ask(&[&SMALL[..], &["--tag", "=1+1"]].concat());
    for (filter, query) in [
        (&[][..], ""),
        (&["--pair", "SOL/USDC", "--status", "confirmed"], "&pair=SOL/USDC&status=confirmed"),
        (&["--tag", "=1+1"], "&tag=%3D1%2B1"),
    ] {
        let csv = engine.ask(&[&["orders", "--csv"], filter].concat());
        let export = format!("{}/api/orders/export?format=csv{query}", engine.url);
        let exported = http_client().get(export).send().await.unwrap().text().await.unwrap();
        assert_eq!((csv.status, &csv.output), (0, &exported), "{filter:?}");
        assert_eq!(csv.output.contains(&ids[0]), !filter.contains(&"--tag"), "all of them: {csv:?}");
    }
    let refused = engine.ask(&["orders", "--csv", "--limit", "5"]);
    assert!(refused.status == 2 && refused.complaint.contains("cannot be used with"), "{refused:?}");
}

#[test]
fn tokens_venues_and_events_are_listed() {
    let engine = Engine::start(&[]);
    let id = id_of(&engine.ask(&SMALL));
    assert!(engine.ask(&["tokens"]).output.contains("So11111111111111111111111111111111111111112"));
    assert_eq!(engine.ask_json(&["tokens"])[0][0]["symbol"], "SOL");
    assert!(engine.ask(&["venues"]).output.contains("Meteora"));
    assert_eq!(engine.ask_json(&["venues"])[0].as_array().unwrap().len(), 2);
    let events = engine.ask(&["events", &id]);
    assert_eq!((events.status, events.output.lines().count()), (0, 6), "{events:?}");
    let rest = engine.ask_json(&["events", &id, "--after", "4"]);
    assert_eq!(rest[0].as_array().unwrap().iter().map(|event| &event["seq"]).collect::<Vec<_>>(), [5, 6]);
}

#[test]
fn settings_in_force_are_shown_with_their_source_and_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "MAX_ATTEMPTS=5\nLEASE_MS=9000\nMAX_ATEMPTS=7\n").unwrap();
    std::fs::write(folder.path().join("url"), "redis://:s3cret@h").unwrap();
    let run = |arguments: &[&str]| -> crate::support::Ran {
        let mut command = crate::support::program(&[&["config", "--port", "4000"], arguments].concat());
        command.current_dir(folder.path()).env("LEASE_MS", "8000").env("REDIS_URL_FILE", "url");
        command.env("DATABASE_URL", "postgres://me:s3cret@h/x").output().unwrap().into()
    };
    let shown = run(&[]);
    let words = shown.output.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let lines: Vec<String> = words.collect();
    for line in [
        "MAX_ATTEMPTS 5 .env",
        "LEASE_MS 8000 environment",
        "PORT 4000 flag",
        "HOST 127.0.0.1 default",
        "PUBLIC_URL - -",
        "DATABASE_URL (hidden) environment",
        "REDIS_URL (hidden) file",
    ] {
        assert!(lines.iter().any(|shown| shown == line), "{line}: {shown:?}");
    }
    let hint = "MAX_ATEMPTS is not a setting; did you mean MAX_ATTEMPTS?";
    assert!(shown.complaint.contains(hint), "{shown:?}");
    let json = run(&["--json"]).output;
    assert!(json.contains(r#"{"name":"MAX_ATTEMPTS","source":".env","value":"5"}"#), "{json}");
    assert!(!format!("{shown:?}{json}").contains("s3cret"));
}
