//! `engine cancel`, and orders that expire.

use serde_json::Value;

use crate::support::Engine;

/// Orders that no quote satisfies wait for their next attempt for as long as anybody likes.
const PATIENT: [&str; 6] = ["--max-attempts", "10", "--retry-base-ms", "600000", "--retry-cap-ms", "3600000"];

async fn placed(engine: &Engine, tag: &str) -> String {
    let body = serde_json::json!({
        "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "minAmountOut": "1000000", "tag": tag,
    });
    let http = testkit::tls::http_client();
    let placed = http.post(format!("{}/api/orders/execute", engine.url)).json(&body).send().await.unwrap();
    placed.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_canceled_by_id_tag_pair_and_all() {
    let engine = Engine::start(&PATIENT);
    let by_id = placed(&engine, "a").await;
    let canceled = engine.ask(&["cancel", &by_id]);
    assert_eq!((canceled.status, &*canceled.output), (0, &*format!("{by_id}  canceled\n")), "{canceled:?}");
    assert_eq!(engine.ask(&["cancel", &by_id]).status, 0, "it is canceled");
    let watched = engine.ask(&["watch", &by_id]);
    assert_eq!(watched.status, 1, "it did not confirm");
    assert!(
        watched.output.lines().last().unwrap().contains("canceled   the last attempt failed"),
        "{watched:?}"
    );
    let explained = engine.ask(&["explain", &by_id]);
    assert_eq!(explained.status, 0, "{explained:?}");

    let tagged = placed(&engine, "grid").await;
    let by_tag = engine.ask(&["cancel", "--tag", "grid"]);
    assert!(by_tag.output.starts_with(&tagged), "{by_tag:?}");
    let of_pair = placed(&engine, "b").await;
    let other = engine.ask(&["cancel", "--pair", "JUP/USDC"]);
    assert_eq!((other.status, &*other.output), (0, "no order to cancel\n"));
    let by_pair = engine.ask_json(&["cancel", "--pair", "USDC/SOL"]);
    assert_eq!(by_pair[0]["results"][0]["orderId"], of_pair.as_str());
    let last = placed(&engine, "c").await;
    assert!(engine.ask(&["cancel", "--all"]).output.starts_with(&last));

    let unknown = testkit::samples::order_id().to_string();
    let refused = engine.ask(&["cancel", &unknown]);
    assert_eq!((refused.status, &*refused.output), (1, &*format!("{unknown}  not found\n")));
    for wrong in [&["cancel"][..], &["cancel", &unknown, "--all"], &["cancel", "--pair", "SOL"]] {
        assert_eq!(engine.ask(wrong).status, 2, "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_the_command_line_expires() {
    let engine = Engine::start(&PATIENT);
    let terms = ["submit", "--in", "SOL", "--out", "USDC", "--amount-in", "1"];
    let bounded = [&terms[..], &["--min-amount-out", "1000000", "--expires-in", "1"]].concat();
    let submitted = engine.ask(&bounded);
    assert_eq!(submitted.status, 1, "{submitted:?}");
    let last = submitted.output.lines().last().unwrap();
    assert!(last.contains("expired    the last attempt failed: the best quote gives"), "{last}");
    let wrong = engine.ask(&[&terms[..], &["--expires-at", "tomorrow"]].concat());
    assert!(
        wrong.status == 2 && wrong.complaint.contains("--expires-at must be an RFC 3339 time"),
        "{wrong:?}"
    );
    let past = engine.ask(&[&terms[..], &["--expires-at", "2020-01-01T00:00:00+01:00"]].concat());
    assert!(
        past.status == 1
            && past.output.lines().last().unwrap().contains("expired    before anything was submitted"),
        "{past:?}"
    );
}
