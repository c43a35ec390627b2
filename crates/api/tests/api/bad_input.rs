//! Everything that is wrong has its status, its code and its field, and makes no order.

use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::samples;

use crate::support::{App, order, problem};

/// Field and code of every error.
fn errors(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|error| (error["field"].as_str().unwrap(), error["code"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn a_body_that_is_no_json_object() {
    let app = App::start().await;
    for body in ["", "  ", "{", "{\"tokenIn\":}", "[]", "null", "7", "\"order\"", "{} {}", "{\"a\":01}"] {
        let request = app.post("/api/orders/execute").header("content-type", "application/json").body(body);
        problem(request.send().await.unwrap(), 400, "malformed_json").await;
    }
    let not_utf8 = app.post("/api/orders/execute").header("content-type", "application/json");
    problem(not_utf8.body(vec![b'{', 0xff]).send().await.unwrap(), 400, "malformed_json").await;
}

#[tokio::test]
async fn a_body_with_a_byte_order_mark_is_read() {
    let app = App::start().await;
    let request = app.post("/api/orders/execute").header("content-type", "application/json");
    let answer = request.body(format!("\u{feff}{}", order())).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
}

#[tokio::test]
async fn an_encoded_body_is_refused_as_such() {
    let app = App::start().await;
    let send =
        |encoding| app.post("/api/orders/execute").header("content-encoding", encoding).json(&order()).send();
    let refused = send("gzip").await.unwrap();
    assert_eq!(refused.headers()["accept-encoding"], "identity");
    problem(refused, 415, "unsupported_content_encoding").await;
    assert_eq!(send("identity").await.unwrap().status(), StatusCode::CREATED);
}

#[tokio::test]
async fn each_wrong_field_is_named_with_its_reason() {
    let app = App::start().await;
    let with = |field: &str, value: Value| {
        let mut body = order();
        body[field] = value;
        body
    };
    for (body, field, code) in [
        (with("tokenIn", Value::Null), "tokenIn", "missing"),
        (with("tokenIn", json!(7)), "tokenIn", "wrong_type"),
        (with("tokenIn", json!("DOGE")), "tokenIn", "unknown_token"),
        (with("tokenOut", json!("sol")), "tokenOut", "same_token"),
        (with("amountIn", json!("0")), "amountIn", "zero"),
        (with("amountIn", json!(0.0)), "amountIn", "zero"),
        (with("amountIn", json!("-1")), "amountIn", "negative"),
        (with("amountIn", json!("18446744073.709551616")), "amountIn", "too_large"),
        (with("amountIn", json!("1e99")), "amountIn", "too_large"),
        (with("amountIn", json!("0.0000000001")), "amountIn", "too_precise"),
        (with("amountIn", json!("one")), "amountIn", "malformed"),
        (with("amountIn", json!(true)), "amountIn", "wrong_type"),
        (with("amountIn", json!({"units": 1})), "amountIn", "wrong_type"),
        (with("amountIn", Value::Null), "amountIn", "missing"),
        (with("amountOut", json!("1")), "amountOut", "conflict"),
        (with("slippageBps", json!(5_001)), "slippageBps", "out_of_range"),
        (with("slippageBps", json!(-1)), "slippageBps", "out_of_range"),
        (with("slippageBps", json!(0.5)), "slippageBps", "too_precise"),
        (with("slippageBps", json!([50])), "slippageBps", "wrong_type"),
        (with("slippage", json!(50.01)), "slippage", "out_of_range"),
        (with("slippage", json!(-0.001)), "slippage", "out_of_range"),
        (with("tag", json!("x".repeat(129))), "tag", "too_long"),
        (with("orderType", json!("limit")), "orderType", "unsupported"),
        (with("type", json!("limit")), "type", "unsupported"),
        (with("limitPrice", json!("1")), "limitPrice", "unknown_field"),
        (with("clientOrderId", json!("")), "clientOrderId", "malformed"),
        (with("clientOrderId", json!("é")), "clientOrderId", "malformed"),
        (with("clientOrderId", json!("x".repeat(129))), "clientOrderId", "too_long"),
        (with("wallet", json!(1)), "wallet", "wrong_type"),
    ] {
        let refused = problem(app.execute(&body).await, 400, "invalid_order").await;
        assert_eq!(errors(&refused), [(field, code)], "{body}");
        let message = refused["errors"][0]["message"].as_str().unwrap();
        assert!(refused["detail"].as_str().unwrap().contains(&format!("{field} {message}")), "{refused}");
        assert!(refused["error"].as_str().unwrap().contains(field), "{refused}");
    }
    assert_eq!(app.read("/api/orders").await, json!([]));
}

#[tokio::test]
async fn slippage_has_a_configured_limit_that_the_document_states() {
    let app = App::start_with(|limits| limits.max_slippage = domain::Bps(30)).await;
    let document: Value = app.get("/api/openapi.json").await.json().await.unwrap();
    let maximum =
        |form: &str, field: &str| &document["components"]["schemas"][form]["properties"][field]["maximum"];
    assert_eq!(maximum("OrderRequest", "slippageBps"), &json!(30));
    let mut body = order();
    body["slippageBps"] = json!(31);
    let refused = problem(app.execute(&body).await, 400, "invalid_order").await;
    assert_eq!(refused["errors"][0]["message"], "must be between 0 and 30");
    body["slippageBps"] = json!(30);
    assert_eq!(app.execute(&body).await.status(), 201);
    body.as_object_mut().unwrap().remove("slippageBps");
    let placed: Value = app.execute(&body).await.json().await.unwrap();
    assert_eq!(placed["slippageBps"], 30, "the default is not above the limit");
}

#[tokio::test]
async fn everything_wrong_is_reported_at_once() {
    let app = App::start().await;
    let body = r#"{"tokenIn":"DOGE","amountIn":"-1","slippageBps":"x","extra":1,"type":3,"type":4}"#;
    let request = app.post("/api/orders/execute").header("content-type", "application/json").body(body);
    let refused = problem(request.send().await.unwrap(), 400, "invalid_order").await;
    let mut found = errors(&refused);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("amountIn", "negative"),
            ("extra", "unknown_field"),
            ("slippageBps", "malformed"),
            ("tokenIn", "unknown_token"),
            ("tokenOut", "missing"),
            ("type", "duplicate_field"),
            ("type", "wrong_type"),
        ]
    );
    let empty = problem(app.execute(&json!({})).await, 400, "invalid_order").await;
    assert_eq!(errors(&empty), [("tokenIn", "missing"), ("tokenOut", "missing"), ("amountIn", "missing")]);
}

#[tokio::test]
async fn other_content_types_and_large_bodies() {
    let app = App::start().await;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        let request = app.post("/api/orders/execute").header("content-type", content_type);
        let refused = request.body(order().to_string()).send().await.unwrap();
        problem(refused, 415, "unsupported_media_type").await;
    }
    for content_type in ["application/json; charset=utf-8", "Application/JSON", "application/order+json"] {
        let request = app.post("/api/orders/execute").header("content-type", content_type);
        let accepted = request.body(order().to_string()).send().await.unwrap();
        assert_eq!(accepted.status(), StatusCode::CREATED, "{content_type}");
    }
    let mut large = order();
    large["wallet"] = json!("x".repeat(70_000));
    problem(app.execute(&large).await, 413, "body_too_large").await;
    let quoted = app.post("/api/quotes").json(&large).send().await.unwrap();
    problem(quoted, 413, "body_too_large").await;
}

