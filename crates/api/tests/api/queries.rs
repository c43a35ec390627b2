use domain::{Failure, FailureCode, OrderId, ports::OrderIntake};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use testkit::samples;

use crate::support::{App, order, problem};

fn next_page(response: &Response) -> Option<String> {
    let link = response.headers().get("link")?.to_str().unwrap();
    Some(link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap().to_owned())
}

#[tokio::test]
async fn an_order_is_found_by_the_time_at_which_it_was_accepted() {
    let app = App::start().await;
    app.clock.make_restless();
    let id = app.placed().await;
    let order = app.read(&format!("/api/orders/{id}")).await;
    let from = order["createdAt"].as_str().unwrap();
    assert_eq!(app.read(&format!("/api/orders?from={from}")).await[0]["id"], id.to_string());
    assert_eq!(app.read(&format!("/api/orders?to={from}")).await, json!([]));
}

#[tokio::test]
async fn orders_are_listed_newest_first_page_by_page() {
    let app = App::start().await;
    let mut placed: Vec<OrderId> = Vec::new();
    for _ in 0..5 {
        placed.push(app.placed().await);
    }
    // ids of one moment are in no particular order
    placed.sort_unstable_by(|one, other| other.cmp(one));
    let mut listed: Vec<String> = Vec::new();
    let mut next = Some(app.url("/api/orders?limit=2&status=pending"));
    while let Some(url) = next {
        assert!(url.contains("status=pending"), "{url}");
        let response = app.client.get(url).send().await.unwrap();
        next = next_page(&response);
        let page: Vec<Value> = response.json().await.unwrap();
        assert!((1..=2).contains(&page.len()));
        listed.extend(page.iter().map(|order| order["orderId"].as_str().unwrap().to_owned()));
    }
    assert_eq!(listed, placed.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(app.read("/api/orders?status=failed").await, json!([]));
}

#[tokio::test]
async fn events_are_listed_after_a_sequence_number() {
    let app = App::start().await;
    let id = app.placed().await;
    app.execution(id).await.run().await;
    let all = app.read(&format!("/api/orders/{id}/events")).await;
    assert_eq!(all.as_array().unwrap().len(), 11);
    assert_eq!(app.read(&format!("/api/orders/{id}/history")).await, all);
    let page = app.get(&format!("/api/orders/{id}/events?after=4&limit=5")).await;
    let next = next_page(&page).unwrap();
    assert_eq!(page.json::<Value>().await.unwrap(), json!(all.as_array().unwrap()[4..9]));
    let rest: Value = app.client.get(next).send().await.unwrap().json().await.unwrap();
    assert_eq!(rest, json!(all.as_array().unwrap()[9..]));
}

#[tokio::test]
async fn an_order_shows_how_it_traded_or_why_it_failed() {
    let app = App::start().await;
    let confirmed = app.placed().await;
    app.execution(confirmed).await.run().await;
    let shown = app.read(&format!("/api/orders/{confirmed}")).await;
    assert_eq!((&shown["status"], &shown["attempt"]), (&json!("confirmed"), &json!(2)));
    let fill = &shown["fill"];
    assert_eq!(fill["amountIn"], "1");
    assert_eq!(fill["amountOut"], "149.327092");
    assert_eq!((&fill["fee"], &fill["feeToken"]), (&json!("0.002"), &json!("SOL")));
    assert_eq!(fill["executedPrice"], "149.327092");
    assert_eq!(fill["slot"], 250_000_001);
    assert_eq!(shown.get("failure"), None);

    let failed = app.placed().await;
    let mut execution = app.execution(failed).await;
    execution.submit().await;
    execution.fail().await;
    let shown = app.read(&format!("/api/orders/{failed}")).await;
    assert_eq!(shown["status"], "failed");
    assert_eq!(
        shown["failure"],
        json!({"code": "slippage_exceeded", "message": "the price moved", "retryable": true})
    );
}

#[tokio::test]
async fn an_explanation_has_every_attempt_and_what_came_of_it() {
    let app = App::start().await;
    let id = app.placed().await;
    let path = format!("/api/orders/{id}/explain");
    let waiting = app.read(&path).await;
    assert_eq!((&waiting["status"], &waiting["attempts"]), (&json!("pending"), &json!([])));

    app.execution(id).await.run().await;
    let explained = app.read(&path).await;
    assert_eq!(explained["status"], "confirmed");
    let [first, second] = &explained["attempts"].as_array().unwrap()[..] else { panic!("{explained}") };
    assert_eq!((&first["attempt"], &first["outcome"]), (&json!(1), &json!("retried")));
    assert_eq!(first["failure"]["code"], "slippage_exceeded");
    assert_eq!(first["nextAttemptAt"], "2027-01-15T08:00:01.000000Z");
    assert_eq!((&second["attempt"], &second["outcome"]), (&json!(2), &json!("confirmed")));
    for attempt in [first, second] {
        let routing = &attempt["routing"];
        assert_eq!(routing["venue"], "meteora");
        assert_eq!(routing["reason"], "meteora gave the only quote");
        assert_eq!(routing["quotes"][0]["amountOut"], "149.327092");
        assert_eq!(
            routing["rejected"][0],
            json!({"venue": "raydium", "code": "insufficient_liquidity",
            "reason": "too deep for this pool"})
        );
        assert_eq!(attempt["bound"], json!({"minAmountOut": "148.580457"}));
        assert_eq!(attempt["instructions"].as_array().unwrap().len(), 2);
        assert!(attempt["submission"]["signature"].is_string());
        assert_eq!(attempt["timing"], json!({"routingMs": 5, "buildingMs": 10, "landingMs": 5}));
    }
    assert_ne!(first["submission"]["signature"], second["submission"]["signature"]);
    let result = &explained["result"];
    assert_eq!(result["quoted"], result["realised"]);
    assert_eq!(result["improvementBps"], 0);
    assert_eq!(explained["timing"]["queuedMs"], 5);
    assert_eq!(explained["timing"]["totalMs"], 50);
}

#[tokio::test]
async fn quotes_route_without_executing() {
    let app = App::start().await;
    let quoted = app.post("/api/quotes").json(&order()).send().await.unwrap();
    assert_eq!(quoted.status(), 200);
    let quoted: Value = quoted.json().await.unwrap();
    assert_eq!(quoted["venue"], "meteora");
    assert_eq!(quoted["amountIn"], "1");
    assert_eq!(quoted["quotes"][0]["price"], "149.327092");
    assert_eq!(quoted["bound"], json!({"minAmountOut": "148.580457"}));
    assert_eq!(app.read("/api/orders").await, json!([]));

    let wrong = app.post("/api/quotes").json(&json!({"tokenIn": "SOL"})).send().await.unwrap();
    problem(wrong, 400, "invalid_order").await;
    for (code, status, name) in [
        (FailureCode::NoRoute, 422, "no_route"),
        (FailureCode::AmountTooSmall, 422, "amount_too_small"),
        (FailureCode::InsufficientLiquidity, 422, "insufficient_liquidity"),
        (FailureCode::PriceImpactTooHigh, 422, "insufficient_liquidity"),
        (FailureCode::UnsupportedToken, 422, "no_route"),
        (FailureCode::PoolUnavailable, 503, "quotes_unavailable"),
        (FailureCode::QuotesUnavailable, 503, "quotes_unavailable"),
    ] {
        *app.venues.refusal.lock().unwrap() = Some(Failure::new(code, "no"));
        problem(app.post("/api/quotes").json(&order()).send().await.unwrap(), status, name).await;
    }
}
#[tokio::test]
async fn lists_are_filtered_by_tag_and_by_status_in_any_case_and_refuse_what_they_do_not_know() {
    let app = App::start().await;
    let tagged = json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "tag": "desk 7&co"});
    for _ in 0..3 {
        assert_eq!(app.execute(&tagged).await.status(), StatusCode::CREATED);
    }
    app.placed().await;
    let page = app.get("/api/orders?tag=desk%207%26co&status=PENDING&limit=2").await;
    let next = page.headers()["link"].to_str().unwrap().to_owned();
    let listed: Vec<Value> = page.json().await.unwrap();
    assert!(listed.len() == 2 && listed.iter().all(|order| order["tag"] == "desk 7&co"), "{listed:?}");
    let next = next.trim_start_matches('<').split('>').next().unwrap();
    let listed: Vec<Value> = app.client.get(next).send().await.unwrap().json().await.unwrap();
    assert!(listed.len() == 1 && listed[0]["tag"] == "desk 7&co", "{listed:?}");
    let id = listed[0]["id"].as_str().unwrap();
    for tag in ["%00".to_owned(), "t".repeat(129)] {
        let refused = problem(app.get(&format!("/api/orders?tag={tag}")).await, 400, "invalid_query").await;
        assert_eq!(refused["errors"][0]["field"], "tag");
    }
    for path in [
        "/api/orders?offset=10".to_owned(),
        format!("/api/orders/{id}?offset=1"),
        format!("/api/orders/{id}/events?offset=1"),
        format!("/api/orders/{id}/explain?offset=1"),
        "/api/tokens?offset=1".to_owned(),
        "/api/venues?offset=1".to_owned(),
    ] {
        let refused = problem(app.get(&path).await, 400, "invalid_query").await;
        let error = (&refused["errors"][0]["field"], &refused["errors"][0]["code"]);
        assert_eq!(error, (&json!("offset"), &json!("unknown_field")), "{path}");
    }
}

