//! The outcome of an attempt.

use super::*;

#[tokio::test(start_paused = true)]
async fn an_unreachable_chain_leaves_the_order_submitted_until_it_answers() {
    let bench = Bench::new(false, &[Err(()), Err(()), Err(())]).await;
    assert_eq!(bench.execute().await, ExecutionOutcome::Confirmed);
    assert_eq!(bench.kinds().await, HAPPY);
}

#[tokio::test(start_paused = true)]
async fn an_inherited_attempt_is_settled_before_anything_else() {
    // The first worker is cut off while it waits for its transaction.
    let bench = Bench::new(false, &[Ok(Answer::Unknown), Ok(Answer::Unknown)]).await;
    let cut = tokio::time::timeout(Duration::from_millis(500), bench.execute()).await;
    assert!(cut.is_err());
    assert_eq!(bench.attempt_states().await, [AttemptState::Unresolved]);
    bench.clock.advance(Duration::from_hours(2)); // its lease runs out
    assert_eq!(bench.execute().await, ExecutionOutcome::Confirmed);
    assert_eq!(*bench.chain.signed.lock().unwrap(), 1, "no second transaction was made");
    assert_eq!(bench.attempt_states().await, [AttemptState::Landed]);
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_gives_no_answer_keeps_no_slot_and_the_next_claim_settles() {
    let bench = Bench::new(false, &[Err(()); 1_000]).await;
    assert_eq!(bench.execute().await, ExecutionOutcome::Interrupted);
    assert_eq!(bench.attempt_states().await, [AttemptState::Unresolved]);
    assert_eq!(bench.row().await.status, OrderStatus::Submitted);
    assert!(!bench.is_free().await, "it is left alone for a while");
    bench.clock.advance(Duration::from_secs(30));
    assert_eq!(bench.claim().await.lost_claims, 0, "that counts for nothing");
    bench.clock.advance(LEASE);
    bench.chain.answers.lock().unwrap().clear();
    assert_eq!(bench.execute().await, ExecutionOutcome::Confirmed);
    assert_eq!(*bench.chain.signed.lock().unwrap(), 1, "no second transaction was made");
}

#[tokio::test(start_paused = true)]
async fn witnesses_that_never_agree_on_an_expiry_keep_no_slot() {
    for second in [Err(()), Ok(Answer::Unknown)] {
        let contradictions = [Ok(Answer::Expired), second].repeat(500);
        let bench = Bench::new(false, &contradictions).await;
        assert_eq!(bench.execute().await, ExecutionOutcome::Interrupted);
        assert_eq!(bench.attempt_states().await, [AttemptState::Unresolved]);
        let left = bench.chain.answers.lock().unwrap().len();
        assert!(left > 400, "the chain is asked with pauses: {left} of 1000 answers are left");
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_witness_that_saw_the_transaction_land_is_believed() {
    let bench = Bench::new(false, &[Ok(Answer::Expired), Ok(Answer::Landed)]).await;
    assert_eq!(bench.execute().await, ExecutionOutcome::Confirmed);
    assert_eq!(bench.kinds().await, HAPPY);
}
