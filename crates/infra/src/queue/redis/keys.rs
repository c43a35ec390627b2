//! Names in Redis. Those of apalis-redis come from its own configuration, so that they cannot
//! disagree.

use std::time::Duration;

use apalis_core::worker::context::WorkerContext;
use apalis_redis::Config;

/// How often an apalis worker says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Heartbeats that a worker may miss before the others take its entries back (hazard 9).
const MISSED_HEARTBEATS: u8 = 3;
/// How long a worker may be silent before it counts as dead.
pub(super) const SILENT_FOR: Duration = Duration::from_secs(HEARTBEAT.as_secs() * MISSED_HEARTBEATS as u64);

/// The names of one queue.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) active: String,
    pub(super) scheduled: String,
    pub(super) data: String,
    pub(super) metadata: String,
    pub(super) workers: String,
    /// The counter that task ids come from.
    pub(super) last_task_id: String,
    /// The channel that rings when there is something to fetch.
    pub(super) doorbell: String,
    queue: String,
}

/// The names of one worker of the queue.
pub(super) struct WorkerKeys {
    pub(super) name: String,
    pub(super) metadata: String,
    pub(super) in_flight: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        let queue = format!("{prefix}:jobs");
        let config = Config::default().queue(&queue);
        Self {
            active: config.active_jobs_list(),
            scheduled: config.scheduled_jobs_set(),
            data: config.job_data_hash(),
            metadata: config.job_meta_hash(),
            workers: config.workers_set(),
            last_task_id: format!("{queue}:last-id"),
            doorbell: format!("{queue}:doorbell"),
            queue,
        }
    }

    /// The configuration of an apalis worker (hazards 7 to 10 and 12): apalis keeps neither locks
    /// nor results, says nothing on channels, and never holds more than a batch.
    pub(super) fn config(&self, batch_size: usize) -> Config {
        Config::default()
            .queue(&self.queue)
            .batch_size(batch_size)
            .heartbeat_interval(HEARTBEAT)
            .missed_heartbeats(MISSED_HEARTBEATS.into())
            .lock_tasks(false)
            .persist_results(false)
            .emit_events(false)
    }

    pub(super) fn worker(&self, name: String) -> WorkerKeys {
        let (config, context) = (self.config(1), WorkerContext::new(&name));
        let metadata = config.worker_metadata_key(&context);
        WorkerKeys { in_flight: config.inflight_set_for(&context), metadata, name }
    }
}