#[tokio::test]
async fn orders_are_found_by_what_they_trade_became_and_are_called() {
    let app = App::start().await;
    let placed = async |body: Value| {
        let order: Value = app.execute(&body).await.json().await.unwrap();
        order["id"].as_str().unwrap().to_owned()
    };
    let sell = placed(json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "tag": "grid"})).await;
    let buy = placed(json!({"tokenIn": "USDC", "tokenOut": "SOL", "amountIn": "100"})).await;
    let other =
        placed(json!({"tokenIn": "JUP", "tokenOut": "SOL", "amountIn": "100", "clientOrderId": "mine-7"}))
            .await;
    let mut execution = app.execution(buy.parse().unwrap()).await;
    execution.submit().await;
    execution.confirm().await;
    let confirmed = app.read(&format!("/api/orders/{buy}")).await;
    let signature = confirmed["fill"]["signature"].as_str().unwrap().to_owned();

    let end = &sell[sell.len() - 8..];
    let upper = end.to_uppercase();
    for (query, expected) in [
        ("tokenIn=SOL".to_owned(), vec![&sell]),
        ("tokenIn=sol&tokenOut=usdc".to_owned(), vec![&sell]),
        ("token=USDC".to_owned(), vec![&buy, &sell]),
        ("token=So11111111111111111111111111111111111111112".to_owned(), vec![&other, &buy, &sell]),
        ("pair=USDC/SOL".to_owned(), vec![&buy, &sell]),
        ("venue=meteora".to_owned(), vec![&buy]),
        ("failureCode=no_route".to_owned(), vec![]),
        ("clientOrderId=mine-7".to_owned(), vec![&other]),
        ("clientOrderId=mine".to_owned(), vec![]),
        ("order=asc".to_owned(), vec![&sell, &buy, &other]),
        ("sort=attempt".to_owned(), vec![&buy, &other, &sell]),
        ("from=2027-01-15T00:00:00Z&to=2027-01-16T00:00:00Z".to_owned(), vec![&other, &buy, &sell]),
        ("to=2027-01-15T00:00:00Z".to_owned(), vec![]),
        (format!("q={sell}"), vec![&sell]),
        (format!("q={end}"), vec![&sell]),
        (format!("q={upper}"), vec![&sell]),
        (format!("q={signature}"), vec![&buy]),
        ("q=mine-7".to_owned(), vec![&other]),
        ("q=grid".to_owned(), vec![&sell]),
        ("q=jup".to_owned(), vec![&other]),
        ("q=SOL%20%E2%86%92%20USDC".to_owned(), vec![&buy, &sell]),
        ("q=SOL-%3EJUP".to_owned(), vec![&other]),
        ("q=confirmed".to_owned(), vec![&buy]),
        ("q=Meteora".to_owned(), vec![&buy]),
        ("q=No%20route".to_owned(), vec![]),
        ("q=confirmed&status=pending".to_owned(), vec![]),
        ("q=nothing%20like%20it".to_owned(), vec![]),
        ("q=%E2%86%92".to_owned(), vec![]),
        ("q=01a21e0e-90c1-7cbf-95a4-b9547ef44718".to_owned(), vec![]),
        ("q=%20%20".to_owned(), vec![&other, &buy, &sell]),
    ] {
        let listed = app.read(&format!("/api/orders?{query}")).await;
        let ids: Vec<_> =
            listed.as_array().unwrap().iter().map(|order| order["id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{query}");
    }
    let page = app.get("/api/orders?q=SOL%20%E2%86%92%20USDC&limit=1&order=asc").await;
    let rest: Value = app.client.get(next_page(&page).unwrap()).send().await.unwrap().json().await.unwrap();
    assert_eq!(rest[0]["id"], buy.as_str(), "the link keeps the search");
}

