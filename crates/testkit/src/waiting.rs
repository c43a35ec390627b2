use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep};

/// Far beyond what any condition should need, so that only a condition that never comes true ends
/// here, and never a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until `probe` answers `true`.
///
/// # Panics
/// When it never does; `what` then says what was waited for.
pub async fn eventually<F, Fut>(what: &str, mut probe: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    eventually_some(what, || {
        let answer = probe();
        async move { answer.await.then_some(()) }
    })
    .await;
}

/// Waits until `probe` answers with something, and returns it.
///
/// # Panics
/// When it never does; `what` then says what was waited for.
pub async fn eventually_some<T, F, Fut>(what: &str, mut probe: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(answer) = probe().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} for: {what}");
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}