#[tokio::test]
async fn addresses_methods_and_ids() {
    let app = App::start().await;
    problem(app.get("/api/nothing").await, 404, "not_found").await;
    let delete = app.client.delete(app.url("/api/orders/execute")).send().await.unwrap();
    assert_eq!(delete.headers()["allow"], "POST,GET,HEAD");
    problem(delete, 405, "method_not_allowed").await;
    problem(app.post("/api/orders").send().await.unwrap(), 405, "method_not_allowed").await;
    problem(app.get("/api/quotes").await, 405, "method_not_allowed").await;
    let upgrade = app.get("/api/orders/execute").await;
    assert_eq!(upgrade.headers()["upgrade"], "websocket");
    problem(upgrade, 426, "upgrade_required").await;
    problem(app.get("/api/orders/ws").await, 426, "upgrade_required").await;
    for below in ["", "/events", "/history", "/explain", "/status"] {
        // clients of earlier systems know no malformed ids
        let (status, code) =
            if below.is_empty() { (404, "order_not_found") } else { (400, "invalid_order_id") };
        problem(app.get(&format!("/api/orders/7{below}")).await, status, code).await;
        problem(app.get(&format!("/api/orders/%FF{below}")).await, status, code).await;
        let unknown = samples::order_id();
        let refused =
            problem(app.get(&format!("/api/orders/{unknown}{below}")).await, 404, "order_not_found").await;
        assert_eq!(refused["orderId"], unknown.to_string());
    }
}

