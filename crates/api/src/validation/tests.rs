use futures::FutureExt;
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use venues::simulated::SimulatedTokens;

use super::*;

const NAMES: [&str; 24] = [
    "tokenIn",
    "tokenOut",
    "amountIn",
    "amountOut",
    "amount",
    "slippageBps",
    "slippage",
    "slippage_pct",
    "inputMint",
    "outputMint",
    "clientId",
    "side",
    "baseAsset",
    "quoteAsset",
    "clientOrderId",
    "wallet",
    "type",
    "orderType",
    "tag",
    "minAmountOut",
    "maxAmountIn",
    "expiresAt",
    "extra",
    "",
];

fn parse(body: &Json) -> Result<OrderRequest, Problem> {
    parse_bytes(body.to_string().as_bytes())
}

fn parse_bytes(body: &[u8]) -> Result<OrderRequest, Problem> {
    OrderRequest::parse(body, &SimulatedTokens::default(), MAX_SLIPPAGE)
        .now_or_never()
        .expect("it is known at once")
}

fn any_value() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(json!("SOL")),
        Just(json!("USDC")),
        Just(json!("sell")),
        Just(json!("buy")),
        Just(json!("market")),
        Just(json!("1.5")),
        Just(json!(1)),
        Just(json!(null)),
        Just(json!([1])),
        Just(json!({"a": 1})),
        any_time().prop_map(Json::from),
        any::<f64>().prop_map(|number| json!(number)),
        any::<i64>().prop_map(|number| json!(number)),
        prop::collection::vec(any::<char>(), 0..20).prop_map(|text| Json::from(String::from_iter(text))),
    ]
}

fn any_time() -> impl Strategy<Value = String> {
    let offset = prop_oneof!["Z", "[+-](0[0-9]|1[0-9]|2[0-3]):[0-5][0-9]"];
    let date = "(0000|0001|1970|2027|9999)-(01-01|02-29|12-31)";
    (date, "[T _](00:00:00|23:59:59|23:59:60)([.][0-9]{1,9})?", offset)
        .prop_map(|(date, time, offset)| format!("{date}{time}{offset}"))
}

fn any_body() -> impl Strategy<Value = Map<String, Json>> {
    prop::collection::vec((prop::sample::select(&NAMES[..]), any_value()), 0..8)
        .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let problem = parse_bytes(&body);
        prop_assert!(problem.is_err());
    }

    #[test]
    fn every_refusal_names_a_field_of_the_body_or_one_it_lacks(body in any_body()) {
        match parse(&Json::Object(body.clone())) {
            Ok(request) => {
                prop_assert_ne!(request.spec.request.token_in, request.spec.request.token_out);
                prop_assert!(request.spec.slippage_bps <= MAX_SLIPPAGE);
                let stored = serde_json::to_value(&request.spec).unwrap();
                prop_assert_eq!(serde_json::from_value::<OrderSpec>(stored).unwrap(), request.spec);
            }
            Err(problem) => {
                prop_assert_eq!(problem.code, Code::InvalidOrder);
                prop_assert!(!problem.errors.is_empty());
                for error in problem.errors {
                    let field = error.field.as_ref();
                    prop_assert!(NAMES.contains(&field), "{field}");
                    let lacks = body.get(field).is_none_or(Json::is_null);
                    let missing = error.code == FieldCode::Missing;
                    prop_assert!(lacks == missing || error.code == FieldCode::Unknown, "{error}");
                }
            }
        }
    }

    #[test]
    fn any_amount_is_read_to_the_last_digit(units in 1u64..) {
        let shown = Amount(units).to_decimal(9).to_string();
        for amount in [shown.clone(), format!("\"{shown}\"")] {
            let body = format!(r#"{{"tokenIn":"SOL","tokenOut":"USDC","amountIn":{amount}}}"#);
            let request = parse_bytes(body.as_bytes()).unwrap();
            prop_assert_eq!(request.spec.request.amount, SwapAmount::ExactIn(Amount(units)));
        }
    }
}

/// The digest of a request whose wallet does not exist.
fn fingerprint(request: &OrderRequest) -> [u8; 32] {
    request.fingerprints(AccountId::DEFAULT, None).0
}

