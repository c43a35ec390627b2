//! Live delivery: the store first, then the bus, and the store again whenever an event may be
//! missing.

mod dialect;
mod event;
mod feed;
mod follower;
mod hub;
mod session;
mod socket;

pub(crate) use dialect::{Canonical, Dialect};
pub(crate) use event::{WireEvent, to_text};
pub(crate) use feed::{FeedLag, Tail, converse, respond};
pub(crate) use follower::Follower;
pub(crate) use hub::Hub;
pub(crate) use session::{follow, place_and_follow, refuse};
pub(crate) use socket::{Ending, Outbox, Peer, Upgrade, permit};