#[tokio::test]
async fn idempotency_keys_that_are_none() {
    let app = App::start().await;
    let long = "k".repeat(256);
    for key in [&b""[..], long.as_bytes(), b"caf\xc3\xa9", b"tab\there"] {
        let value = reqwest::header::HeaderValue::from_bytes(key).unwrap();
        let request = app.post("/api/orders/execute").header("Idempotency-Key", value).json(&order());
        problem(request.send().await.unwrap(), 400, "invalid_idempotency_key").await;
    }
    let twice = app.post("/api/orders/execute").header("Idempotency-Key", "a").header("Idempotency-Key", "b");
    problem(twice.json(&order()).send().await.unwrap(), 400, "invalid_idempotency_key").await;
    assert_eq!(app.read("/api/orders").await, json!([]));
}

#[tokio::test]
async fn queries() {
    let app = App::start().await;
    let id = app.placed().await;
    for (path, field, code) in [
        ("/api/orders?status=lost".to_owned(), "status", "malformed"),
        ("/api/orders?cursor=7".to_owned(), "cursor", "malformed"),
        ("/api/orders?limit=many".to_owned(), "limit", "malformed"),
        ("/api/orders?limit=0".to_owned(), "limit", "out_of_range"),
        ("/api/orders?limit=201".to_owned(), "limit", "out_of_range"),
        ("/api/orders?status=pending&status=failed".to_owned(), "status", "duplicate_field"),
        (format!("/api/orders/{id}/events?after=-1"), "after", "malformed"),
        (format!("/api/orders/{id}/events?limit=1001"), "limit", "out_of_range"),
    ] {
        let refused = problem(app.get(&path).await, 400, "invalid_query").await;
        assert_eq!(errors(&refused), [(field, code)], "{path}");
    }
    let both = problem(app.get("/api/orders?status=x&limit=x").await, 400, "invalid_query").await;
    assert_eq!(errors(&both).len(), 2);
}

#[tokio::test]
async fn no_call_ignores_a_parameter_that_it_does_not_know() {
    let app = App::start().await;
    let id = app.placed().await.to_string();
    let document: Value = app.get("/api/openapi.json").await.json().await.unwrap();
    let mut calls = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let is_socket = ["/api/orders/ws", "/api/orders/{id}/status"].contains(&path.as_str());
        if !path.starts_with("/api/") || is_socket {
            continue;
        }
        for method in methods.as_object().unwrap().keys() {
            let is_stream = path == "/api/stream" || (path == "/api/orders/execute" && method == "get");
            if is_stream {
                continue; // without an upgrade they say so first; see streams.rs and feed.rs
            }
            let path = path.replace("{id}", &id);
            let method = method.to_uppercase().parse().unwrap();
            let required = if path.starts_with("/api/market/") { "&pair=SOL/USDC" } else { "" };
            let url = app.url(&format!("{path}?tokenIm=SOL{required}"));
            let asked = app.client.request(method, url).json(&json!({ "all": true }));
            let refused = problem(asked.send().await.unwrap(), 400, "invalid_query").await;
            assert_eq!(errors(&refused), [("tokenIm", "unknown_field")], "{path}");
            calls += 1;
        }
    }
    assert!(calls > 12, "{calls}");
    assert_eq!(app.read(&format!("/api/orders/{id}")).await["status"], "pending", "nothing was canceled");
}