#[test]
fn a_wallet_is_the_same_under_its_name_and_its_id() {
    let wallet = WalletId("01980000-0000-7000-8000-000000000007".parse().unwrap());
    let asked = |named: Json, wallet: Option<WalletId>| {
        let body = json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "wallet": named});
        parse(&body).unwrap().fingerprints(AccountId::DEFAULT, wallet)
    };
    let (by_name, by_id) = (asked(json!("swing"), Some(wallet)), asked(json!(wallet), Some(wallet)));
    assert_eq!(by_name.0, by_id.0);
    assert_eq!(by_name.1, Some(asked(json!("swing"), None).0), "as it was stored before");
    assert_eq!(by_id.1, None, "as it is stored");

    let default = Some(WalletId::default_of(AccountId::DEFAULT));
    let (unnamed, named) = (asked(Json::Null, default), asked(json!("default"), default));
    assert_eq!((unnamed.0, unnamed.1), (named.0, None));
    assert_eq!(named.1, Some(asked(json!("default"), None).0));
    assert_ne!(unnamed.0, by_id.0);
}

#[test]
fn the_wallet_of_an_earlier_form_is_no_wallet_of_these_books() {
    let body =
        json!({"side": "sell", "baseAsset": "SOL", "quoteAsset": "USDC", "amount": "1", "wallet": "a"});
    let request = parse(&body).unwrap();
    let default = Some(WalletId::default_of(AccountId::DEFAULT));
    assert_eq!(request.fingerprints(AccountId::DEFAULT, default), (fingerprint(&request), None));
}

#[test]
fn the_same_order_in_any_form_has_the_same_fingerprint() {
    let sol = "So11111111111111111111111111111111111111112";
    let same = [
        json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1"}),
        json!({"tokenIn": "sol", "tokenOut": "usdc", "amountIn": 1, "slippageBps": 50, "type": "market"}),
        json!({"tokenIn": sol, "tokenOut": "USDC", "amountIn": "1.000", "wallet": null}),
        json!({"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1.0}),
        json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 1, "slippage": 0.5}),
        json!({"inputMint": sol, "outputMint": "USDC", "amount": 1, "slippage_pct": "0.50"}),
        json!({"side": "sell", "baseAsset": "SOL", "quoteAsset": "USDC", "amount": "1"}),
    ];
    let fingerprints: Vec<_> = same.iter().map(|body| fingerprint(&parse(body).unwrap())).collect();
    assert!(fingerprints.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn another_order_has_another_fingerprint() {
    let others = [
        json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1"}),
        json!({"tokenIn": "SOL", "tokenOut": "USDT", "amountIn": "1"}),
        json!({"tokenIn": "JUP", "tokenOut": "USDC", "amountIn": "1"}),
        json!({"tokenIn": "JUP", "tokenOut": "USDC", "amountOut": "1"}),
        json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "2"}),
        json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "slippageBps": 51}),
        json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "wallet": "a"}),
        json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "clientOrderId": "a"}),
        json!({"clientId": "a", "side": "sell", "baseAsset": "SOL", "quoteAsset": "USDC", "amount": "1"}),
        json!({"clientId": "b", "side": "sell", "baseAsset": "SOL", "quoteAsset": "USDC", "amount": "1"}),
    ];
    let fingerprints: std::collections::HashSet<_> =
        others.iter().map(|body| fingerprint(&parse(body).unwrap())).collect();
    assert_eq!(fingerprints.len(), others.len());
}

#[test]
fn another_limit_of_slippage_makes_no_other_order_of_a_body_that_says_nothing() {
    let body = br#"{"tokenIn":"SOL","tokenOut":"USDC","amountIn":"1"}"#;
    let under = |most: u16| {
        let parsed = OrderRequest::parse(body, &SimulatedTokens::default(), Bps(most)).now_or_never();
        parsed.unwrap().unwrap()
    };
    assert_eq!((under(30).spec.slippage_bps, under(5_000).spec.slippage_bps), (Bps(30), Bps(50)));
    assert_eq!(fingerprint(&under(30)), fingerprint(&under(5_000)));
}

#[test]
fn what_goes_back_to_a_client_is_short() {
    let body = json!({"tokenIn": "x".repeat(5_000), "y".repeat(5_000): 1});
    let problem = parse(&body).unwrap_err();
    assert!(problem.detail.len() < 500, "{}", problem.detail.len());
    let many: Map<_, _> = (0..1_000).map(|n| (format!("field{n}"), json!(1))).collect();
    assert!(parse(&Json::Object(many)).unwrap_err().errors.len() < 30);
}
