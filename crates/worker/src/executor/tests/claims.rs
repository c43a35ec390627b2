//! Claims: given back, lost, parked.

use super::*;

#[tokio::test(start_paused = true)]
async fn stopping_gives_the_claim_back_at_once() {
    let bench = Bench::new(false, &[Ok(Answer::Unknown), Ok(Answer::Unknown)]).await;
    let stop = CancellationToken::new();
    let (outcome, ()) = tokio::join!(bench.executor.execute(bench.order.id, &stop), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stop.cancel();
    });
    assert_eq!(outcome, ExecutionOutcome::Interrupted);
    assert_eq!(bench.execute().await, ExecutionOutcome::Confirmed, "without waiting for the lease to end");
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_never_answers_loses_its_orders_to_another_worker() {
    let bench = Bench::new(false, &[]).await;
    bench.chain.hangs.store(true, Ordering::SeqCst);
    assert_eq!(bench.execute().await, ExecutionOutcome::Interrupted, "the execution ends by itself");
    assert_eq!(bench.attempt_states().await, [AttemptState::Unresolved], "it may have been sent");
    bench.chain.hangs.store(false, Ordering::SeqCst);
    assert_eq!(
        bench.execute().await,
        ExecutionOutcome::Confirmed,
        "the order is free, its lease has not run out"
    );
    assert_eq!(*bench.chain.signed.lock().unwrap(), 1, "no second transaction was made");
    let due = bench.store.lease_due(1, Duration::ZERO).await.unwrap();
    assert!(due.is_empty(), "{due:?}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_chain_that_answers_keeps_its_orders() {
    // twenty answers, two seconds each: far longer than an execution may be silent
    let bench = Bench::new(false, &[Ok(Answer::Unknown); 20]).await;
    assert_eq!(bench.execute().await, ExecutionOutcome::Confirmed);
    assert_eq!(bench.sent(), 21);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_kills_its_executions_is_held_longer_each_time_and_never_failed() {
    let bench = Bench::new(false, &[]).await;
    bench.panics.store(true, Ordering::SeqCst);
    for _ in 0..PARKED_AFTER {
        assert_eq!(bench.execute().await, ExecutionOutcome::Interrupted);
        assert!(!bench.is_free().await, "its lease runs out first");
        bench.clock.advance(LEASE);
    }
    for doublings in 1..=3 {
        assert_eq!(bench.execute().await, ExecutionOutcome::Interrupted);
        bench.clock.advance(LEASE);
        assert!(!bench.is_free().await, "parked for longer than before");
        bench.clock.advance(LEASE * ((1 << doublings) - 1));
    }
    bench.panics.store(false, Ordering::SeqCst);
    assert_eq!(bench.execute().await, ExecutionOutcome::Confirmed, "it continues once the bug is fixed");
}

#[tokio::test(start_paused = true)]
async fn what_a_store_error_interrupted_does_not_count_against_the_order() {
    let bench = Bench::new(false, &[]).await;
    for _ in 0..3 * PARKED_AFTER {
        bench.store.refuse_commits(true);
        assert_eq!(bench.execute().await, ExecutionOutcome::Interrupted);
        bench.clock.advance(LEASE);
    }
    bench.store.refuse_commits(false);
    assert_eq!(bench.claim().await.lost_claims, 0);
    bench.clock.advance(LEASE);
    assert_eq!(bench.execute().await, ExecutionOutcome::Confirmed);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_was_given_back_often_is_as_good_as_any() {
    let bench = Bench::new(false, &[Ok(Answer::Unknown); 100]).await;
    for _ in 0..3 * PARKED_AFTER {
        let stop = CancellationToken::new();
        let (outcome, ()) = tokio::join!(bench.executor.execute(bench.order.id, &stop), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            stop.cancel();
        });
        assert_eq!(outcome, ExecutionOutcome::Interrupted);
    }
    assert_eq!(bench.claim().await.lost_claims, 0);
}
