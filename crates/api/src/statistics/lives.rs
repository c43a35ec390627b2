use std::collections::BTreeMap;

use domain::{Event, EventKind, OrderId, Timestamp};

/// Orders that are remembered. Events of older ones are not counted again, however late they come.
const MOST: usize = 20_000;

/// How far the counted events of orders go.
#[derive(Debug, Default)]
pub(super) struct Lives(BTreeMap<OrderId, Life>);

#[derive(Debug, Clone, Copy)]
struct Life {
    last_seq: u32,
    times: Times,
}

/// When an order was accepted, and when the stage that it is in began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) accepted: Timestamp,
    pub(super) stage: Timestamp,
    /// Nothing happened to it but its acceptance.
    pub(super) is_new: bool,
}

/// What an event is to the events before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// The next one of its order. For all but the first, how the order stood before.
    Next(Option<Times>),
    Known,
    /// There are events between this one and the last one that is known.
    Gap,
}

impl Lives {
    /// The last event of an order that was counted; 0 for none.
    pub(super) fn last_seq(&self, id: OrderId) -> u32 {
        match self.0.get(&id) {
            Some(life) => life.last_seq,
            None if self.is_forgotten(id) => u32::MAX,
            None => 0,
        }
    }

    pub(super) fn see(&mut self, id: OrderId, event: &Event) -> Seen {
        let last_seq = self.last_seq(id);
        if event.seq <= last_seq {
            return Seen::Known;
        }
        if event.seq > last_seq + 1 {
            return Seen::Gap;
        }
        let before = self.0.get(&id).map(|life| life.times);
        let times = match before {
            None => Times { accepted: event.at, stage: event.at, is_new: true },
            // the plan of a swap is made while it is built: one stage
            Some(times) if event.data.kind() == EventKind::Building => times,
            Some(times) => Times { stage: event.at, is_new: false, ..times },
        };
        self.0.insert(id, Life { last_seq: event.seq, times });
        while self.0.len() > MOST {
            self.0.pop_first();
        }
        Seen::Next(before)
    }

    fn is_forgotten(&self, id: OrderId) -> bool {
        self.0.len() >= MOST && self.0.first_key_value().is_some_and(|(first, _)| id < *first)
    }
}
