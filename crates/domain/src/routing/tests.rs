use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::{Address, Amount, FeeRate, Name, PoolRef, Timestamp, Token, TokenAmount};

fn quote(venue: VenueId, amount_in: u64, amount_out: u64, liquidity_score: u8, latency_ms: u32) -> Quote {
    Quote {
        venue,
        pool: None,
        amount_in: TokenAmount::new(Token::SOL, Amount(amount_in)),
        amount_out: TokenAmount::new(Token::well_known("USDC").unwrap(), Amount(amount_out)),
        price: Decimal::ONE,
        price_impact_bps: 1,
        fee: TokenAmount::new(Token::SOL, Amount(1)),
        fee_rate: FeeRate { ppm: 2_500 },
        network_fee: None,
        liquidity_score,
        latency_ms,
        valid_until: Timestamp::default(),
        read_at_slot: None,
    }
}

fn left_out(venue: VenueId, code: FailureCode) -> VenueAnswer {
    VenueAnswer::LeftOut { venue, failure: Failure::at(venue, code, "no") }
}

const IN: SwapAmount = SwapAmount::ExactIn(Amount(100));
const OUT: SwapAmount = SwapAmount::ExactOut(Amount(100));

#[test]
fn exact_in_takes_the_most_out_and_exact_out_the_least_in() {
    let answers = || {
        vec![
            VenueAnswer::Quoted(quote(VenueId::RAYDIUM, 100, 1_000, 50, 1)),
            VenueAnswer::Quoted(quote(VenueId::METEORA, 101, 1_010, 50, 1)),
        ]
    };
    let decision = route(IN, answers()).unwrap();
    assert_eq!((decision.venue(), decision.advantage_bps), (VenueId::METEORA, Some(99)));
    let decision = route(OUT, answers()).unwrap();
    assert_eq!((decision.venue(), decision.advantage_bps), (VenueId::RAYDIUM, Some(100)));
    assert_eq!(decision.best.venue, VenueId::RAYDIUM);
}

#[test]
fn ties_go_to_the_deeper_pool_and_then_to_the_faster_venue() {
    let choose = |raydium: (u8, u32), meteora: (u8, u32)| {
        route(
            IN,
            vec![
                VenueAnswer::Quoted(quote(VenueId::RAYDIUM, 100, 1_000, raydium.0, raydium.1)),
                VenueAnswer::Quoted(quote(VenueId::METEORA, 100, 1_000, meteora.0, meteora.1)),
            ],
        )
        .unwrap()
        .venue()
    };
    assert_eq!(choose((50, 1), (60, 9)), VenueId::METEORA);
    assert_eq!(choose((50, 9), (50, 1)), VenueId::METEORA);
    assert_eq!(choose((50, 1), (50, 1)), VenueId::METEORA, "by name");
}

#[test]
fn a_venue_that_is_left_out_is_named_with_its_reason() {
    let decision = route(
        IN,
        vec![
            left_out(VenueId::RAYDIUM, FailureCode::QuotesUnavailable),
            VenueAnswer::Quoted(quote(VenueId::METEORA, 100, 1_000, 50, 1)),
        ],
    )
    .unwrap();
    assert_eq!(decision.venue(), VenueId::METEORA);
    assert_eq!(decision.others.len(), 1);
    assert!(decision.reason.contains("Raydium left out"), "{}", decision.reason);
}

#[test]
fn without_a_quote_the_failure_says_whether_trying_again_helps() {
    use FailureCode::{ChainUnavailable, InsufficientLiquidity, NoRoute, PoolUnavailable, QuotesUnavailable};
    let code = |codes: [FailureCode; 2]| {
        let answers = vec![left_out(VenueId::RAYDIUM, codes[0]), left_out(VenueId::METEORA, codes[1])];
        route(IN, answers).unwrap_err().code
    };
    assert_eq!(code([NoRoute, NoRoute]), NoRoute);
    assert_eq!(code([NoRoute, InsufficientLiquidity]), InsufficientLiquidity);
    assert_eq!(code([NoRoute, QuotesUnavailable]), QuotesUnavailable);
    assert_eq!(code([ChainUnavailable, PoolUnavailable]), QuotesUnavailable);
    // a pool that is closed is no outage: the order is tried again, and does not wait for minutes
    assert_eq!(code([PoolUnavailable, PoolUnavailable]), PoolUnavailable);
    assert_eq!(code([InsufficientLiquidity, PoolUnavailable]), PoolUnavailable);
    assert_eq!(route(IN, vec![]).unwrap_err().code, NoRoute);
}

proptest! {
    #[test]
    fn the_choice_is_the_best_and_does_not_depend_on_the_order_of_answers(
        a in (1u64.., 1u64.., 0u8..=100, 0u32..500), b in (1u64.., 1u64.., 0u8..=100, 0u32..500), exact_in: bool,
    ) {
        let amount = if exact_in { IN } else { OUT };
        let first = quote(VenueId::RAYDIUM, a.0, a.1, a.2, a.3);
        let second = quote(VenueId::METEORA, b.0, b.1, b.2, b.3);
        let one = route(amount, vec![VenueAnswer::Quoted(first.clone()), VenueAnswer::Quoted(second.clone())]).unwrap();
        let other = route(amount, vec![VenueAnswer::Quoted(second.clone()), VenueAnswer::Quoted(first.clone())]).unwrap();
        prop_assert_eq!(&one, &other);
        let best = &one.best;
        for quote in [&first, &second] {
            if exact_in {
                prop_assert!(best.amount_out.units >= quote.amount_out.units);
            } else {
                prop_assert!(best.amount_in.units <= quote.amount_in.units);
            }
        }
    }
}

#[test]
fn two_pools_of_one_venue_compete_and_a_stored_decision_keeps_the_winner() {
    let pool =
        |kind, byte| Some(PoolRef { kind: Name::from_static(kind), address: Address::new([byte; 32]) });
    let quoted = |kind, byte, amount_out| {
        let quote = quote(VenueId::RAYDIUM, 100, amount_out, 50, 1);
        VenueAnswer::Quoted(Quote { pool: pool(kind, byte), ..quote })
    };
    let answers = vec![
        quoted("cpmm", 1, 1_000),
        quoted("clmm", 2, 1_010),
        left_out(VenueId::METEORA, FailureCode::NoRoute),
    ];
    let decision = route(IN, answers).unwrap();
    assert_eq!(decision.best.pool, pool("clmm", 2));
    assert!(decision.reason.starts_with("Raydium (clmm) pays the most; Raydium (cpmm) 0.99 % less"));
    let json = serde_json::to_value(&decision).unwrap();
    assert_eq!(json["venue"], "raydium");
    assert_eq!(json["answers"].as_array().unwrap().len(), 3);
    assert_eq!(serde_json::from_value::<RoutingDecision>(json.clone()).unwrap(), decision);
    let mut without = json;
    without["venue"] = "meteora".into();
    assert!(serde_json::from_value::<RoutingDecision>(without).is_err());
}
