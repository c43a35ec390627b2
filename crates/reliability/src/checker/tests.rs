//! A run in which all is well, and every way to break it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use domain::{
    Address, CancelRequest, EventData, Order, OrderStatus, ProgramError, Swap, Timestamp,
    ports::{Attempt, AttemptState},
    swap::SlippageBound,
};
use protocol::CancelOutcome;
use serde_json::json;
use testkit::samples;
use venues::simulated::transaction_log::{Entry, LandingOutcome};

use super::*;

const MAX_ATTEMPTS: u32 = 2;

/// An order whose first attempt reverts and whose second one lands or reverts too.
fn order(key: &str, succeeds: bool) -> (OrderRecord, Vec<Entry>) {
    let acceptance = samples::acceptance();
    let (mut order, mut events) = (acceptance.order, vec![acceptance.event]);
    let (mut attempts, mut entries) = (Vec::new(), Vec::new());
    for number in 1..=MAX_ATTEMPTS {
        for step in samples::steps_to_building() {
            apply(&mut order, &mut events, step);
        }
        let mut attempt = samples::attempt(&order);
        apply(&mut order, &mut events, samples::submitted(&attempt));
        let failure = samples::failure();
        let outcome = if number < MAX_ATTEMPTS {
            let next_attempt_at = order.updated_at;
            apply(&mut order, &mut events, EventData::Retrying { failure: failure.clone(), next_attempt_at });
            reverted(1)
        } else if succeeds {
            let fill = samples::fill(&attempt);
            apply(&mut order, &mut events, EventData::Confirmed { fill: fill.clone(), after_expiry: false });
            LandingOutcome::Landed(samples::landed())
        } else {
            apply(&mut order, &mut events, EventData::Failed { failure: failure.clone() });
            reverted(2)
        };
        // the reverted entries are of an earlier version, whose fees are unknown
        (attempt.state, attempt.network_fee) = match &outcome {
            LandingOutcome::Landed(landed) => (AttemptState::Landed, landed.network_fee),
            _ => (AttemptState::Reverted, None),
        };
        entries.push(entry(&attempt, outcome));
        attempts.push(attempt);
    }
    let shown = Some(events.iter().map(|event| serde_json::to_value(event).unwrap()).collect());
    (OrderRecord { key: Some(key.to_owned()), order, events, shown, attempts }, entries)
}

/// One event of each order after the other, as a client of all orders may see them.
fn feed(orders: &[OrderRecord]) -> FeedRecord {
    let mut events: Vec<_> = orders
        .iter()
        .flat_map(|record| record.events.iter().map(|event| (record.order.id, event.seq, event.status)))
        .collect();
    events.sort_by_key(|(_, seq, _)| *seq);
    FeedRecord { events, connections: 2, last_error: None }
}

fn apply(order: &mut Order, events: &mut Vec<domain::Event>, data: EventData) {
    let now = order.updated_at;
    events.push(order.apply(data, now).unwrap());
}

fn reverted(slot: u64) -> LandingOutcome {
    let error = ProgramError {
        program: Address::new([9; 32]),
        code: Some(6_005),
        name: Some("ExceededSlippage".to_owned()),
        message: "the price moved".to_owned(),
    };
    LandingOutcome::Failed { slot, error }
}

fn entry(attempt: &Attempt, outcome: LandingOutcome) -> Entry {
    let swap = Swap {
        venue: attempt.venue,
        pool: None,
        request: samples::spec().request,
        bound: SlippageBound::MinAmountOut(samples::usdc_units(1)),
    };
    let bytes = json!({ "recentBlockHash": "", "lastValidBlockHeight": 1, "nonce": "", "swap": swap });
    Entry {
        signature: attempt.transaction.signature.clone(),
        signed_bytes: Some(bytes.to_string().into_bytes()),
        received_at: Timestamp::from_unix_millis(0),
        settles_at: Timestamp::from_unix_millis(0),
        outcome,
        accounts: Vec::new(),
    }
}