#[tokio::test]
async fn a_query_parameter_without_a_value_is_refused() {
    let app = App::start().await;
    for (path, name) in [
        ("/api/orders?venue=", "venue"),
        ("/api/orders?q=&status=confirmed", "q"),
        ("/api/orders/summary?pair=", "pair"),
        ("/api/orders/export?format=", "format"),
        ("/api/orders/export?cursor=", "cursor"),
        ("/api/statistics?window=", "window"),
        ("/api/market/prices?pair=", "pair"),
        ("/api/stream?orders=", "orders"),
    ] {
        let refused =
            app.client.get(app.url(path)).header("accept", "text/event-stream").send().await.unwrap();
        let refused = problem(refused, 400, "invalid_query").await;
        let error = errors(&refused)[0];
        assert_eq!(error.0, name, "{path}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_filter_of_orders_is_said_for_each_field() {
    let app = App::start().await;
    for (filter, expected) in [
        (json!({"foo": 1, "all": true}), vec![("foo", "unknown_field")]),
        (json!({"ids": "x"}), vec![("ids", "wrong_type")]),
        (json!({"ids": [1]}), vec![("ids", "wrong_type")]),
        (json!({"all": 1}), vec![("all", "wrong_type")]),
        (json!({"all": false}), vec![("all", "unsupported")]),
        (json!({"tag": "a\u{0}"}), vec![("tag", "malformed")]),
        (json!({"tag": "ü"}), vec![("tag", "malformed")]),
        (json!({"tag": 1, "pair": "SOL"}), vec![("tag", "wrong_type"), ("pair", "malformed")]),
        (json!({}), vec![("ids", "missing")]),
        (json!({"all": true, "tag": "x"}), vec![("all", "conflict")]),
    ] {
        let answer = app.post("/api/orders/cancel").json(&filter).send().await.unwrap();
        let refused = problem(answer, 400, "invalid_request").await;
        assert_eq!(errors(&refused), expected, "{filter}");
    }
    let id = app.placed().await.to_string();
    for body in ["[null,null,null,true]", "null", "\"all\"", "", "{\"all\":true"] {
        let asked = app.post("/api/orders/cancel").header("content-type", "application/json").body(body);
        problem(asked.send().await.unwrap(), 400, "malformed_json").await;
    }
    let twice = app.post("/api/orders/cancel").header("content-type", "application/json");
    let twice = twice.body("{\"all\":true,\"all\":true}").send().await.unwrap();
    assert_eq!(errors(&problem(twice, 400, "invalid_request").await), [("all", "duplicate_field")]);
    assert_eq!(app.read(&format!("/api/orders/{id}")).await["status"], "pending", "nothing was canceled");
}

#[tokio::test]
async fn a_store_that_is_down_is_said_everywhere() {
    let app = App::start().await;
    let id = app.placed().await;
    app.store.set_down(true);
    for path in [
        "/api/orders".to_owned(),
        format!("/api/orders/{id}"),
        format!("/api/orders/{id}/events"),
        format!("/api/orders/{id}/explain"),
    ] {
        problem(app.get(&path).await, 503, "store_unavailable").await;
    }
}

#[tokio::test]
async fn bounds_and_expiry_are_kept_and_shown_and_what_is_wrong_with_them_is_said() {
    let app = App::start().await;
    let mut body = order();
    body["minAmountOut"] = "140.5".into();
    body["expiresAt"] = "2027-01-15T10:00:00.25+02:00".into();
    let placed: Value = app.execute(&body).await.json().await.unwrap();
    assert_eq!(placed["minAmountOut"], "140.5");
    assert_eq!(placed["expiresAt"], "2027-01-15T08:00:00.250000Z");
    let exact_out = json!({ "tokenIn": "SOL", "tokenOut": "USDC", "amountOut": "5", "maxAmountIn": 0.1 });
    let placed: Value = app.execute(&exact_out).await.json().await.unwrap();
    assert_eq!(placed["maxAmountIn"], "0.1");

    // the same request is the same order, also once it has expired; another bound is another order
    body["clientOrderId"] = "bounded".into();
    body["expiresAt"] = "2001-01-01T00:00:00Z".into();
    let first: Value = app.execute(&body).await.json().await.unwrap();
    let again = app.execute(&body).await;
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    assert_eq!(again.json::<Value>().await.unwrap()["id"], first["id"]);
    body["minAmountOut"] = "140.6".into();
    problem(app.execute(&body).await, 409, "idempotency_conflict").await;

    for (field, value, code) in [
        ("maxAmountIn", json!("1"), "conflict"),
        ("minAmountOut", json!("1.0000001"), "too_precise"),
        ("minAmountOut", json!("0"), "zero"),
        ("expiresAt", json!("2027-01-15T10:00:00"), "malformed"),
        ("expiresAt", json!("tomorrow"), "malformed"),
        ("expiresAt", json!(1_800_000_000), "wrong_type"),
    ] {
        let mut body = order();
        body[field] = value;
        let refused = problem(app.execute(&body).await, 400, "invalid_order").await;
        assert_eq!(errors(&refused), [(field, code)]);
    }
    let other_form =
        json!({ "tokenIn": "SOL", "tokenOut": "USDC", "amount": 1, "expiresAt": "2027-01-15T10:00:00Z" });
    let refused = problem(app.execute(&other_form).await, 400, "invalid_order").await;
    assert_eq!(errors(&refused), [("expiresAt", "unknown_field")], "the earlier forms stay as they were");
}
