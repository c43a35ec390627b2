use std::{fmt, str::FromStr};

use uuid::Uuid;

use crate::{AccountId, Event, OrderId};

/// A position in the feed: after one event and before the next. Cursors of one store are ordered as the
/// feed is, and stay valid for ever; outside the store they are opaque.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FeedCursor {
    /// The store's own measure of how far it is, from 0.
    pub position: u64,
    /// The order of the event before it, among those at the same position.
    pub order_id: OrderId,
    /// The sequence number of that event.
    pub seq: u32,
}

impl FeedCursor {
    /// Before the first event.
    pub const START: Self = Self::before(0);

    /// Before everything at a position.
    pub const fn before(position: u64) -> Self {
        Self { position, order_id: OrderId(Uuid::nil()), seq: 0 }
    }
}

impl fmt::Display for FeedCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{}.{:x}", self.position, self.order_id.0.simple(), self.seq)
    }
}

/// Not a valid cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of the feed")]
pub struct InvalidCursor;

impl FromStr for FeedCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let mut parts = text.split('.');
        let (Some(position), Some(order), Some(seq), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidCursor);
        };
        let cursor = Self {
            position: u64::from_str_radix(position, 16).map_err(|_| InvalidCursor)?,
            order_id: order.parse().map_err(|_| InvalidCursor)?,
            seq: u32::from_str_radix(seq, 16).map_err(|_| InvalidCursor)?,
        };
        // one cursor has one text
        if cursor.to_string() == text { Ok(cursor) } else { Err(InvalidCursor) }
    }
}

/// Whose events to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedScope {
    /// Every order of the account.
    All,
    /// These orders, as far as they are the account's.
    Orders(Vec<OrderId>),
}

/// An event and its position in the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEvent {
    /// The position after this event.
    pub cursor: FeedCursor,
    pub order_id: OrderId,
    pub account: AccountId,
    pub event: Event,
}

/// A page of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPage {
    /// In the order of the feed.
    pub events: Vec<FeedEvent>,
    /// Where to continue: nothing before it is left to be read, now or later.
    pub next: FeedCursor,
    /// What comes after it.
    pub beyond: PageEnd,
}

/// What comes after a page of the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageEnd {
    /// Nothing yet.
    Nothing,
    /// Committed events whose position is not certain yet: ask again soon.
    Unsettled,
    /// Perhaps more: ask again at once.
    More,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_has_one_text_and_nothing_else_is_one() {
        let cursor = FeedCursor {
            position: 700_123,
            order_id: "0190a1b2-0000-7000-8000-0000000000ff".parse().unwrap(),
            seq: 12,
        };
        assert_eq!(cursor.to_string(), "aaedb.0190a1b20000700080000000000000ff.c");
        for cursor in [cursor, FeedCursor::START, FeedCursor::before(u64::MAX)] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for text in ["", "12", "0.0.0", "x.0190a1b2000070008000000000000000.1", "1.2.3.4", " 0.0.0"] {
            assert_eq!(text.parse::<FeedCursor>(), Err(InvalidCursor), "{text}");
        }
        let padded = format!("0{}", FeedCursor::before(1));
        assert_eq!(padded.parse::<FeedCursor>(), Err(InvalidCursor));
    }

    #[test]
    fn cursors_are_ordered_as_the_feed_is() {
        let at = |position, seq| FeedCursor { seq, ..FeedCursor::before(position) };
        assert!(FeedCursor::START < at(1, 1) && at(1, 1) < at(1, 2) && at(1, 2) < FeedCursor::before(2));
    }
}
