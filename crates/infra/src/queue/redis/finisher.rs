//! Removes finished entries (hazards 7 and 12).

use std::sync::{Arc, LazyLock};

use batching::Batcher;
use futures::FutureExt;
use redis::{RedisResult, Script, aio::ConnectionManager};
use tokio_util::sync::CancellationToken;

use super::keys::Keys;
use crate::queue::dispatch::Finish;

/// Entries that are removed in one round trip at most.
const GROUP: usize = 512;

static FINISH: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/finish.lua")));

/// A finished task and the in-flight set of the worker that held it.
struct Finished {
    in_flight: Arc<str>,
    task_id: String,
}

/// Stands in for apalis' acknowledgement, which keeps every finished task for ever and kills the
/// worker when it comes late.
#[derive(Clone)]
pub(super) struct Finisher {
    removals: Batcher<Finished, bool>,
}

impl Finisher {
    pub(super) fn new(connection: ConnectionManager, keys: Keys) -> Self {
        let removals = Batcher::spawn(GROUP, GROUP, move |finished: Vec<Finished>| {
            let (connection, keys) = (connection.clone(), keys.clone());
            async move {
                let removed = remove(connection, &keys, &finished).await;
                if let Err(error) = &removed {
                    tracing::debug!(%error, "finished jobs could not be removed");
                }
                vec![removed.is_ok(); finished.len()]
            }
        });
        Self { removals }
    }

    /// The removal of tasks from one worker's in-flight set. What cannot be removed would stay
    /// there for as long as the worker lives, so `failed` then ends it: it puts back what it
    /// holds, and the entry is delivered again.
    pub(super) fn of(&self, in_flight: &str, failed: CancellationToken) -> Finish {
        let (removals, in_flight) = (self.removals.clone(), Arc::<str>::from(in_flight));
        Arc::new(move |task_id| {
            let (removals, failed) = (removals.clone(), failed.clone());
            let finished = Finished { in_flight: in_flight.clone(), task_id };
            async move {
                if removals.submit(finished).await != Ok(true) {
                    failed.cancel();
                }
            }
            .boxed()
        })
    }
}

async fn remove(mut connection: ConnectionManager, keys: &Keys, finished: &[Finished]) -> RedisResult<()> {
    let mut call = FINISH.prepare_invoke();
    call.key(&keys.data).arg(&keys.metadata);
    for task in finished {
        call.arg(&*task.in_flight).arg(&task.task_id);
    }
    call.invoke_async(&mut connection).await
}