#[tokio::test]
async fn what_cannot_be_searched_for_is_refused() {
    let app = App::start().await;
    for (query, field) in [
        ("tokenIn=DOGE", "tokenIn"),
        ("pair=SOL", "pair"),
        ("pair=SOL/DOGE", "pair"),
        ("venue=orca", "venue"),
        ("failureCode=bad", "failureCode"),
        ("from=yesterday", "from"),
        ("sort=price", "sort"),
        ("pair=SOL/SOL", "pair"),
        ("venue=raydium&venue=meteora", "venue"),
        ("status=pending&limit=3&status=pending", "status"),
        ("order=up", "order"),
        ("sort=attempt&cursor=01a21e0e-90c1-7cbf-95a4-b9547ef44718", "cursor"),
    ] {
        let refused = problem(app.get(&format!("/api/orders?{query}")).await, 400, "invalid_query").await;
        assert_eq!(refused["errors"][0]["field"], field, "{query}");
    }
    let long = "x".repeat(129);
    problem(app.get(&format!("/api/orders?q={long}")).await, 400, "invalid_query").await;
}

#[tokio::test]
async fn a_refused_filter_says_what_may_stand_there() {
    let app = App::start().await;
    for (query, sentence) in [
        ("status=lost", "status must be one of pending, open, held, routing, "),
        ("venue=orca", "venue must be one of meteora"),
        ("failureCode=bad", "failureCode must be the code of a failure, such as no_route"),
        ("tokenIn=DOGE", "tokenIn names an unknown token: DOGE"),
        ("cursor=7", "cursor must be the id of an order"),
        ("side=buy", "side needs a pair"),
    ] {
        let refused = problem(app.get(&format!("/api/orders?{query}")).await, 400, "invalid_query").await;
        assert!(refused["detail"].as_str().unwrap().starts_with(sentence), "{refused}");
    }
}

