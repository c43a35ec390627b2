//! The progress of executions, observed from outside them: whether one still moves, and how old the
//! oldest one is.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use metrics::gauge;
use strum::VariantArray;
use telemetry::metrics::catalogue;
use tokio::time::{Instant, sleep};

/// How often the age of the oldest execution is measured.
const MEASURE_EVERY: Duration = Duration::from_secs(1);

/// What an execution is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Step {
    /// The quotes of the venues.
    Quote,
    /// The instructions of the venue that was chosen.
    Build,
    /// The signature.
    Sign,
    /// The store.
    Commit,
    /// Sending the transaction.
    Send,
    /// The outcome of the transaction.
    Settle,
}

impl Step {
    /// The name in metrics and logs.
    pub(crate) fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The progress of one execution.
#[derive(Debug)]
pub(crate) struct Progress(Mutex<Seen>);

#[derive(Debug, Clone, Copy)]
struct Seen {
    step: Step,
    since: Instant,
    answered: Instant,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self(Mutex::new(Seen { step: Step::Commit, since: now, answered: now }))
    }

    /// The execution starts to wait for another step.
    pub(crate) fn enter(&self, step: Step) {
        let mut seen = self.seen();
        if seen.step != step {
            *seen = Seen { step, since: Instant::now(), ..*seen };
        }
    }

    /// The step has finished.
    pub(crate) fn answered(&self) {
        self.seen().answered = Instant::now();
    }

    /// How long the current step has been waiting.
    pub(crate) fn silent_for(&self) -> Duration {
        self.seen().answered.elapsed()
    }

    /// What the execution waits for.
    pub(crate) fn step(&self) -> Step {
        self.seen().step
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The executions of a worker.
#[derive(Debug, Default)]
pub(crate) struct RunningExecutions(Mutex<Running>);

#[derive(Debug, Default)]
struct Running {
    next: u64,
    all: BTreeMap<u64, Arc<Progress>>,
}

impl RunningExecutions {
    /// Counts an execution until its guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Execution {
        let progress = Arc::new(Progress::new());
        let mut running = self.running();
        running.next += 1;
        let number = running.next;
        running.all.insert(number, progress.clone());
        gauge!(catalogue::EXECUTIONS_RUNNING).increment(1);
        Execution { executions: self.clone(), number, progress }
    }

    /// Updates the gauges of the oldest executions for as long as it is polled.
    pub(crate) async fn measure(&self) {
        loop {
            for (step, age) in self.oldest() {
                gauge!(catalogue::EXECUTION_OLDEST, "step" => step.as_str()).set(age.as_secs_f64());
            }
            sleep(MEASURE_EVERY).await;
        }
    }

    /// How long the oldest execution has been in each step; zero where there is none.
    fn oldest(&self) -> Vec<(Step, Duration)> {
        let seen: Vec<Seen> = self.running().all.values().map(|progress| *progress.seen()).collect();
        let oldest = Step::VARIANTS.iter().map(|step| {
            let ages = seen.iter().filter(|seen| seen.step == *step).map(|seen| seen.since.elapsed());
            (*step, ages.max().unwrap_or_default())
        });
        oldest.collect()
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An execution that is counted.
pub(crate) struct Execution {
    executions: Arc<RunningExecutions>,
    number: u64,
    pub(crate) progress: Arc<Progress>,
}

impl Drop for Execution {
    fn drop(&mut self) {
        self.executions.running().all.remove(&self.number);
        gauge!(catalogue::EXECUTIONS_RUNNING).decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn age(executions: &RunningExecutions, step: Step) -> Duration {
        executions.oldest().into_iter().find(|(each, _)| *each == step).unwrap().1
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_execution_of_a_step_is_the_one_that_entered_it_first() {
        let executions = Arc::new(RunningExecutions::default());
        let (first, second) = (executions.begin(), executions.begin());
        first.progress.enter(Step::Settle);
        tokio::time::advance(Duration::from_secs(5)).await;
        first.progress.enter(Step::Settle);
        second.progress.enter(Step::Settle);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(age(&executions, Step::Settle), Duration::from_secs(6));
        assert_eq!(age(&executions, Step::Quote), Duration::ZERO);
        drop(first);
        assert_eq!(age(&executions, Step::Settle), Duration::from_secs(1));
    }
}
