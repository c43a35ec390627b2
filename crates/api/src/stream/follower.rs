use std::{collections::VecDeque, sync::Arc};

use domain::{AccountId, Order, OrderId, ports::StoreError};
use tokio::{sync::broadcast, time::sleep};

use crate::pause::StorePause;

use super::{
    event::WireEvent,
    hub::{Hub, HubSignal},
};

/// Events read from the store at once.
const PAGE: u32 = 128;

/// One reader of one order's events: each exactly once, in order, without a gap, to the last.
pub(crate) struct Follower {
    hub: Arc<Hub>,
    heard: broadcast::Receiver<HubSignal>,
    account: AccountId,
    order_id: OrderId,
    /// The last event that was handed out.
    cursor: u32,
    /// Read from the store and not handed out yet.
    read: VecDeque<Arc<WireEvent>>,
    /// Whether the store may have events that were not read.
    is_behind: bool,
    /// The order's last event, once known.
    last_seq: Option<u32>,
}

impl Follower {
    pub(super) fn new(
        hub: Arc<Hub>,
        heard: broadcast::Receiver<HubSignal>,
        order: &Order,
        after: u32,
    ) -> Self {
        Self {
            hub,
            heard,
            account: order.account,
            order_id: order.id,
            cursor: after.min(order.last_seq),
            read: VecDeque::new(),
            is_behind: true,
            last_seq: order.status.is_terminal().then_some(order.last_seq),
        }
    }

    /// Which order it follows.
    pub(crate) fn order_id(&self) -> OrderId {
        self.order_id
    }

    /// The next event, or `None` after the last. A store that does not answer is waited for.
    pub(crate) async fn next(&mut self) -> Option<Arc<WireEvent>> {
        let mut pause = StorePause::new();
        loop {
            if let Some(event) = self.read.pop_front() {
                return Some(self.hand_out(event));
            }
            if self.last_seq.is_some_and(|last| self.cursor >= last) {
                return None;
            }
            if self.is_behind {
                if let Err(error) = self.read_store().await {
                    tracing::debug!(order_id = %self.order_id, %error, "waiting for the store");
                    sleep(pause.next()).await;
                }
                continue;
            }
            match self.heard.recv().await {
                Ok(HubSignal::Event(event)) if event.event.seq <= self.cursor => {}
                Ok(HubSignal::Event(event)) if event.event.seq == self.cursor + 1 => {
                    return Some(self.hand_out(event));
                }
                Ok(HubSignal::Event(_) | HubSignal::ReadStore)
                | Err(broadcast::error::RecvError::Lagged(_)) => {
                    self.is_behind = true;
                }
                // the hub keeps the sender for as long as this follower is counted
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    /// Stored events that were not handed out yet.
    pub(crate) async fn history(&mut self) -> Result<Vec<Arc<WireEvent>>, StoreError> {
        let mut history = Vec::new();
        while self.is_behind || !self.read.is_empty() {
            while let Some(event) = self.read.pop_front() {
                history.push(self.hand_out(event));
            }
            if self.is_behind {
                self.read_store().await?;
            }
        }
        Ok(history)
    }

    fn hand_out(&mut self, event: Arc<WireEvent>) -> Arc<WireEvent> {
        self.cursor = event.event.seq;
        if event.event.status.is_terminal() {
            self.last_seq = Some(event.event.seq);
        }
        event
    }

    /// Reads the next page. Cancellation safe.
    async fn read_store(&mut self) -> Result<(), StoreError> {
        let _turn = self.hub.reads.acquire().await.map_err(StoreError::unavailable)?;
        let events = self.hub.store.events(self.account, self.order_id, self.cursor, PAGE).await?;
        self.is_behind = events.len() == PAGE as usize;
        let wired = |event| Arc::new(WireEvent::new(self.order_id, event, self.hub.tokens.clone()));
        self.read.extend(events.into_iter().map(wired));
        Ok(())
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.hub.unfollow(self.order_id);
    }
}
