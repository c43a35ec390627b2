//! Wallets: what is in them, what moves, and what they refuse.

use std::time::Duration;

use domain::{
    AccountId, Amount,
    books::{Balance, WalletId},
};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use testkit::eventually;

use crate::support::{App, problem};

pub(crate) const DEFAULT: &str = "/api/wallets/default";

pub(crate) async fn start() -> App {
    let balances = vec![("SOL".to_owned(), "10".to_owned()), ("USDC".to_owned(), "1000".to_owned())];
    App::start_with(|limits| limits.paper_balances = balances).await
}

pub(crate) async fn send(app: &App, path: &str, body: &Value) -> Response {
    app.post(path).json(body).send().await.unwrap()
}

pub(crate) async fn sent(app: &App, path: &str, body: &Value) -> Value {
    let response = send(app, path, body).await;
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    assert!(status.is_success(), "{path}: {body}");
    body
}

/// Total, held and free of a token.
pub(crate) fn balance(wallet: &Value, token: &str) -> [String; 3] {
    let balances = wallet["balances"].as_array().unwrap();
    let found = balances.iter().find(|balance| balance["token"] == token).unwrap();
    ["total", "held", "free"].map(|part| found[part].as_str().unwrap().to_owned())
}

fn fields(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().unwrap().iter();
    errors.map(|error| (error["field"].as_str().unwrap(), error["code"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn the_default_wallet_begins_with_the_paper_balances() {
    let app = start().await;
    let wallets = app.read("/api/wallets").await;
    assert_eq!(wallets.as_array().unwrap().len(), 1);
    let wallet = &wallets[0];
    assert_eq!(
        (&wallet["name"], &wallet["kind"], &wallet["epoch"]),
        (&json!("default"), &json!("paper"), &json!(0))
    );
    assert_eq!(wallet["id"], WalletId::default_of(AccountId::DEFAULT).to_string());
    assert_eq!(balance(wallet, "SOL"), ["10", "0", "10"]);
    assert_eq!(balance(wallet, "USDC"), ["1000", "0", "1000"]);
    assert_eq!((&wallet["quoteToken"], &wallet["isComplete"]), (&json!("USDC"), &json!(true)));
    assert_eq!(&app.read(DEFAULT).await, wallet);
    assert_eq!(app.read(&format!("/api/wallets/{}", wallet["id"].as_str().unwrap())).await, *wallet);
    let in_sol = app.read("/api/wallets/default?quoteToken=SOL").await;
    assert_eq!((&in_sol["quoteToken"], &in_sol["balances"][0]["value"]), (&json!("SOL"), &json!("10")));
    problem(app.get("/api/wallets/default?quoteToken=NOPE").await, 400, "invalid_query").await;
}

#[tokio::test]
async fn an_order_holds_what_it_may_need_and_settles_what_it_spent() {
    let app = start().await;
    let id = app.placed().await;
    assert_eq!(balance(&app.read(DEFAULT).await, "SOL"), ["10", "1.00412856", "8.99587144"]);

    let mut execution = app.execution(id).await;
    execution.run().await;
    let wallet = app.read(DEFAULT).await;
    assert_eq!(balance(&wallet, "SOL"), ["8.99795072", "0", "8.99795072"]);
    assert_eq!(balance(&wallet, "USDC"), ["1149.327092", "0", "1149.327092"]);
    assert_eq!(app.read(&format!("/api/orders/{id}")).await["walletId"], wallet["id"]);

    let entries = app.read(&format!("/api/orders/{id}/postings")).await;
    let kinds: Vec<Vec<&str>> = entries.as_array().unwrap().iter().map(kinds).collect();
    let settled = ["release", "swap_in", "swap_out", "venue_fee", "network_fee", "rent", "rent_refund"];
    assert_eq!(kinds, [&["hold"][..], &["release", "network_fee"], &settled]);
    let swap_in = &entries[2]["postings"][1];
    assert_eq!(
        (&swap_in["amount"], &swap_in["from"], &swap_in["to"]),
        (&json!("0.998"), &json!("free"), &json!("pool"))
    );
    let rent = [5, 6].map(|place| &entries[2]["postings"][place]);
    assert_eq!(rent.map(|posting| &posting["amount"]), [&json!("0.00407856"), &json!("0.00203928")]);
    assert_eq!((&rent[0]["from"], &rent[0]["to"]), (&json!("free"), &json!("rent")));
    let fill = &app.read(&format!("/api/orders/{id}")).await["fill"];
    assert_eq!(fill["rent"], "0.00203928", "wrapped SOL came back");
    problem(app.get("/api/orders/x/postings").await, 400, "invalid_order_id").await;
}

fn kinds(entry: &Value) -> Vec<&str> {
    let postings = entry["postings"].as_array().unwrap().iter();
    postings.map(|posting| posting["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_order_that_the_wallet_cannot_pay_is_refused_and_leaves_nothing() {
    let app = start().await;
    let too_much = json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "10"});
    let refused = problem(app.execute(&too_much).await, 422, "insufficient_balance").await;
    let shortage = json!([{"token": "SOL", "needed": "10.00412856", "free": "10", "missing": "0.00412856"}]);
    assert_eq!(refused["shortages"], shortage);
    assert_eq!(app.read("/api/orders").await, json!([]));
    assert_eq!(balance(&app.read(DEFAULT).await, "SOL"), ["10", "0", "10"]);

    // a token that the wallet never had
    let jup = json!({"tokenIn": "JUP", "tokenOut": "USDC", "amountIn": "1"});
    let refused = problem(app.execute(&jup).await, 422, "insufficient_balance").await;
    assert_eq!(refused["shortages"], json!([{"token": "JUP", "needed": "1", "free": "0", "missing": "1"}]));
    let mut socket = app.socket("/api/orders/execute").await;
    assert_eq!(socket.next().await["type"], "connected");
    socket.send(&jup).await;
    assert_eq!(socket.next().await["code"], "insufficient_balance");
}

#[tokio::test]
async fn a_repeated_order_is_found_although_the_first_one_holds_all_there_is() {
    let app = start().await;
    let body = json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "9"});
    let place = || app.post("/api/orders/execute").header("idempotency-key", "k").json(&body).send();
    let (first, again) = (place().await.unwrap(), place().await.unwrap());
    assert_eq!((first.status(), again.status()), (StatusCode::CREATED, StatusCode::OK));
    let [first, again]: [Value; 2] = [first.json().await.unwrap(), again.json().await.unwrap()];
    assert_eq!(first["orderId"], again["orderId"]);
    problem(app.execute(&body).await, 422, "insufficient_balance").await;
}

#[tokio::test]
async fn an_order_for_an_exact_amount_out_holds_its_maximum() {
    let app = start().await;
    let with_maximum = json!({"tokenIn": "USDC", "tokenOut": "SOL", "amountOut": "1", "maxAmountIn": "200"});
    assert_eq!(app.execute(&with_maximum).await.status(), StatusCode::CREATED);
    assert_eq!(balance(&app.read(DEFAULT).await, "USDC")[1], "200");

    // the venue asks for a billion base units, and 0.5 % of slippage and 5 % of headroom come on top
    let quoted = json!({"tokenIn": "USDC", "tokenOut": "SOL", "amountOut": "1"});
    let refused = problem(app.execute(&quoted).await, 422, "insufficient_balance").await;
    assert_eq!(refused["shortages"][0]["needed"], "1055.25");
    sent(&app, &format!("{DEFAULT}/deposit"), &json!({"amounts": {"USDC": "300"}})).await;
    assert_eq!(app.execute(&quoted).await.status(), StatusCode::CREATED);
    assert_eq!(balance(&app.read(DEFAULT).await, "USDC")[1], "1255.25");
}

#[tokio::test]
async fn what_is_wrong_with_a_wallet_or_an_amount_is_said_for_each_field() {
    let app = start().await;
    let long = "x".repeat(65);
    for (body, expected) in [
        (json!({}), vec![("name", "missing")]),
        (json!({"name": 1}), vec![("name", "wrong_type")]),
        (json!({"name": " a"}), vec![("name", "malformed")]),
        (json!({"name": "a "}), vec![("name", "malformed")]),
        (json!({"name": "caf\u{e9}"}), vec![("name", "malformed")]),
        (json!({"name": ""}), vec![("name", "malformed")]),
        (json!({"name": long}), vec![("name", "too_long")]),
        (json!({"name": "00000000-0000-0000-0000-000000000001"}), vec![("name", "unsupported")]),
        (json!({"name": "."}), vec![("name", "unsupported")]),
        (json!({"name": ".."}), vec![("name", "unsupported")]),
        (json!({"name": "a", "balances": []}), vec![("balances", "wrong_type")]),
        (json!({"name": "a", "kind": "live"}), vec![("kind", "unknown_field")]),
    ] {
        let refused = problem(send(&app, "/api/wallets", &body).await, 400, "invalid_request").await;
        assert_eq!(fields(&refused), expected, "{body}");
    }
    let most = Amount(Balance::MAX + 1).to_decimal(9);
    for (amounts, expected) in [
        (json!({"SOL": "-1"}), vec![("amounts.SOL", "negative")]),
        (json!({"SOL": "0"}), vec![("amounts.SOL", "zero")]),
        (json!({"SOL": "1e30"}), vec![("amounts.SOL", "too_large")]),
        (json!({"SOL": "18446744073.709551616"}), vec![("amounts.SOL", "too_large")]),
        (json!({"SOL": most}), vec![("amounts.SOL", "too_large")]),
        (
            json!({"SOL": "0.0000000001", "USDC": true}),
            vec![("amounts.SOL", "too_precise"), ("amounts.USDC", "wrong_type")],
        ),
        (json!({"NOPE": "1"}), vec![("amounts.NOPE", "unknown_token")]),
        (json!({"SOL": "1", "sol": "1"}), vec![("amounts.SOL", "duplicate_field")]),
        (json!({}), vec![("amounts", "missing")]),
        (json!("SOL"), vec![("amounts", "wrong_type")]),
    ] {
        for path in ["deposit", "withdraw"] {
            let body = json!({"amounts": amounts});
            let refused = send(&app, &format!("{DEFAULT}/{path}"), &body).await;
            let refused = problem(refused, 400, "invalid_request").await;
            assert_eq!(fields(&refused)[..expected.len()], expected, "{body}");
        }
    }
    assert_eq!(balance(&app.read(DEFAULT).await, "SOL"), ["10", "0", "10"]);
    assert_eq!(app.read("/api/wallets").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn deposits_and_withdrawals_move_money_once() {
    let app = start().await;
    let deposit = |amount: &str| {
        let body = json!({"amounts": {"SOL": amount}});
        app.post(&format!("{DEFAULT}/deposit")).header("idempotency-key", "k").json(&body).send()
    };
    assert!(!deposit("5").await.unwrap().headers().contains_key("idempotency-replayed"));
    let again = deposit("5").await.unwrap();
    assert!(again.headers().contains_key("idempotency-replayed"));
    assert_eq!(balance(&again.json().await.unwrap(), "SOL"), ["15", "0", "15"]);
    problem(deposit("6").await.unwrap(), 409, "idempotency_conflict").await;
    let in_order = async |body: &str| {
        let request = app.post(&format!("{DEFAULT}/deposit")).header("content-type", "application/json");
        request.header("idempotency-key", "two").body(body.to_owned()).send().await.unwrap()
    };
    assert_eq!(in_order(r#"{"amounts": {"SOL": "1", "USDC": "1"}}"#).await.status(), 200);
    let turned = in_order(r#"{"amounts": {"USDC": "1.0", "SOL": "1"}}"#).await;
    assert!(turned.headers().contains_key("idempotency-replayed"), "the order of the tokens says nothing");
    sent(&app, &format!("{DEFAULT}/withdraw"), &json!({"amounts": {"SOL": "1", "USDC": "1"}})).await;

    let body = json!({"amounts": {"SOL": "15.000000001", "USDC": "1"}});
    let refused = send(&app, &format!("{DEFAULT}/withdraw"), &body).await;
    let refused = problem(refused, 422, "insufficient_balance").await;
    assert_eq!(refused["shortages"][0]["missing"], "0.000000001");
    let wallet =
        sent(&app, &format!("{DEFAULT}/withdraw"), &json!({"amounts": {"SOL": "15", "USDC": "1"}})).await;
    assert_eq!((balance(&wallet, "SOL")[0].as_str(), balance(&wallet, "USDC")[0].as_str()), ("0", "999"));

    let most = Amount(Balance::MAX).to_decimal(9);
    sent(&app, &format!("{DEFAULT}/deposit"), &json!({"amounts": {"SOL": most}})).await;
    let one_more = json!({"amounts": {"SOL": "0.000000001"}});
    problem(send(&app, &format!("{DEFAULT}/deposit"), &one_more).await, 422, "balance_too_large").await;
}

#[tokio::test]
async fn the_books_are_listed_in_pages_and_exported_whole() {
    let app = start().await;
    for _ in 0..5 {
        sent(&app, &format!("{DEFAULT}/deposit"), &json!({"amounts": {"SOL": "1"}})).await;
    }
    let mut path = format!("{DEFAULT}/postings?limit=2");
    let mut positions = Vec::new();
    loop {
        let response = app.get(&path).await;
        let link = response.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        let page: Value = response.json().await.unwrap();
        positions.extend(page.as_array().unwrap().iter().map(|entry| entry["position"].as_u64().unwrap()));
        let Some(link) = link else { break };
        path = link[link.find("/api").unwrap()..link.find('>').unwrap()].to_owned();
    }
    assert_eq!(positions.len(), 6);
    assert!(positions.is_sorted_by(|a, b| a > b), "{positions:?}");
    for query in ["limit=0", "limit=501", "cursor=x", "after=1"] {
        problem(app.get(&format!("{DEFAULT}/postings?{query}")).await, 400, "invalid_query").await;
    }

    let export = app.get(&format!("{DEFAULT}/postings/export")).await;
    assert_eq!(export.headers()["content-disposition"], "attachment; filename=\"postings.csv\"");
    let export = export.text().await.unwrap();
    let lines: Vec<&str> = export.lines().collect();
    assert_eq!(lines.len(), 1 + 2 + 5, "{export}");
    assert!(lines[1].starts_with("1,2027-01-15T08:00:00.000000Z,transfer,,,,"), "{}", lines[1]);
    assert!(lines[1].contains(",deposit,SOL,10,outside,free,"), "{}", lines[1]);
    let lines = app.get(&format!("{DEFAULT}/postings/export?format=jsonl")).await.text().await.unwrap();
    let entries: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let Value::Array(mut listed) = app.read(&format!("{DEFAULT}/postings")).await else { panic!() };
    listed.reverse();
    assert_eq!(entries, listed);
}

#[tokio::test]
async fn a_reset_cancels_what_waits_and_replaces_the_balances() {
    let app = start().await;
    let id = app.placed().await;
    app.execution(id).await.run().await;
    let waiting = app.placed().await;
    let path = format!("{DEFAULT}/reset");
    let reset = |balances: Value| app.post(&path).header("idempotency-key", "r").json(&balances).send();
    let wallet = reset(json!({"balances": {"SOL": "3"}})).await.unwrap();
    assert_eq!(wallet.status(), StatusCode::OK);
    let wallet: Value = wallet.json().await.unwrap();
    assert_eq!(
        (balance(&wallet, "SOL"), balance(&wallet, "USDC")[0].as_str()),
        (["3".into(), "0".into(), "3".into()], "0")
    );
    assert_eq!(wallet["epoch"], 1);
    assert_eq!(app.read(&format!("/api/orders/{waiting}")).await["status"], "canceled");
    assert_eq!(app.read(&format!("/api/orders/{id}")).await["status"], "confirmed", "history stays");
    let again = reset(json!({"balances": {"SOL": "3"}})).await.unwrap();
    assert!(again.headers().contains_key("idempotency-replayed"));
    problem(reset(json!({"balances": {"SOL": "4"}})).await.unwrap(), 409, "idempotency_conflict").await;

    let pnl = app.read(&format!("{DEFAULT}/pnl")).await;
    assert_eq!(
        (&pnl["realized"], &pnl["fees"]["total"], &pnl["deposited"]),
        (&json!("0"), &json!("0"), &pnl["value"])
    );
    assert_eq!(pnl["since"], wallet["epochBeganAt"]);
    let refused = send(&app, &format!("{DEFAULT}/reset"), &json!({"balances": {"SOL": "-3"}})).await;
    problem(refused, 400, "invalid_request").await;
    for (epoch, request) in [(2, app.post(&path).json(&json!({}))), (3, app.post(&path))] {
        let wallet: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(wallet["epoch"], epoch);
        let totals = ["SOL", "USDC"].map(|token| balance(&wallet, token)[0].clone());
        assert_eq!(totals, ["10", "1000"]);
    }
    let text = app.post(&path).body("SOL=3").send().await.unwrap();
    problem(text, 415, "unsupported_media_type").await;
    problem(app.post(&format!("{DEFAULT}/deposit")).send().await.unwrap(), 415, "unsupported_media_type")
        .await;
}

#[tokio::test]
async fn a_reset_waits_for_orders_that_are_executed() {
    let app = start().await;
    let id = app.placed().await;
    let mut execution = app.execution(id).await;
    execution.submit().await;
    let (path, body) = (format!("{DEFAULT}/reset"), json!({"balances": {"USDC": "7"}}));
    let reset = send(&app, &path, &body);
    let finish = async {
        eventually("the request to cancel", || async {
            app.read(&format!("/api/orders/{id}")).await["cancelRequestedAt"].is_string()
        })
        .await;
        assert_eq!(app.read(DEFAULT).await["epoch"], 0);
        execution.confirm().await;
    };
    let (reset, ()) = tokio::join!(reset, finish);
    let wallet: Value = reset.json().await.unwrap();
    assert_eq!((balance(&wallet, "USDC")[0].as_str(), &wallet["epoch"]), ("7", &json!(1)));
    assert_eq!(app.read(&format!("/api/orders/{id}")).await["status"], "confirmed");
}

#[tokio::test]
async fn a_reset_gives_up_while_an_order_cannot_end() {
    let app = App::start_with(|limits| limits.reset_within = Duration::from_millis(300)).await;
    let id = app.placed().await;
    let mut execution = app.execution(id).await;
    execution.submit().await;
    problem(send(&app, &format!("{DEFAULT}/reset"), &json!({})).await, 409, "wallet_busy").await;
    assert_eq!(app.read(DEFAULT).await["epoch"], 0);
    execution.confirm().await;
    sent(&app, &format!("{DEFAULT}/reset"), &json!({})).await;
}