#[tokio::test]
async fn counts_and_exports_take_the_filters_of_the_list() {
    let app = App::start().await;
    for _ in 0..3 {
        let id = app.placed().await;
        app.execution(id).await.run().await;
    }
    let failed = app.placed().await;
    let mut execution = app.execution(failed).await;
    execution.submit().await;
    execution.fail().await;
    let all = app.read("/api/orders/summary").await;
    assert_eq!((&all["total"], &all["isComplete"]), (&json!(4), &json!(true)));
    assert_eq!(all["byStatus"], json!({"confirmed": 3, "failed": 1}));
    assert_eq!(
        all["traded"],
        json!([{"tokenIn": "SOL", "tokenOut": "USDC", "orders": 3, "amountIn": "3", "amountOut": "447.981276"}])
    );
    let sold = app.read("/api/orders/summary?pair=SOL/USDC&side=sell&status=failed").await;
    assert_eq!((&sold["total"], &sold["traded"]), (&json!(1), &json!([])));
    assert_eq!(app.read("/api/orders/summary?pair=SOL/USDC&side=buy").await["total"], 0);

    let csv = app.get("/api/orders/export?status=confirmed").await;
    assert_eq!(csv.headers()["content-type"], "text/csv; charset=utf-8");
    assert_eq!(csv.headers()["content-disposition"], "attachment; filename=\"orders.csv\"");
    let csv = csv.text().await.unwrap();
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(
        lines[0].starts_with("id,clientOrderId,tag,status,") && lines[1].contains(",confirmed,"),
        "{csv}"
    );
    assert!(lines[0].contains(",fee,feeToken,") && lines[1].contains(",0.002,SOL,"), "{csv}");
    let json_lines = app.get("/api/orders/export?format=jsonl").await.text().await.unwrap();
    let exported: Vec<Value> = json_lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json!(exported), app.read("/api/orders").await);
    for path in [
        "summary?side=sell",
        "summary?limit=3",
        "export?format=xml",
        "export?pair=SOL/USDC&side=sell&tokenIn=SOL",
    ] {
        problem(app.get(&format!("/api/orders/{path}")).await, 400, "invalid_query").await;
    }
}

