//! Wallets by their names: which one a request means.

use domain::{
    Amount, Failure, FailureCode, Mint, Timestamp,
    books::{Balance, Payment, Wallet, WalletId, WalletKind},
    ports::Wallets,
};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use testkit::samples;

use crate::{
    support::{App, order, problem},
    wallets::{DEFAULT, balance, send, sent, start},
};

async fn place(app: &App, key: &str, body: &Value) -> Response {
    app.post("/api/orders/execute").header("idempotency-key", key).json(body).send().await.unwrap()
}

/// The order of a successful request, and whether it came before.
async fn placed(app: &App, key: &str, body: &Value) -> (String, bool) {
    let response = place(app, key, body).await;
    let is_replay = response.headers().contains_key("idempotency-replayed");
    let order: Value = response.json().await.unwrap();
    (order["orderId"].as_str().unwrap_or_else(|| panic!("{order}")).to_owned(), is_replay)
}

#[tokio::test]
async fn an_order_names_its_wallet() {
    let app = start().await;
    let opened =
        sent(&app, "/api/wallets", &json!({"name": "swing", "balances": {"sol": "2", "USDC": 5}})).await;
    assert_eq!(balance(&opened, "SOL"), ["2", "0", "2"]);
    for name in ["swing", "SWING", opened["id"].as_str().unwrap()] {
        let mut asked = order();
        asked["wallet"] = json!(name);
        asked["amountIn"] = json!("0.5");
        let placed: Value = app.execute(&asked).await.json().await.unwrap();
        assert_eq!((&placed["walletId"], &placed["wallet"]), (&opened["id"], &json!(name)));
    }
    // three times 0.5, 0.00005 for attempts and 0.00407856 for accounts
    assert_eq!(balance(&app.read("/api/wallets/swing").await, "SOL")[1], "1.51238568");
    assert_eq!(balance(&app.read(DEFAULT).await, "SOL")[1], "0");
    let mut asked = order();
    asked["wallet"] = json!("nope");
    problem(app.execute(&asked).await, 404, "wallet_not_found").await;
    for path in ["", "/postings", "/postings/export", "/equity", "/pnl"] {
        problem(app.get(&format!("/api/wallets/nope{path}")).await, 404, "wallet_not_found").await;
    }
    let amounts = json!({"amounts": {"SOL": "1"}});
    for path in ["deposit", "withdraw"] {
        problem(send(&app, &format!("/api/wallets/nope/{path}"), &amounts).await, 404, "wallet_not_found")
            .await;
    }
    problem(send(&app, "/api/wallets/nope/reset", &json!({})).await, 404, "wallet_not_found").await;
}

#[tokio::test]
async fn another_accounts_wallet_is_not_found() {
    let app = start().await;
    let now = Timestamp::from_unix_millis(1_800_000_000_000);
    let (id, account) = (WalletId(samples::order_id().0), samples::account_id());
    let theirs = Wallet {
        id,
        account,
        name: "theirs".to_owned(),
        kind: WalletKind::Paper,
        epoch: 0,
        created_at: now,
        epoch_began_at: now,
    };
    let payment = Payment { mint: Mint::WRAPPED_SOL, units: Amount(5_000_000_000), worth: None };
    app.store.open_wallet(theirs, vec![payment]).await.unwrap();

    let listed = app.read("/api/wallets").await;
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    for name in [id.to_string(), "theirs".to_owned()] {
        let path = format!("/api/wallets/{name}");
        for part in ["", "/postings", "/postings/export", "/equity", "/pnl"] {
            problem(app.get(&format!("{path}{part}")).await, 404, "wallet_not_found").await;
        }
        let amounts = json!({"amounts": {"SOL": "1"}});
        for (part, body) in [("deposit", &amounts), ("withdraw", &amounts), ("reset", &json!({}))] {
            problem(send(&app, &format!("{path}/{part}"), body).await, 404, "wallet_not_found").await;
        }
        let mut asked = order();
        asked["wallet"] = json!(name);
        problem(app.execute(&asked).await, 404, "wallet_not_found").await;
    }
    let untouched = Balance { total: payment.units, held: Amount(0) };
    assert_eq!(app.store.balances(id).await.unwrap(), [(Mint::WRAPPED_SOL, untouched)]);
}

