//! Groups concurrent calls into batches without adding delay: an idle batcher runs a single item
//! at once; while a batch is in flight the next items gather and go together.

use std::{future::Future, sync::Arc};

use tokio::sync::{Mutex, mpsc, oneshot};

/// The batcher has stopped (its runtime is shutting down) or its function lost the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("batcher stopped")]
pub struct Stopped;

/// Accepts items one by one and hands them to a function in batches. Cheap to clone.
///
/// A batch runs in a task of its own, so a caller that goes away cannot abandon a half-run transaction.
/// Whether an item whose caller went away before its batch began is still run is up to the function:
/// [`Call::is_abandoned`].
pub struct Batcher<T, R> {
    sender: mpsc::Sender<Call<T, R>>,
}

/// An item and the caller who waits for its result.
pub struct Call<T, R> {
    pub item: T,
    pub reply: Reply<R>,
}

/// Where the result of an item goes. Dropped without a result, its caller gets [`Stopped`].
pub struct Reply<R>(oneshot::Sender<R>);

impl<R> Reply<R> {
    /// Answers the caller, who may be gone.
    pub fn send(self, result: R) {
        let _ = self.0.send(result);
    }

    /// Whether the caller has stopped waiting.
    pub fn is_abandoned(&self) -> bool {
        self.0.is_closed()
    }
}

impl<T, R> Clone for Batcher<T, R> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone() }
    }
}

impl<T: Send + 'static, R: Send + 'static> Batcher<T, R> {
    /// Starts a batcher on the current runtime, with one batch in flight at a time. `run` gets
    /// between one and `max_batch` items and must answer each of them, in order. At most `capacity`
    /// items wait; more callers are held back. An item runs even if its caller goes away.
    pub fn spawn<F, Fut>(max_batch: usize, capacity: usize, run: F) -> Self
    where
        F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Vec<R>> + Send + 'static,
    {
        Self::spawn_several(1, max_batch, capacity, move |calls: Vec<Call<T, R>>| {
            let (items, replies): (Vec<T>, Vec<Reply<R>>) =
                calls.into_iter().map(|call| (call.item, call.reply)).unzip();
            let running = run(items);
            async move {
                let results = running.await;
                if results.len() != replies.len() {
                    tracing::error!(items = replies.len(), results = results.len(), "a batch lost results");
                }
                replies.into_iter().zip(results).for_each(|(reply, result)| reply.send(result));
            }
        })
    }

    /// Like [`Self::spawn`], with up to `in_flight` batches at a time, and a function that answers each
    /// caller as soon as its item is done.
    pub fn spawn_several<F, Fut>(in_flight: usize, max_batch: usize, capacity: usize, run: F) -> Self
    where
        F: Fn(Vec<Call<T, R>>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(capacity);
        let (receiver, run) = (Arc::new(Mutex::new(receiver)), Arc::new(run));
        for _ in 0..in_flight {
            tokio::spawn(drain(receiver.clone(), max_batch, run.clone()));
        }
        Self { sender }
    }

    /// Adds an item and waits for its result.
    ///
    /// # Errors
    /// [`Stopped`] when the batcher is gone; whether the item ran is then unknown.
    pub async fn submit(&self, item: T) -> Result<R, Stopped> {
        let (reply, result) = oneshot::channel();
        self.sender.send(Call { item, reply: Reply(reply) }).await.map_err(|_| Stopped)?;
        result.await.map_err(|_| Stopped)
    }
}

