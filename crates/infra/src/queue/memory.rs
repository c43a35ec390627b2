//! The queue inside the process: apalis' memory storage over a bounded channel.
//!
//! `MemoryStorage::new` alone is unbounded and moves into the worker that reads it; over a channel
//! of our own it is bounded, knows its room, and can be read again after a stop.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use apalis::prelude::WorkerBuilder;
use apalis_core::{
    backend::memory::{MemorySink, MemoryStorage, MemoryStorageError},
    task::{Task, builder::TaskBuilder, task_id::TaskId},
};
use async_trait::async_trait;
use domain::{
    OrderId,
    ports::{ExecutionSlots, JobConsumer, JobQueue, QueueError, QueueState},
};
use futures::{FutureExt, SinkExt, StreamExt, future::BoxFuture, stream};
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc};

use super::{dispatch::Dispatch, record_gauges};

/// A queue for one process. Its entries are lost with the process, and the sweeper brings them
/// back.
pub struct MemoryQueue {
    sender: mpsc::Sender<OrderId>,
    receiver: Arc<Mutex<mpsc::Receiver<OrderId>>>,
    last_task_id: Arc<AtomicU64>,
    consuming: AtomicBool,
}

impl MemoryQueue {
    /// An empty queue that never holds more than `capacity` entries.
    ///
    /// # Panics
    /// If `capacity` is zero.
    pub fn new(capacity: usize) -> Self {
        let (sender, receiver) = mpsc::channel(capacity);
        Self {
            sender,
            receiver: Arc::new(Mutex::new(receiver)),
            last_task_id: Arc::default(),
            consuming: AtomicBool::new(false),
        }
    }

    /// The apalis backend that reads the channel.
    fn storage(&self, receiver: OwnedMutexGuard<mpsc::Receiver<OrderId>>) -> MemoryStorage<OrderId> {
        let last_task_id = self.last_task_id.clone();
        let tasks = stream::unfold(receiver, |mut receiver| async move {
            let order = receiver.recv().await?;
            Some((order, receiver))
        })
        .map(move |order| {
            let id = last_task_id.fetch_add(1, Ordering::Relaxed) + 1;
            TaskBuilder::new(order).task_id(TaskId::from_int(id)).build()
        });
        MemoryStorage::new_with(unused_sink(), tasks.boxed())
    }
}

/// The storage wants a sink too; entries are pushed into the channel instead.
fn unused_sink() -> MemorySink<OrderId> {
    let sink = futures::sink::drain::<Task<OrderId>>()
        .sink_map_err(|never: Infallible| -> MemoryStorageError { match never {} });
    MemorySink::new(Arc::new(futures::lock::Mutex::new(Box::new(sink))))
}

#[async_trait]
impl JobQueue for MemoryQueue {
    async fn push(&self, orders: &[OrderId]) -> Result<usize, QueueError> {
        let taken = orders.iter().take_while(|order| self.sender.try_send(**order).is_ok()).count();
        Ok(taken)
    }

    async fn state(&self) -> Result<QueueState, QueueError> {
        let capacity = self.sender.max_capacity();
        let waiting = capacity - self.sender.capacity();
        let state = QueueState { waiting, capacity, workers: usize::from(self.is_consuming()) };
        record_gauges(Some(state));
        Ok(state)
    }
}

#[async_trait]
impl JobConsumer for MemoryQueue {
    async fn run(&self, slots: Arc<dyn ExecutionSlots>, stop: BoxFuture<'static, ()>) {
        let work = async {
            let receiver = self.receiver.clone().lock_owned().await;
            let finish = Arc::new(|_| std::future::ready(()).boxed());
            let dispatch = Dispatch::new(slots, finish);
            let worker = WorkerBuilder::new("memory").backend(self.storage(receiver)).build(dispatch);
            self.consuming.store(true, Ordering::Relaxed);
            if let Err(error) = worker.run().await {
                tracing::error!(%error, "the in-memory queue stopped");
            }
        };
        tokio::select! {
            () = stop => {}
            () = work => {}
        }
        self.consuming.store(false, Ordering::Relaxed);
    }

    fn is_consuming(&self) -> bool {
        self.consuming.load(Ordering::Relaxed)
    }
}