#[tokio::test]
async fn a_wallet_is_opened_once_for_a_key_and_a_name() {
    let app = start().await;
    let open = |name: &str, key: &str| {
        app.post("/api/wallets").header("idempotency-key", key).json(&json!({"name": name})).send()
    };
    let first = open("a", "1").await.unwrap();
    assert_eq!(first.status(), StatusCode::CREATED);
    let again = open("a", "1").await.unwrap();
    assert_eq!(
        (again.status(), &again.headers()["idempotency-replayed"]),
        (StatusCode::OK, &"true".parse().unwrap())
    );
    let (first, again): (Value, Value) = (first.json().await.unwrap(), again.json().await.unwrap());
    assert_eq!(first, again);
    problem(open("b", "1").await.unwrap(), 409, "idempotency_conflict").await;
    let richer = json!({"name": "a", "balances": {"SOL": "1"}});
    let richer = app.post("/api/wallets").header("idempotency-key", "1").json(&richer).send().await.unwrap();
    problem(richer, 409, "idempotency_conflict").await;
    problem(open("a", "2").await.unwrap(), 409, "wallet_name_taken").await;
    for name in ["A", "default", "DEFAULT"] {
        problem(open(name, "3").await.unwrap(), 409, "wallet_name_taken").await;
    }
    assert_eq!(app.read("/api/wallets").await.as_array().unwrap().len(), 2);

    // what moves money has keys of its own
    let deposit = |name: &str, key: &str| {
        let body = json!({"amounts": {"SOL": "1"}});
        app.post(&format!("/api/wallets/{name}/deposit")).header("idempotency-key", key).json(&body).send()
    };
    assert_eq!(deposit("a", "1").await.unwrap().status(), StatusCode::OK);
    assert_eq!(deposit("a", "4").await.unwrap().status(), StatusCode::OK);
    assert_eq!(open("c", "4").await.unwrap().status(), StatusCode::CREATED);
}

