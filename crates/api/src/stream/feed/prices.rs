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
        let mut index = 0;
        while let Some((_, ticks)) = self.0.get_mut(index) {
            match ticks.poll_next_unpin(context) {
                Poll::Ready(Some(Some(tick))) => {
                    // it is its turn again after the others: a slow client must get every pair
                    self.0.rotate_left(index + 1);
                    return Poll::Ready(tick);
                }
                Poll::Ready(Some(None)) => {} // before its first price a pair has none
                Poll::Ready(None) => drop(self.0.remove(index)),
                Poll::Pending => index += 1,
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use domain::{Amount, Timestamp, Token};
    use futures::FutureExt;
    use tokio::sync::watch;

    use super::*;

    fn tick(pair: Pair) -> Arc<Tick> {
        Arc::new(Tick { pair, at: Timestamp::default(), lot: Amount(1), venues: Vec::new() })
    }

    #[tokio::test]
    async fn a_client_that_reads_slowly_gets_every_pair_in_turn() {
        let pairs = ["USDC", "USDT", "JUP"].map(|name| [Token::SOL, Token::well_known(name).unwrap()]);
        let (senders, streams): (Vec<_>, Vec<_>) = pairs
            .iter()
            .map(|pair| {
                let (sender, receiver) = watch::channel(Some(tick(*pair)));
                (sender, (*pair, WatchStream::new(receiver)))
            })
            .unzip();
        let mut prices = Prices(streams);
        for turn in 0..7 {
            assert_eq!(prices.next().await.pair, pairs[turn % pairs.len()], "{turn}");
            for (sender, pair) in senders.iter().zip(pairs) {
                sender.send_replace(Some(tick(pair))); // all of them are ready each time
            }
        }
        drop(senders);
        while prices.next().now_or_never().is_some() {}
        assert!(prices.0.is_empty(), "nothing is left of what has ended");
    }
}
