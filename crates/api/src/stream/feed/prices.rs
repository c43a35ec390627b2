use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use futures::StreamExt;
use tokio_stream::wrappers::WatchStream;

use crate::prices::{Pair, Tick, Ticker};

/// The prices that a connection is sent. A client that reads slowly misses prices, but never the newest.
#[derive(Default)]
pub(super) struct Prices(Vec<(Pair, WatchStream<Option<Arc<Tick>>>)>);

impl Prices {
    /// Pairs of one connection.
    pub(super) const MOST: usize = 20;

    /// Adds pairs, unless there would be too many.
    pub(super) fn add(&mut self, pairs: Vec<Pair>, ticker: &Ticker) -> bool {
        let mut new: Vec<Pair> = Vec::new();
        for pair in pairs {
            if !new.contains(&pair) && self.0.iter().all(|(known, _)| *known != pair) {
                new.push(pair);
            }
        }
        let fits = self.0.len() + new.len() <= Self::MOST;
        if fits {
            self.0.extend(new.into_iter().map(|pair| (pair, WatchStream::new(ticker.watch(pair)))));
        }
        fits
    }

    pub(super) fn remove(&mut self, pairs: &[Pair]) {
        self.0.retain(|(pair, _)| !pairs.contains(pair));
    }

    /// The next price of a pair; waits for ever without pairs.
    pub(super) async fn next(&mut self) -> Arc<Tick> {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Arc<Tick>> {
        for (_, ticks) in &mut self.0 {
            // before its first price a pair has none
            while let Poll::Ready(Some(tick)) = ticks.poll_next_unpin(context) {
                if let Some(tick) = tick {
                    return Poll::Ready(tick);
                }
            }
        }
        Poll::Pending
    }
}