#[tokio::test]
async fn an_account_has_so_many_wallets_at_most() {
    let app = App::start_with(|limits| limits.max_wallets = 3).await; // the default one included
    let open = |name: &str, key: &str| {
        app.post("/api/wallets").header("idempotency-key", key).json(&json!({"name": name})).send()
    };
    for name in ["a", "b"] {
        assert_eq!(open(name, name).await.unwrap().status(), StatusCode::CREATED);
    }
    problem(open("c", "c").await.unwrap(), 409, "too_many_wallets").await;
    problem(send(&app, "/api/wallets", &json!({"name": "c"})).await, 409, "too_many_wallets").await;
    let again = open("b", "b").await.unwrap();
    assert_eq!(again.status(), StatusCode::OK);
    assert!(again.headers().contains_key("idempotency-replayed"));
    problem(open("c", "b").await.unwrap(), 409, "idempotency_conflict").await;
    assert_eq!(app.read("/api/wallets").await.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_wallet_under_another_of_its_names_makes_no_other_order() {
    let app = start().await;
    let opened = sent(&app, "/api/wallets", &json!({"name": "swing", "balances": {"SOL": "2"}})).await;
    let mut asked = order();
    asked["wallet"] = json!("swing");
    let (first, is_replay) = placed(&app, "k", &asked).await;
    assert!(!is_replay);
    for name in [json!("Swing"), opened["id"].clone()] {
        asked["wallet"] = name;
        assert_eq!(placed(&app, "k", &asked).await, (first.clone(), true));
    }
    asked["wallet"] = Value::Null;
    problem(place(&app, "k", &asked).await, 409, "idempotency_conflict").await;

    let (unnamed, _) = placed(&app, "default", &asked).await;
    asked["wallet"] = json!("default");
    assert_eq!(placed(&app, "default", &asked).await, (unnamed, true));
    asked["wallet"] = json!("swing");
    problem(place(&app, "default", &asked).await, 409, "idempotency_conflict").await;
}

/// Earlier versions took any text for a wallet and stored a digest of it, as the forms of earlier systems still do.
#[tokio::test]
async fn an_order_of_an_earlier_version_is_found_although_its_wallet_is_unknown() {
    let app = start().await;
    let wallet = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin";
    let earlier =
        json!({"side": "sell", "baseAsset": "SOL", "quoteAsset": "USDC", "amount": "1", "wallet": wallet});
    let (first, _) = placed(&app, "k", &earlier).await;
    let mut asked = order();
    asked["wallet"] = json!(wallet);
    assert_eq!(placed(&app, "k", &asked).await, (first, true));
    problem(place(&app, "other", &asked).await, 404, "wallet_not_found").await;
    asked["amountIn"] = json!("2");
    problem(place(&app, "k", &asked).await, 409, "idempotency_conflict").await;
}

#[tokio::test]
async fn a_repeated_order_is_found_although_no_venue_answers() {
    let app = start().await;
    let asked = json!({"tokenIn": "USDC", "tokenOut": "SOL", "amountOut": "1", "clientOrderId": "mine"});
    sent(&app, &format!("{DEFAULT}/deposit"), &json!({"amounts": {"USDC": "300"}})).await;
    let first = placed(&app, "k", &asked).await.0;
    *app.venues.refusal.lock().unwrap() = Some(Failure::new(FailureCode::PoolUnavailable, "closed"));
    let before = app.venues.asked();
    for key in ["k", "another"] {
        assert_eq!(placed(&app, key, &asked).await, (first.clone(), true), "by its key and by its own id");
    }
    let mut other = asked.clone();
    other["amountOut"] = json!("2");
    problem(place(&app, "k", &other).await, 409, "idempotency_conflict").await;
    assert_eq!(app.venues.asked(), before);
    other["clientOrderId"] = json!("new");
    problem(place(&app, "new", &other).await, 503, "quotes_unavailable").await;
}

#[tokio::test]
async fn quotes_are_refused_for_a_wallet_that_an_order_would_be_refused_for() {
    let app = start().await;
    let ask = |wallet: &str| {
        let mut asked = order();
        asked["wallet"] = json!(wallet);
        app.post("/api/quotes").json(&asked).send()
    };
    assert_eq!(ask("default").await.unwrap().status(), StatusCode::OK);
    problem(ask("nope").await.unwrap(), 404, "wallet_not_found").await;
    let users_own =
        json!({"side": "sell", "baseAsset": "SOL", "quoteAsset": "USDC", "amount": "1", "wallet": "x"});
    assert_eq!(send(&app, "/api/quotes", &users_own).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn orders_are_found_counted_exported_and_canceled_by_wallet() {
    let app = start().await;
    let opened = sent(&app, "/api/wallets", &json!({"name": "swing 1", "balances": {"SOL": "5"}})).await;
    let mut asked = order();
    asked["wallet"] = json!("swing 1");
    let mut of_wallet = Vec::new();
    for key in ["a", "b", "c"] {
        of_wallet.insert(0, placed(&app, key, &asked).await.0);
    }
    let default = placed(&app, "d", &order()).await.0;
    let ids = |orders: &Value| {
        let ids = orders.as_array().unwrap().iter().map(|order| order["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    for wallet in ["swing%201", "SWING%201", opened["id"].as_str().unwrap()] {
        assert_eq!(ids(&app.read(&format!("/api/orders?wallet={wallet}")).await), of_wallet);
    }
    assert_eq!(ids(&app.read("/api/orders?wallet=default&status=pending").await), [default]);
    let first = app.get("/api/orders?wallet=swing%201&limit=2").await;
    assert!(first.headers()["link"].to_str().unwrap().contains("&wallet=swing%201&"), "{first:?}");
    assert_eq!(app.read("/api/orders/summary?wallet=swing%201").await["total"], 3);
    let export = app.get("/api/orders/export?format=jsonl&wallet=swing%201").await.text().await.unwrap();
    assert_eq!(export.lines().count(), 3);
    for path in ["?wallet=nope", "/summary?wallet=nope", "/export?wallet=nope"] {
        problem(app.get(&format!("/api/orders{path}")).await, 404, "wallet_not_found").await;
    }

    problem(app.get("/api/orders?wallet=").await, 400, "invalid_query").await;

    let cancel = |body: Value| app.post("/api/orders/cancel").json(&body).send();
    problem(cancel(json!({"wallet": "nope"})).await.unwrap(), 404, "wallet_not_found").await;
    problem(cancel(json!({"wallet": "swing 1", "all": true})).await.unwrap(), 400, "invalid_request").await;
    let canceled: Value = cancel(json!({"wallet": "swing 1"})).await.unwrap().json().await.unwrap();
    let canceled = canceled["results"].as_array().unwrap().iter();
    assert_eq!(canceled.map(|result| result["orderId"].as_str().unwrap()).collect::<Vec<_>>(), of_wallet);
    assert_eq!(app.read("/api/orders?wallet=default&status=pending").await.as_array().unwrap().len(), 1);
}
