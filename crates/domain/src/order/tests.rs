use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::{
    Amount, FailureCode, FeeRate, Quote, Signature, SwapAmount, Token, TokenAmount, VenueId,
    routing::{RoutingDecision, VenueAnswer},
    swap::{Instruction, SlippageBound},
};

fn usdc() -> Token {
    Token::well_known("USDC").unwrap()
}

fn spec() -> OrderSpec {
    OrderSpec {
        order_type: OrderType::Market,
        request: QuoteRequest {
            token_in: Token::SOL,
            token_out: usdc(),
            amount: SwapAmount::ExactIn(Amount(1_000_000_000)),
        },
        slippage_bps: Bps(50),
        wallet: None,
        tag: None,
        bound: Some(SlippageBound::MinAmountOut(TokenAmount::new(usdc(), Amount(148_000_000)))),
        expires_at: Some(Timestamp::from_unix_micros(1_700_000_060_000_000)),
        funding: None,
    }
}

fn order() -> (Order, Event) {
    Order::accept(
        OrderId(uuid::Uuid::from_u128(7)),
        AccountId::DEFAULT,
        Some("mine".into()),
        spec(),
        Timestamp::from_unix_micros(1_700_000_000_000_000),
    )
}

fn quote() -> Quote {
    Quote {
        venue: VenueId::METEORA,
        pool: None,
        amount_in: TokenAmount::new(Token::SOL, Amount(1_000_000_000)),
        amount_out: TokenAmount::new(usdc(), Amount(149_327_092)),
        price: Decimal::new(149_327_092, 6),
        price_impact_bps: 20,
        fee: TokenAmount::new(Token::SOL, Amount(2_000_000)),
        fee_rate: FeeRate { ppm: 2_000 },
        network_fee: None,
        liquidity_score: 80,
        latency_ms: 12,
        valid_until: Timestamp::from_unix_micros(1_700_000_001_000_000),
        read_at_slot: Some(7),
    }
}

fn first_instant() -> Timestamp {
    Timestamp::from_unix_micros(1_700_000_000_000_000)
}

fn every_event() -> Vec<EventData> {
    let failure = Failure::at(VenueId::METEORA, FailureCode::SlippageExceeded, "too far");
    vec![
        EventData::Accepted { order: spec(), origin: None },
        EventData::RoutingStarted,
        EventData::Routed {
            decision: Box::new(RoutingDecision {
                best: quote(),
                others: vec![VenueAnswer::LeftOut { venue: VenueId::RAYDIUM, failure: failure.clone() }],
                advantage_bps: None,
                reason: "only quote".into(),
            }),
        },
        EventData::Building {
            venue: VenueId::METEORA,
            bound: SlippageBound::MinAmountOut(TokenAmount::new(usdc(), Amount(1))),
            instructions: vec![Instruction::Swap { venue: VenueId::METEORA }, Instruction::UnwrapSol],
        },
        EventData::Submitted {
            venue: VenueId::METEORA,
            signature: Signature::from_bytes(&[7; 64]),
            last_valid_block_height: 150,
        },
        EventData::Confirmed {
            fill: Fill {
                venue: VenueId::METEORA,
                signature: Signature::from_bytes(&[7; 64]),
                slot: 42,
                amount_in: TokenAmount::new(Token::SOL, Amount(1_000_000_000)),
                amount_out: TokenAmount::new(usdc(), Amount(149_000_000)),
                fee: TokenAmount::new(Token::SOL, Amount(2_000_000)),
                network_fee: None,
                rent: crate::swap::Rent::default(),
                executed_price: Decimal::new(149, 0),
            },
            after_expiry: true,
        },
        EventData::Retrying {
            failure: failure.clone(),
            next_attempt_at: Timestamp::from_unix_micros(1_700_000_002_000_000),
        },
        EventData::Failed { failure: failure.clone() },
        EventData::Waiting { failure: failure.clone(), until: first_instant() },
        EventData::Canceled { requested_at: first_instant(), failure: None },
        EventData::Expired { expires_at: first_instant(), failure: Some(failure) },
    ]
}

#[test]
fn the_happy_path_walks_the_wire_statuses() {
    let (mut order, first) = order();
    let mut statuses = vec![first.status.as_str()];
    for index in [1, 2, 3, 4, 5] {
        statuses.push(order.apply(every_event()[index].clone(), first.at).unwrap().status.as_str());
    }
    assert_eq!(statuses, ["pending", "routing", "routing", "building", "submitted", "confirmed"]);
    assert!(order.status.is_terminal() && order.fill.is_some());
}

#[test]
fn a_retry_belongs_to_the_failed_attempt_and_begins_the_next() {
    let (mut order, first) = order();
    let events = every_event();
    order.apply(events[1].clone(), first.at).unwrap();
    let retry = order.apply(events[6].clone(), first.at).unwrap();
    assert_eq!((retry.attempt, retry.status, order.attempt), (1, OrderStatus::Routing, 2));
    assert_eq!(order.apply(events[1].clone(), first.at).unwrap().attempt, 2);
}