#[tokio::test]
async fn an_export_has_every_page() {
    let app = App::start().await;
    let mut placed = Vec::new();
    for _ in 0..1_050 {
        placed.push(app.placed().await.to_string());
    }
    let lines = app.get("/api/orders/export?format=jsonl").await.text().await.unwrap();
    let mut ids: Vec<_> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort_unstable();
    placed.sort_unstable();
    assert_eq!(ids, placed);
}

#[tokio::test]
async fn orders_are_found_by_the_names_that_clients_give_them_whatever_these_look_like() {
    let app = App::start().await;
    let first = app.placed().await.to_string();
    for name in [
        "01a21e0e-90c1-7cbf-95a4-b9547ef44718",
        "01a21e0e90c17cbf95a4b9547ef44719",
        "deadbeef",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ] {
        let mut body = order();
        body["clientOrderId"] = json!(name);
        let named: Value = app.execute(&body).await.json().await.unwrap();
        let found = async |query: &str| {
            let listed = app.read(&format!("/api/orders?{query}")).await;
            listed.as_array().unwrap().iter().map(|order| order["id"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(found(&format!("q={name}")).await, [named["id"].clone()], "{name}");
        body["clientOrderId"] = Value::Null;
        body["tag"] = json!(name);
        let tagged: Value = app.execute(&body).await.json().await.unwrap();
        let both = [tagged["id"].clone(), named["id"].clone()];
        assert_eq!(found(&format!("q={name}&order=desc")).await, both, "{name}");
        assert_eq!(found(&format!("q={name}&tag=other")).await, Vec::<Value>::new(), "{name}");
        assert_eq!(found(&format!("q={first}")).await, [json!(first)]);
    }
}

#[tokio::test]
async fn exports_are_few_at_once() {
    let app = App::start_with(|limits| limits.max_exports = 0).await;
    problem(app.get("/api/orders/export").await, 503, "too_many_exports").await;
}

#[tokio::test]
async fn an_export_is_cut_when_the_process_stops() {
    let app = App::start().await;
    for _ in 0..6_000 {
        app.store.accept(samples::acceptance()).await.unwrap();
    }
    let mut export = app.get("/api/orders/export?format=jsonl").await;
    assert!(export.chunk().await.unwrap().is_some());
    app.stop.cancel();
    let cut = loop {
        match export.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(cut, "a client must not take it for the whole");
    app.served.await.unwrap().unwrap();
}