async fn drain<T, R, F, Fut>(receiver: Arc<Mutex<mpsc::Receiver<Call<T, R>>>>, max_batch: usize, run: Arc<F>)
where
    F: Fn(Vec<Call<T, R>>) -> Fut,
    Fut: Future<Output = ()>,
{
    let mut waiting = Vec::with_capacity(max_batch);
    // The task that waits for items holds the lock, so they go to one batch, not one by one to several.
    while receiver.lock().await.recv_many(&mut waiting, max_batch).await > 0 {
        run(std::mem::take(&mut waiting)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn items_gather_while_a_batch_is_in_flight_and_each_gets_its_own_result() {
        let gate = Arc::new(Semaphore::new(0));
        let (started, mut sizes_begun) = mpsc::unbounded_channel();
        let batcher = {
            let gate = gate.clone();
            Batcher::spawn(10, 100, move |items: Vec<u32>| {
                started.send(items.len()).unwrap();
                let gate = gate.clone();
                async move {
                    gate.acquire().await.unwrap().forget();
                    let size = items.len();
                    items.into_iter().map(|item| (item, size)).collect()
                }
            })
        };
        let first = tokio::spawn({
            let batcher = batcher.clone();
            async move { batcher.submit(0).await }
        });
        assert_eq!(sizes_begun.recv().await, Some(1));
        let rest: Vec<_> = (1..=5)
            .map(|item| {
                let batcher = batcher.clone();
                tokio::spawn(async move { batcher.submit(item).await })
            })
            .collect();
        while batcher.sender.capacity() > 95 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(2);
        let mut sizes = vec![first.await.unwrap().unwrap()];
        for task in rest {
            sizes.push(task.await.unwrap().unwrap());
        }
        assert_eq!(sizes, [(0, 1), (1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]);
    }

    #[tokio::test]
    async fn several_batches_may_be_in_flight_and_no_more() {
        let gate = Arc::new(Semaphore::new(0));
        let (started, mut sizes_begun) = mpsc::unbounded_channel();
        let batcher = {
            let gate = gate.clone();
            Batcher::spawn_several(2, 10, 100, move |calls: Vec<Call<u32, u32>>| {
                started.send(calls.len()).unwrap();
                let gate = gate.clone();
                async move {
                    gate.acquire().await.unwrap().forget();
                    for call in calls {
                        call.reply.send(call.item);
                    }
                }
            })
        };
        let mut callers = Vec::new();
        for item in 0..2 {
            let batcher = batcher.clone();
            callers.push(tokio::spawn(async move { batcher.submit(item).await }));
            assert_eq!(sizes_begun.recv().await, Some(1));
        }
        for item in 2..5 {
            let batcher = batcher.clone();
            callers.push(tokio::spawn(async move { batcher.submit(item).await }));
        }
        while batcher.sender.capacity() > 97 {
            tokio::task::yield_now().await;
        }
        assert!(sizes_begun.try_recv().is_err(), "two are in flight");
        gate.add_permits(3);
        assert_eq!(sizes_begun.recv().await, Some(3));
        for (item, caller) in (0..).zip(callers) {
            assert_eq!(caller.await.unwrap(), Ok(item));
        }
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_does_not_cancel_its_item() {
        let (done, mut ran) = mpsc::unbounded_channel();
        let batcher = Batcher::spawn(1, 1, move |items: Vec<u32>| {
            let done = done.clone();
            async move {
                tokio::task::yield_now().await;
                for item in &items {
                    done.send(*item).unwrap();
                }
                items
            }
        });
        let caller = tokio::spawn({
            let batcher = batcher.clone();
            async move { batcher.submit(7).await }
        });
        tokio::task::yield_now().await;
        caller.abort();
        assert_eq!(ran.recv().await, Some(7));
    }

    #[tokio::test]
    async fn a_caller_is_answered_when_its_item_is_done_not_when_its_batch_is() {
        let batcher = Batcher::spawn_several(1, 10, 10, |calls: Vec<Call<&str, ()>>| async move {
            for call in calls {
                if call.item == "slow" {
                    std::future::pending::<()>().await;
                }
                call.reply.send(());
            }
        });
        let (quick, slow) = (batcher.submit("quick"), batcher.submit("slow"));
        tokio::select! {
            biased;
            Ok(()) = quick => {}
            _ = slow => panic!("it never ends"),
        }
    }

    #[tokio::test]
    async fn an_item_whose_caller_is_gone_is_known_to_be_abandoned() {
        let (seen, mut are_abandoned) = mpsc::unbounded_channel();
        let gate = Arc::new(Semaphore::new(0));
        let batcher = {
            let gate = gate.clone();
            Batcher::spawn_several(1, 1, 10, move |calls: Vec<Call<(), ()>>| {
                let (seen, gate) = (seen.clone(), gate.clone());
                async move {
                    for call in calls {
                        seen.send(call.reply.is_abandoned()).unwrap();
                        gate.acquire().await.unwrap().forget();
                        call.reply.send(());
                    }
                }
            })
        };
        let submit = || {
            let batcher = batcher.clone();
            tokio::spawn(async move { batcher.submit(()).await })
        };
        let _first = submit();
        assert_eq!(are_abandoned.recv().await, Some(false));
        let second = submit();
        while batcher.sender.capacity() > 9 {
            tokio::task::yield_now().await;
        }
        second.abort();
        assert!(second.await.is_err());
        gate.add_permits(2);
        assert_eq!(are_abandoned.recv().await, Some(true));
    }
}
