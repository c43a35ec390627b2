//! What wallets are worth and what they have earned.

use domain::{Amount, Failure, FailureCode, VenueId, books::Balance};
use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::eventually;

use crate::{
    support::problem,
    wallets::{DEFAULT, send, sent, start},
};

#[tokio::test]
async fn profit_and_loss_add_up_to_the_value() {
    let app = start().await;
    let began = app.read(&format!("{DEFAULT}/pnl")).await;
    assert_eq!(
        (&began["realized"], &began["unrealized"], &began["isComplete"]),
        (&json!("0"), &json!("0"), &json!(true))
    );
    assert_eq!(began["value"], began["deposited"]);
    assert_eq!(began["since"], app.read(DEFAULT).await["createdAt"]);
    let id = app.placed().await;
    app.execution(id).await.run().await;
    let pnl = app.read(&format!("{DEFAULT}/pnl")).await;
    let number = |value: &Value| value.as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap();
    let fees = &pnl["fees"];
    assert_eq!(number(&fees["total"]), number(&fees["venues"]) + number(&fees["network"]));
    assert!(number(&fees["network"]) > rust_decimal::Decimal::ZERO);
    let parts = number(&pnl["deposited"]) + number(&pnl["realized"]) + number(&pnl["unrealized"]);
    let rent = &pnl["rent"];
    assert_eq!(rent["amount"], "0.00203928");
    assert!(number(&rent["cost"]) > rust_decimal::Decimal::ZERO);
    assert_eq!(number(&pnl["value"]), parts - number(&fees["total"]) - number(&rent["cost"]), "{pnl}");
    let wallet = app.read(DEFAULT).await;
    assert_eq!(number(&pnl["value"]).round_dp(4), number(&wallet["value"]).round_dp(4));
    let sol = pnl["tokens"].as_array().unwrap().iter().find(|token| token["token"] == "SOL").unwrap();
    assert_eq!((&sol["amount"], &sol["realized"]), (&json!("8.99795072"), &pnl["realized"]));
}

#[tokio::test]
async fn a_deposit_waits_for_its_price() {
    let app = start().await;
    assert_eq!(app.read(&format!("{DEFAULT}/pnl")).await["isComplete"], true);
    let refuse = |code| {
        *app.venues.refusal.lock().unwrap() = Some(Failure::at(VenueId::METEORA, code, "refused"));
    };
    refuse(FailureCode::QuotesUnavailable);
    let (path, ray) = (format!("{DEFAULT}/deposit"), json!({"amounts": {"RAY": "1"}}));
    problem(send(&app, &path, &ray).await, 503, "quotes_unavailable").await;
    let asked = app.venues.asked();
    let answers = async {
        eventually("another try", async || app.venues.asked() > asked).await;
        *app.venues.refusal.lock().unwrap() = None;
    };
    let (deposited, ()) = tokio::join!(send(&app, &path, &ray), answers);
    assert_eq!(deposited.status(), StatusCode::OK);
    let pnl = app.read(&format!("{DEFAULT}/pnl")).await;
    assert_eq!((&pnl["unrealized"], &pnl["isComplete"]), (&json!("0"), &json!(true)));

    refuse(FailureCode::NoRoute); // waiting would not help: no venue trades the token
    sent(&app, &path, &json!({"amounts": {"JUP": "1"}})).await;
    assert_eq!(app.read(&format!("{DEFAULT}/pnl")).await["isComplete"], false);
}

#[tokio::test]
async fn the_value_is_recorded_over_time() {
    let app = start().await;
    eventually("a recorded value", || async {
        let equity = app.read(&format!("{DEFAULT}/equity")).await;
        equity["points"].as_array().unwrap().len() == 2
    })
    .await;
    let equity = app.read(&format!("{DEFAULT}/equity")).await;
    assert_eq!(equity["quoteToken"], "USDC");
    assert_eq!(equity["points"][1]["value"], app.read(DEFAULT).await["value"]);
    app.prices.set_down(true);
    problem(app.get(&format!("{DEFAULT}/equity")).await, 503, "store_unavailable").await;
}

#[tokio::test]
async fn a_repeated_request_needs_no_prices() {
    let app = start().await;
    let requests = [
        ("/api/wallets".to_owned(), json!({"name": "swing", "balances": {"SOL": "2"}})),
        (format!("{DEFAULT}/deposit"), json!({"amounts": {"SOL": "2"}})),
        (format!("{DEFAULT}/reset"), json!({"balances": {"SOL": "2"}})),
    ];
    let request = |path: &str, body: &Value| app.post(path).header("idempotency-key", path).json(body).send();
    for (path, body) in &requests {
        assert!(request(path, body).await.unwrap().status().is_success(), "{path}");
    }
    let silent = Failure::at(VenueId::METEORA, FailureCode::QuotesUnavailable, "refused");
    *app.venues.refusal.lock().unwrap() = Some(silent);
    let other = json!({"name": "swing", "balances": {"RAY": "2"}, "amounts": {"RAY": "2"}});
    for (path, body) in &requests {
        let again = request(path, body).await.unwrap();
        assert_eq!(again.headers()["idempotency-replayed"], "true", "{path}");
        let mut changed = body.clone();
        for (field, value) in changed.as_object_mut().unwrap() {
            *value = other[field].clone();
        }
        problem(request(path, &changed).await.unwrap(), 409, "idempotency_conflict").await;
    }
}

#[tokio::test]
async fn an_amount_whose_worth_cannot_be_counted_is_refused() {
    let app = start().await;
    let most = Amount(Balance::MAX).to_decimal(6);
    for (path, body) in [
        ("/api/wallets", json!({"name": "rich", "balances": {"RAY": most}})),
        (&format!("{DEFAULT}/deposit"), json!({"amounts": {"RAY": most}})),
        (&format!("{DEFAULT}/reset"), json!({"balances": {"RAY": most}})),
    ] {
        let refused = problem(send(&app, path, &body).await, 400, "invalid_request").await;
        let error = &refused["errors"][0];
        assert_eq!(error["code"], "too_large");
        assert_eq!(error["message"], "must not be worth more than 18446744073709.551615 USDC");
    }
    assert_eq!(app.read("/api/wallets").await.as_array().unwrap().len(), 1);
}
