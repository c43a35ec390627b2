use std::collections::{BTreeMap, BTreeSet};

use domain::{Event, EventKind, OrderId, Timestamp};

/// How far the counted events of orders go, so that none counts twice. Orders that have ended get no more events, so
/// they are forgotten first.
#[derive(Debug)]
pub(super) struct Lives {
    /// Orders that are remembered at most.
    most: usize,
    known: BTreeMap<OrderId, Life>,
    /// Those that have ended, by when they did.
    ended: BTreeSet<(Timestamp, OrderId)>,
    /// The end of the last order that was forgotten after its end. What happened until then may have been counted, and
    /// does not count again.
    ended_until: Option<Timestamp>,
    /// The newest order that was forgotten before its end. It and older unknown ones may have been counted in part.
    lost_until: Option<OrderId>,
}

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
    /// Of an order that was forgotten before its end: it cannot be counted.
    Lost,
}

impl Lives {
    /// Remembers so many orders, which should be more than are unfinished at any time.
    pub(super) fn new(most: usize) -> Self {
        Self { most, known: BTreeMap::new(), ended: BTreeSet::new(), ended_until: None, lost_until: None }
    }

    /// The last event of an order that was counted; 0 for none.
    pub(super) fn last_seq(&self, id: OrderId) -> u32 {
        self.known.get(&id).map_or(0, |life| life.last_seq)
    }

    /// Whether an unknown order, whose latest event is of this time, may have been counted before it was forgotten.
    pub(super) fn is_forgotten(&self, id: OrderId, latest: Timestamp) -> bool {
        !self.known.contains_key(&id)
            && (self.is_lost(id) || self.ended_until.is_some_and(|until| latest <= until))
    }

    /// Takes an event that comes alone.
    pub(super) fn see(&mut self, id: OrderId, event: &Event) -> Seen {
        match self.is_forgotten(id, event.at) {
            true if self.is_lost(id) => Seen::Lost,
            true => Seen::Known,
            false => self.next(id, event),
        }
    }

    /// Takes an event of an order that [is not forgotten](Self::is_forgotten).
    pub(super) fn next(&mut self, id: OrderId, event: &Event) -> Seen {
        let last_seq = self.last_seq(id);
        if event.seq <= last_seq {
            return Seen::Known;
        }
        if event.seq > last_seq + 1 {
            return Seen::Gap;
        }
        let before = self.known.get(&id).map(|life| life.times);
        let times = match before {
            None => Times { accepted: event.at, stage: event.at, is_new: true },
            // the plan of a swap is made while it is built: one stage
            Some(times) if event.data.kind() == EventKind::Building => times,
            Some(times) => Times { stage: event.at, is_new: false, ..times },
        };
        self.known.insert(id, Life { last_seq: event.seq, times });
        if event.status.is_terminal() {
            self.ended.insert((event.at, id));
        }
        Seen::Next(before)
    }

    /// Forgets orders that are too many. Returns whether one of them has not ended: from now on not all that happens
    /// can be counted.
    pub(super) fn forget(&mut self) -> bool {
        let mut has_lost = false;
        while self.known.len() > self.most {
            if let Some((at, id)) = self.ended.pop_first() {
                self.known.remove(&id);
                self.ended_until = self.ended_until.max(Some(at));
            } else if let Some((id, _)) = self.known.pop_first() {
                self.lost_until = self.lost_until.max(Some(id));
                has_lost = true;
            }
        }
        has_lost
    }

    fn is_lost(&self, id: OrderId) -> bool {
        !self.known.contains_key(&id) && self.lost_until.is_some_and(|until| id <= until)
    }
}
