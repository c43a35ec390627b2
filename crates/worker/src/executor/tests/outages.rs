//! Outages of venues, chain and signer.

use super::*;

#[tokio::test(start_paused = true)]
async fn an_outage_uses_up_no_attempt() {
    let bench = Bench::new(false, &[]).await;
    bench.chain.is_away.store(true, Ordering::SeqCst);
    for _ in 0..4 {
        assert_eq!(bench.execute().await, ExecutionOutcome::Waiting);
        let row = bench.row().await;
        assert_eq!((row.attempt, row.status), (1, OrderStatus::Routing));
        assert_eq!(row.failure.unwrap().code, FailureCode::ChainUnavailable);
        assert_eq!(bench.execute().await, ExecutionOutcome::NotClaimed, "not before its wait is over");
        bench.clock.advance(row.next_attempt_at.unwrap().since(bench.clock.now()));
    }
    bench.chain.is_away.store(false, Ordering::SeqCst);
    assert_eq!(bench.execute().await, ExecutionOutcome::Confirmed);
    assert_eq!(bench.row().await.attempt, 1);
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_lasts_fails_the_order_at_its_deadline() {
    let bench = Bench::new(false, &[]).await;
    bench.chain.is_away.store(true, Ordering::SeqCst);
    let began = bench.clock.now();
    let (mut waits, mut read) = (0, 0);
    while bench.execute().await == ExecutionOutcome::Waiting {
        waits += 1;
        let newly_read = bench.store.events_read() - read;
        assert!(newly_read <= 16, "{newly_read} events are read after {waits} waits, however many there are");
        read += newly_read;
        let row = bench.row().await;
        bench.clock.advance(row.next_attempt_at.unwrap().since(bench.clock.now()));
    }
    let row = bench.row().await;
    assert_eq!((row.status, row.attempt), (OrderStatus::Failed, 1));
    assert_eq!(
        bench.clock.now().since(began),
        Duration::from_mins(5),
        "the last wait ends with the deadline"
    );
    assert!((5..40).contains(&waits), "the waits grow: {waits}");
}

#[tokio::test(start_paused = true)]
async fn an_order_that_waits_for_an_outage_can_be_canceled_and_expires() {
    let bench = Bench::new(false, &[]).await;
    bench.chain.is_away.store(true, Ordering::SeqCst);
    assert_eq!(bench.execute().await, ExecutionOutcome::Waiting);
    assert!(matches!(bench.cancel().await, domain::ports::Cancellation::Claimed(_)));

    let bench = Bench::expiring(&[], Duration::from_millis(1)).await;
    bench.chain.is_away.store(true, Ordering::SeqCst);
    assert_eq!(bench.execute().await, ExecutionOutcome::Waiting);
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(bench.execute().await, ExecutionOutcome::Expired);
}

#[tokio::test(start_paused = true)]
async fn a_signer_that_cannot_be_reached_is_waited_for_and_one_that_refuses_is_not() {
    for (error, outcome, code) in [
        (SignerError::Unreachable("away".into()), ExecutionOutcome::Waiting, FailureCode::SignerUnavailable),
        (
            SignerError::Refused("not this program".into()),
            ExecutionOutcome::Failed,
            FailureCode::SigningRefused,
        ),
    ] {
        let mut bench = Bench::new(false, &[]).await;
        bench.executor.signer = Arc::new(FirstByte(Some(error)));
        assert_eq!(bench.execute().await, outcome);
        assert_eq!(bench.row().await.failure.unwrap().code, code);
        assert_eq!(bench.sent(), 0);
    }
}
