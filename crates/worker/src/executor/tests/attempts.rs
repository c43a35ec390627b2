//! One attempt after the other.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_happy_path_writes_every_step_and_sends_once() {
    let bench = Bench::new(false, &[]).await;
    assert_eq!(bench.execute().await, ExecutionOutcome::Confirmed);
    assert_eq!(bench.kinds().await, HAPPY);
    assert_eq!((bench.sent(), bench.attempt_states().await), (1, vec![AttemptState::Landed]));
    assert_eq!(bench.execute().await, ExecutionOutcome::NotClaimed, "a repeated delivery does nothing");
}

#[tokio::test(start_paused = true)]
async fn a_reverted_attempt_is_tried_again_after_its_wait_and_fails_after_the_third() {
    let bench = Bench::new(false, &[Ok(Answer::Reverted); 3]).await;
    assert_eq!(bench.execute().await, ExecutionOutcome::Retrying);
    assert_eq!(bench.execute().await, ExecutionOutcome::NotClaimed, "not before its wait is over");
    bench.clock.advance(Duration::from_mins(1));
    assert_eq!(bench.execute().await, ExecutionOutcome::Retrying);
    bench.clock.advance(Duration::from_mins(1));
    assert_eq!(bench.execute().await, ExecutionOutcome::Failed);
    assert_eq!(bench.attempt_states().await, [AttemptState::Reverted; 3]);
    let order = bench.store.order(AccountId::DEFAULT, bench.order.id).await.unwrap().unwrap();
    assert_eq!((order.status, order.attempt), (OrderStatus::Failed, 3));
    let failure = order.failure.unwrap();
    assert_eq!(failure.code, FailureCode::SlippageExceeded, "the reason is kept");
    let charged = samples::charged(AttemptState::Reverted);
    assert_eq!(failure.network_fee, charged, "the events say what the attempt cost");
    let attempts = bench.store.attempts(AccountId::DEFAULT, bench.order.id).await.unwrap();
    assert!(attempts.iter().all(|attempt| attempt.network_fee == charged), "{attempts:?}");
    assert_eq!(bench.kinds().await.iter().filter(|kind| **kind == "failed").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_succeed_fails_at_once() {
    let bench = Bench::new(true, &[]).await;
    assert_eq!(bench.execute().await, ExecutionOutcome::Failed);
    assert_eq!(bench.kinds().await, ["accepted", "routing_started", "failed"]);
    assert_eq!(bench.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_is_not_seen_is_sent_again_with_the_same_bytes() {
    let bench = Bench::new(false, &[Ok(Answer::Unknown), Ok(Answer::Unknown)]).await;
    assert_eq!(bench.execute().await, ExecutionOutcome::Confirmed);
    let sent = bench.chain.sent.lock().unwrap().clone();
    assert_eq!(sent, vec![Signature::from_bytes(&[1; 64]); 3]);
}

#[tokio::test(start_paused = true)]
async fn an_expired_attempt_is_asked_about_twice_before_a_new_one_is_made() {
    // The first witness is alone: the second says the transaction landed after all.
    let bench = Bench::new(false, &[Ok(Answer::Expired), Ok(Answer::Landed), Ok(Answer::Landed)]).await;
    assert_eq!(bench.execute().await, ExecutionOutcome::Confirmed);
    assert_eq!(bench.attempt_states().await, [AttemptState::Landed]);

    let bench = Bench::new(false, &[Ok(Answer::Expired), Ok(Answer::Expired)]).await;
    assert_eq!(bench.execute().await, ExecutionOutcome::Retrying);
    bench.clock.advance(Duration::from_mins(1));
    assert_eq!(bench.execute().await, ExecutionOutcome::Confirmed);
    assert_eq!(bench.attempt_states().await, [AttemptState::Expired, AttemptState::Landed]);
}

#[tokio::test(start_paused = true)]
async fn the_tighter_bound_applies_to_every_attempt() {
    let quoted = samples::quote().amount_out.units.0;
    let least = |units| Some(domain::swap::SlippageBound::MinAmountOut(samples::usdc_units(units)));
    let around = quoted - quoted * 50 / 10_000;
    for (own, applied) in [(quoted, quoted), (1, around)] {
        let bench = Bench::with(&[Ok(Answer::Reverted)], |spec| spec.bound = least(own)).await;
        for attempt in [ExecutionOutcome::Retrying, ExecutionOutcome::Confirmed] {
            assert_eq!(bench.execute().await, attempt);
            bench.clock.advance(Duration::from_mins(1));
        }
        let events = bench.store.events(AccountId::DEFAULT, bench.order.id, 0, 100).await.unwrap();
        let bounds: Vec<_> = events
            .iter()
            .filter_map(|event| match &event.data {
                EventData::Building { bound: domain::swap::SlippageBound::MinAmountOut(least), .. } => {
                    Some(least.units.0)
                }
                _ => None,
            })
            .collect();
        assert_eq!(bounds, [applied; 2]);
    }
    let bench = Bench::with(&[], |spec| spec.bound = least(quoted + 1)).await;
    assert_eq!(bench.execute().await, ExecutionOutcome::Retrying);
    let failure = bench.row().await.failure.unwrap();
    assert_eq!(failure.code, FailureCode::BoundNotMet);
    let why = "the best quote gives 149.327092 USDC, less than the order's minimum of 149.327093 USDC";
    assert_eq!(failure.message, why);
    assert_eq!(bench.sent(), 0);
}