fn clean() -> Evidence {
    let (confirmed, mut transactions) = order("a", true);
    let (failed, more) = order("b", false);
    transactions.extend(more);
    let orders = vec![confirmed, failed];
    let requests = orders
        .iter()
        .map(|record| RequestRecord {
            key: record.key.clone().unwrap(),
            replies: vec![Reply::Acknowledged(record.order.id); 2],
            cancel: None,
        })
        .collect();
    let follows = orders
        .iter()
        .map(|record| FollowRecord {
            order_id: record.order.id,
            events: record.shown.clone().unwrap(),
            connections: 3,
            has_ended: true,
        })
        .collect();
    let feeds = vec![feed(&orders)];
    let leftovers = Vec::new();
    Evidence {
        max_attempts: MAX_ATTEMPTS,
        requests,
        follows,
        feeds,
        orders,
        transactions,
        wallets: Vec::new(),
        leftovers,
    }
}

/// The rules that are broken once `break_it` has had its way; the first order is confirmed, the
/// second has failed.
fn broken(break_it: impl FnOnce(&mut Evidence)) -> BTreeSet<Rule> {
    let mut evidence = clean();
    let feeds = evidence.feeds.clone();
    break_it(&mut evidence);
    if evidence.feeds == feeds {
        evidence.feeds = vec![feed(&evidence.orders)]; // they show what is stored, broken or not
    }
    check(&evidence).into_iter().map(|violation| violation.rule).collect()
}

#[test]
fn a_run_in_which_all_is_well_breaks_nothing() {
    assert_eq!(broken(|_| {}), BTreeSet::new());
}

#[test]
fn a_lost_order_is_found() {
    let rules = broken(|evidence| {
        evidence.orders.remove(1);
    });
    assert!(rules.contains(&Rule::AcknowledgedExists));
    assert!(rules.contains(&Rule::WrittenAhead), "its transactions belong to no order");
}

#[test]
fn an_order_that_never_ends_is_found() {
    let rules = broken(|evidence| {
        evidence.orders[0].order.status = OrderStatus::Submitted;
        evidence.orders[0].events.pop();
    });
    assert!(rules.contains(&Rule::Terminates));
}

#[test]
fn a_second_landing_is_found() {
    let rules = broken(|evidence| {
        evidence.transactions[0].outcome = LandingOutcome::Landed(samples::landed());
    });
    assert!(rules.contains(&Rule::LandsOnce));
    assert!(rules.contains(&Rule::AttemptsResolved), "the attempt says that it reverted");
}

#[test]
fn a_landing_that_the_status_denies_is_found_both_ways() {
    let denied = broken(|evidence| {
        evidence.transactions[3].outcome = LandingOutcome::Landed(samples::landed());
    });
    assert!(denied.contains(&Rule::StatusTellsTheTruth));
    let invented = broken(|evidence| {
        evidence.transactions[1].outcome = LandingOutcome::Expired;
    });
    assert!(invented.contains(&Rule::StatusTellsTheTruth));
}

#[test]
fn a_fill_that_the_chain_does_not_know_is_found() {
    let rules = broken(|evidence| {
        let LandingOutcome::Landed(landed) = &mut evidence.transactions[1].outcome else {
            panic!("it landed")
        };
        landed.pool_changes[1].delta -= 1;
    });
    assert_eq!(rules, BTreeSet::from([Rule::FillIsTrue]));
}

