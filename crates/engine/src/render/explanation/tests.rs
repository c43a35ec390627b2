use serde_json::{Value, json};

use super::*;

fn retried_once() -> Value {
    let quote = |venue: &str, amount_out: &str| {
        json!({
            "venue": venue, "amountIn": "1", "amountOut": amount_out, "price": amount_out,
            "priceImpactBps": 2, "fee": "0.003", "feeToken": "SOL", "feeBps": 30, "feePpm": 3_000,
            "liquidityScore": 90, "latencyMs": 201, "validUntil": "2026-11-21T08:00:10.000000Z",
        })
    };
    let attempt = |number: u32, more: Value| {
        let mut attempt = json!({
            "attempt": number, "startedAt": "2026-11-21T08:00:00.000000Z", "restarts": 0,
            "routing": {
                "venue": "meteora", "reason": "meteora gives more",
                "quotes": [quote("raydium", "149.5"), quote("meteora", "150.1")],
                "rejected": [{
                    "venue": "raydium", "code": "outbid",
                    "reason": "0.6 USDC (0.39 %) less than Meteora",
                }],
            },
            "bound": { "minAmountOut": "149.3" },
            "instructions": [
                { "instruction": "wrap_sol", "amount": "1" },
                { "instruction": "swap", "venue": "meteora" },
            ],
            "submission": {
                "venue": "meteora", "signature": "5abc", "lastValidBlockHeight": 150,
                "at": "2026-11-21T08:00:00.208000Z",
            },
            "timing": { "routingMs": 205, "buildingMs": 3, "landingMs": 2_410 },
        });
        attempt.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        attempt
    };
    let failure = json!({
        "code": "slippage_exceeded", "message": "the price moved", "retryable": true, "networkFee": "0.000005",
    });
    json!({
        "orderId": "01900000-0000-7000-8000-000000000001", "status": "confirmed",
        "order": {
            "type": "market", "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "slippageBps": 50,
            "tokenInMint": "So11111111111111111111111111111111111111112",
            "tokenOutMint": "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
        },
        "attempts": [
            attempt(1, json!({
                "outcome": "retried", "failure": failure,
                "endedAt": "2026-11-21T08:00:02.600000Z", "nextAttemptAt": "2026-11-21T08:00:03.100000Z",
            })),
            attempt(2, json!({
                "outcome": "confirmed",
                "fill": {
                    "venue": "meteora", "signature": "5abc", "slot": 77, "amountIn": "1",
                    "amountOut": "149.9", "fee": "0.003", "feeToken": "SOL", "executedPrice": "149.9",
                },
            })),
        ],
        "result": {
            "venue": "meteora",
            "quoted": { "amountIn": "1", "amountOut": "150.1", "price": "150.1" },
            "realised": { "amountIn": "1", "amountOut": "149.9", "price": "149.9" },
            "improvementBps": -14, "slippageBpsAllowed": 50,
        },
        "timing": { "acceptedAt": "2026-11-21T07:59:59.990000Z", "queuedMs": 10, "totalMs": 5_730 },
    })
}

fn text_of(explanation: Value) -> String {
    console::set_colors_enabled(false);
    let detail = Detail { width: None, is_long: true };
    explanation_in_words(&serde_json::from_value(explanation).unwrap(), detail) + "\n"
}

#[test]
fn a_text_tells_every_decision() {
    let text = text_of(retried_once());
    for line in [
        "market order, 1 SOL -> USDC, at most 0.50 % worse than quoted",
        "accepted at 2026-11-21T07:59:59.990000Z, confirmed after 5.73 s, including 10 ms queued",
        "attempt 1, started at 2026-11-21T08:00:00.000000Z",
        "  selected   meteora gives more",
        "  rejected   raydium: 0.6 USDC (0.39 %) less than Meteora",
        "  bound      receive at least 149.3 USDC",
        "  built      wrap 1 SOL, swap on meteora",
        "  submitted  5abc to meteora, valid until block 150 (3 ms)",
        "  failed     slippage_exceeded: the price moved (2.41 s)",
        "             network fee 0.000005 SOL",
        "  retry      after 500 ms, at 2026-11-21T08:00:03.100000Z",
        "  confirmed  in slot 77: 149.9 USDC for 1 SOL at 149.9 USDC/SOL (2.41 s)",
        "quoted 150.1 USDC, realised 149.9 USDC: 0.14 % worse; up to 0.50 % worse was allowed",
    ] {
        assert!(text.lines().any(|written| written == line), "{line}\nis missing in\n{text}");
    }
    let row = |venue: &str| {
        let line = text.lines().find(|line| line.contains(venue) && line.contains("of 100"));
        line.unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("meteora"), "* meteora 1 150.1 150.1 0.02 % 0.30 % 90 of 100 201 ms");
    assert_eq!(row("raydium"), "raydium 1 149.5 149.5 0.02 % 0.30 % 90 of 100 201 ms");
}

#[test]
fn an_order_that_nobody_has_begun_has_a_text_too() {
    let mut explanation = retried_once();
    explanation["status"] = "pending".into();
    explanation["attempts"] = json!([]);
    explanation["result"] = Value::Null;
    explanation["timing"] = json!({ "acceptedAt": "2026-11-21T07:59:59.990000Z" });
    let text = text_of(explanation);
    assert!(text.ends_with("accepted at 2026-11-21T07:59:59.990000Z, pending\n"), "{text}");
}

#[test]
fn a_last_failure_says_why_nothing_follows() {
    let last = |retryable: bool| {
        let mut explanation = retried_once();
        let failure = json!({ "code": "no_route", "message": "m", "retryable": retryable });
        explanation["attempts"] = json!([{
            "attempt": 1, "startedAt": "2026-11-21T08:00:00.000000Z", "restarts": 0, "outcome": "failed",
            "instructions": [], "failure": failure, "timing": {},
        }]);
        text_of(explanation)
    };
    assert!(last(true).contains("no retry: that was the last attempt"));
    assert!(last(false).contains("no retry: it cannot succeed"));
}

#[test]
fn an_outage_that_ended_an_order_is_named() {
    let mut explanation = retried_once();
    let failure = json!({ "code": "quotes_unavailable", "message": "no venue quoted", "retryable": true });
    let wait = json!({ "failure": failure, "at": "2026-11-21T08:00:00Z", "until": "2026-11-21T08:00:01Z" });
    explanation["attempts"] = json!([{
        "attempt": 1, "startedAt": "2026-11-21T08:00:00Z", "restarts": 0, "outcome": "failed",
        "instructions": [], "failure": failure, "waits": [wait, wait], "timing": {},
    }]);
    let text = text_of(explanation);
    assert!(text.contains("waited     2 times, last until 2026-11-21T08:00:01.000000Z"), "{text}");
    assert!(text.contains("no retry: the outage lasted too long (OUTAGE_DEADLINE_MS)"), "{text}");
}

#[test]
fn a_failure_is_named_once() {
    let mut explanation = retried_once();
    explanation["attempts"][0]["failure"]["message"] = "slippage exceeded: the swap receives 1 USDC".into();
    let text = text_of(explanation);
    assert!(text.contains("  failed     slippage exceeded: the swap receives 1 USDC (2.41 s)"), "{text}");
}