#[test]
fn nothing_follows_a_terminal_status_and_nothing_accepts_twice() {
    for data in every_event() {
        for status in OrderStatus::ALL.into_iter().filter(|status| status.is_terminal()) {
            assert!(status.after(data.kind()).is_err());
        }
    }
    for status in OrderStatus::ALL {
        assert!(status.after(EventKind::Accepted).is_err());
    }
}

#[test]
fn only_a_submitted_order_confirms() {
    for status in OrderStatus::ALL {
        assert_eq!(status.after(EventKind::Confirmed).is_ok(), status == OrderStatus::Submitted);
    }
}

#[test]
fn an_order_can_be_canceled_or_expire_until_it_ends() {
    for status in OrderStatus::ALL {
        for (kind, end) in
            [(EventKind::Canceled, OrderStatus::Canceled), (EventKind::Expired, OrderStatus::Expired)]
        {
            assert_eq!(status.after(kind).ok(), (!status.is_terminal()).then_some(end), "{status}");
        }
    }
    let (mut order, first) = order();
    let canceled = EventData::Canceled { requested_at: first.at, failure: None };
    let event = order.apply(canceled, first.at).unwrap();
    assert_eq!((event.attempt, order.attempt), (0, 0), "no attempt had begun");
}

#[test]
fn an_outage_uses_up_no_attempt() {
    let (mut order, first) = order();
    let events = every_event();
    order.apply(events[1].clone(), first.at).unwrap();
    let waiting = order.apply(events[8].clone(), first.at).unwrap();
    assert_eq!((waiting.status, waiting.attempt, order.attempt), (OrderStatus::Routing, 1, 1));
    assert!(order.next_attempt_at.is_some() && order.failure.is_some());
    assert_eq!(order.apply(events[1].clone(), first.at).unwrap().attempt, 1);
    assert_eq!(OrderStatus::Submitted.after(EventKind::Waiting).ok(), None, "it may have been sent");
}

#[test]
fn an_order_says_when_its_next_attempt_begins_while_it_waits_for_it() {
    let (mut order, first) = order();
    let events = every_event();
    order.apply(events[1].clone(), first.at).unwrap();
    order.apply(events[6].clone(), first.at).unwrap();
    assert_eq!(order.next_attempt_at, Some(Timestamp::from_unix_micros(1_700_000_002_000_000)));
    order.apply(events[1].clone(), first.at).unwrap();
    assert_eq!(order.next_attempt_at, None);
}

#[test]
fn statuses_and_kinds_have_the_names_they_are_stored_under() {
    for status in OrderStatus::ALL {
        assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        assert_eq!(status.as_str().parse(), Ok(status));
    }
    assert!(!OrderStatus::ALL.contains(&OrderStatus::Unknown));
    assert_eq!("sleeping".parse::<OrderStatus>(), Err(UnknownStatus));
}

#[test]
fn events_survive_json() {
    let (_, first) = order();
    for data in every_event() {
        let event = OrderEvent {
            order_id: OrderId(uuid::Uuid::from_u128(7)),
            account: AccountId::DEFAULT,
            event: Event { data, ..first.clone() },
        };
        let json = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<OrderEvent>(&json).unwrap(), event, "{json}");
        assert!(json.contains(&format!(r#""kind":"{}""#, event.event.data.kind_name())), "{json}");
    }
}

proptest! {
    #[test]
    fn folding_any_legal_history_gives_the_order(choices in prop::collection::vec(1usize..11, 0..40), step in 0i64..1_000_000) {
        let (mut live, first) = order();
        let origin = Origin { request_id: "desk-7".to_owned(), client: None };
        let first = first.placed_by((step % 2 == 0).then_some(origin));
        let mut history = vec![first.clone()];
        for (index, choice) in choices.into_iter().enumerate() {
            let at = Timestamp::from_unix_micros(first.at.unix_micros() + step * i64::try_from(index).unwrap());
            let before = live.clone();
            if let Ok(event) = live.apply(every_event()[choice].clone(), at) {
                history.push(event);
            } else {
                prop_assert_eq!(&live, &before);
            }
        }
        let seqs: Vec<u32> = history.iter().map(|event| event.seq).collect();
        prop_assert_eq!(seqs, (1..=u32::try_from(history.len()).unwrap()).collect::<Vec<_>>());
        let folded = Order::fold(live.id, live.account, live.client_order_id.clone(), &history);
        prop_assert_eq!(folded.as_ref(), Some(&live));
        if history.len() > 2 {
            history.remove(1);
            prop_assert_eq!(Order::fold(live.id, live.account, None, &history), None);
        }
    }
}

#[test]
fn what_only_a_later_version_knows_is_read_and_passed_on_as_it_is() {
    let event = r#"{"seq":2,"status":"asleep","attempt":0,"at":"2026-01-01T00:00:00.000000Z","data":{"kind":"asleep","until":7}}"#;
    let read: Event = serde_json::from_str(event).unwrap();
    assert_eq!((read.status, read.data.kind_name()), (OrderStatus::Unknown, "unknown"));
    assert!(serde_json::to_string(&read).unwrap().contains(r#""data":{"kind":"asleep","until":7}"#));
    let (mut order, _) = order();
    assert!(order.apply(read.data, read.at).is_err(), "it is never written");
}