#[test]
fn a_trade_beyond_its_bound_is_found() {
    let rules = broken(|evidence| {
        let bytes = evidence.transactions[1].signed_bytes.as_mut().unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        *bytes = text.replace(r#""units":"1""#, r#""units":"9999999999""#).into_bytes();
    });
    assert_eq!(rules, BTreeSet::from([Rule::KeepsItsBound]));
}

#[test]
fn a_transaction_that_was_never_written_ahead_is_found() {
    let rules = broken(|evidence| {
        let stray = samples::attempt(&evidence.orders[0].order);
        evidence.transactions.push(entry(&stray, LandingOutcome::Expired));
    });
    assert_eq!(rules, BTreeSet::from([Rule::WrittenAhead]));
}

#[test]
fn an_attempt_that_is_left_open_is_found() {
    let rules = broken(|evidence| evidence.orders[1].attempts[0].state = AttemptState::Unresolved);
    assert_eq!(rules, BTreeSet::from([Rule::AttemptsResolved]));
}

#[test]
fn a_fee_that_the_record_does_not_have_is_found() {
    let rules = broken(|evidence| evidence.orders[0].attempts[1].network_fee = None);
    assert_eq!(rules, BTreeSet::from([Rule::FeesAreKept]));
}

#[test]
fn a_gap_in_the_events_is_found() {
    let rules = broken(|evidence| {
        evidence.orders[0].events.remove(2);
    });
    assert!(rules.contains(&Rule::Gapless));
    assert!(rules.contains(&Rule::FoldIsRow));
}

#[test]
fn a_step_that_the_lifecycle_does_not_know_is_found() {
    let rules = broken(|evidence| {
        evidence.orders[0].events.swap(2, 3);
        for (event, seq) in evidence.orders[0].events.iter_mut().zip(1..) {
            event.seq = seq;
        }
    });
    assert!(rules.contains(&Rule::LegalTransitions));
}

#[test]
fn a_second_end_is_found() {
    let rules = broken(|evidence| {
        let mut again = evidence.orders[1].events.last().unwrap().clone();
        again.seq += 1;
        evidence.orders[1].events.push(again);
    });
    assert!(rules.contains(&Rule::OneEnd));
}

#[test]
fn failing_before_the_last_attempt_and_retrying_after_it_are_found() {
    let early = broken(|evidence| evidence.max_attempts = 3);
    assert!(early.contains(&Rule::FailsLast));
    let late = broken(|evidence| evidence.max_attempts = 1);
    assert!(late.contains(&Rule::FailsLast));
}

#[test]
fn a_row_that_is_not_the_fold_of_its_events_is_found() {
    let rules = broken(|evidence| {
        evidence.orders[0].order.updated_at = Timestamp::from_unix_millis(1);
    });
    assert_eq!(rules, BTreeSet::from([Rule::FoldIsRow]));
}

#[test]
fn two_orders_of_one_key_are_found_also_when_no_reply_arrived() {
    let stored = broken(|evidence| {
        for request in &mut evidence.requests {
            request.replies.clear();
        }
        evidence.orders[1].key = evidence.orders[0].key.clone();
    });
    assert_eq!(stored, BTreeSet::from([Rule::OneOrderPerKey]));
    let as_client_order_id = broken(|evidence| {
        let key = evidence.orders[0].key.clone();
        evidence.orders[1].order.client_order_id = key;
    });
    assert!(as_client_order_id.contains(&Rule::OneOrderPerKey));
    let shown = broken(|evidence| {
        let other = Reply::Acknowledged(evidence.orders[1].order.id);
        evidence.requests[0].replies.push(other);
    });
    assert_eq!(shown, BTreeSet::from([Rule::OneOrderPerKey]));
}

#[test]
fn an_order_that_nobody_asked_for_or_that_lost_its_key_is_found() {
    let expected = BTreeSet::from([Rule::AskedFor]);
    assert_eq!(broken(|evidence| drop(evidence.requests.pop())), expected);
    assert_eq!(broken(|evidence| evidence.orders[0].key = None), expected);
}

#[test]
fn an_attempt_without_its_event_is_found() {
    let rules = broken(|evidence| {
        evidence.orders[1].attempts.remove(0);
        evidence.transactions.remove(2);
    });
    assert_eq!(rules, BTreeSet::from([Rule::WrittenAhead]));
}

#[test]
fn an_api_that_keeps_an_event_to_itself_everywhere_is_found() {
    let rules = broken(|evidence| {
        evidence.follows[0].events.remove(3);
        evidence.orders[0].shown.as_mut().unwrap().remove(3);
    });
    assert_eq!(rules, BTreeSet::from([Rule::ShownIsStored]));
}

#[test]
fn a_feed_that_misses_repeats_or_turns_round_is_found() {
    let expected = BTreeSet::from([Rule::FeedIsComplete]);
    assert_eq!(broken(|evidence| _ = evidence.feeds[0].events.remove(2)), expected);
    assert_eq!(broken(|evidence| _ = evidence.feeds[0].events.pop()), expected);
    assert_eq!(broken(|evidence| evidence.feeds[0].events.reverse()), expected);
    assert_eq!(
        broken(|evidence| evidence.feeds[0].events.push((samples::order_id(), 1, OrderStatus::Pending))),
        expected
    );
    let repeated = broken(|evidence| {
        let first = evidence.feeds[0].events[0];
        evidence.feeds[0].events.push(first);
    });
    assert_eq!(repeated, expected);
}

#[test]
fn a_stream_that_misses_repeats_changes_or_never_ends_is_found() {
    let expected = BTreeSet::from([Rule::StreamIsComplete]);
    assert_eq!(broken(|evidence| drop(evidence.follows[0].events.remove(3))), expected);
    assert_eq!(broken(|evidence| drop(evidence.follows[0].events.pop())), expected);
    assert_eq!(
        broken(|evidence| {
            let again = evidence.follows[0].events[2].clone();
            evidence.follows[0].events.insert(3, again);
        }),
        expected
    );
    assert_eq!(broken(|evidence| evidence.follows[0].events[1]["attempt"] = json!(9)), expected);
    assert_eq!(broken(|evidence| evidence.follows[0].has_ended = false), expected);
}

#[test]
fn what_is_left_in_redis_is_found_and_a_refused_request_is_not_missed() {
    assert_eq!(
        broken(|evidence| evidence.leftovers.push("jobs:data holds 3".to_owned())),
        BTreeSet::from([Rule::Leftover])
    );
    let replies = vec![Reply::Refused, Reply::Short];
    let refused = RequestRecord { key: "c".to_owned(), replies, cancel: None };
    assert_eq!(broken(|evidence| evidence.requests.push(refused)), BTreeSet::new());
}

#[test]
fn a_violation_tells_the_whole_history_of_its_order() {
    let mut evidence = clean();
    evidence.orders[0].attempts[0].state = AttemptState::Unresolved;
    let text = check(&evidence)[0].to_string();
    for part in ["AttemptsResolved", "row", "routing", "Unresolved", "on chain", "landed"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

/// The second order of a clean run, which failed, ends otherwise instead.
fn with_end(evidence: &mut Evidence, end: EventData) {
    let record = &mut evidence.orders[1];
    record.events.pop();
    let id = record.order.id;
    let mut order = Order::fold(id, record.order.account, None, &record.events).unwrap();
    order.client_order_id.clone_from(&record.order.client_order_id);
    apply(&mut order, &mut record.events, end);
    record.order = order;
    record.shown = None;
    evidence.follows.pop();
}

fn canceled() -> EventData {
    EventData::Canceled { requested_at: Timestamp::default(), failure: None }
}

#[test]
fn an_attempt_after_a_request_to_cancel_is_found() {
    let after = |after_seq: u32| {
        broken(move |evidence| {
            with_end(evidence, canceled());
            let at = Timestamp::default();
            evidence.orders[1].order.cancel_request = Some(CancelRequest { at, after_seq });
        })
    };
    let before_last = u32::try_from(order("x", false).0.events.len()).unwrap() - 1;
    assert_eq!(after(before_last), BTreeSet::new(), "a cancel that was in time");
    assert_eq!(
        after(before_last - 1),
        BTreeSet::from([Rule::CancelHolds]),
        "something was submitted after it"
    );
    assert_eq!(broken(|evidence| with_end(evidence, canceled())), BTreeSet::from([Rule::CancelHolds]));
}

#[test]
fn a_client_that_was_told_of_a_cancel_finds_it() {
    let shown = |reply| broken(move |evidence| evidence.requests[1].cancel = Some(reply));
    assert_eq!(shown(CancelOutcome::AlreadyTerminal), BTreeSet::new());
    for reply in [CancelOutcome::Canceled, CancelOutcome::CancelRequested, CancelOutcome::NotFound] {
        assert_eq!(shown(reply), BTreeSet::from([Rule::CancelHolds]));
    }
}

#[test]
fn an_order_that_expires_early_or_is_submitted_late_is_found() {
    let expiring = |seconds: i64| {
        broken(move |evidence| {
            let at = evidence.orders[1].order.created_at.unix_micros() + seconds * 1_000_000;
            let expires_at = Timestamp::from_unix_micros(at);
            let record = &mut evidence.orders[1];
            let EventData::Accepted { order, .. } = &mut record.events[0].data else {
                panic!("it is accepted")
            };
            order.expires_at = Some(expires_at);
            record.order.spec.expires_at = Some(expires_at);
            with_end(evidence, EventData::Expired { expires_at, failure: None });
        })
    };
    assert_eq!(expiring(0), BTreeSet::new(), "all within the second that a worker may take");
    assert_eq!(expiring(10), BTreeSet::from([Rule::ExpiryHolds]), "early");
    assert_eq!(expiring(-10), BTreeSet::from([Rule::ExpiryHolds]), "submitted late");
}
