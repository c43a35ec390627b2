//! The ports: everything outside the domain, as traits. Each has its adapters in `infra` or
//! `venues`, and one function there that chooses among them from the configuration.

mod bus;
mod cause;
mod chain;
mod clock;
mod feed;
mod prices;
mod queue;
mod signer;
mod store;
mod tokens;
mod trading;
mod venue;

pub use bus::{BusMessage, EventBus};
pub use cause::Cause;
pub use chain::{Chain, ChainError, TransactionStatus};
pub use clock::{Clock, OnwardTime};
pub use feed::{FeedCursor, FeedEvent, FeedPage, FeedScope, InvalidCursor, PageEnd};
pub use prices::{Candle, Ohlc, PriceHistory, PriceHistoryError};
pub use queue::{ExecutionSlot, ExecutionSlots, JobConsumer, JobQueue, QueueError, QueueState, SlotGuard};
pub use signer::{Signer, SignerError};
pub use store::{
    Acceptance, Accepted, ActiveOrders, Attempt, AttemptChange, AttemptState, Cancel, Cancellation, Claim,
    ClaimAction, Commit, CommitOutcome, DueAction, DueOrder, Effect, EventFeed, ExecutionStore, Executions,
    Fence, LONGEST_PARKING, MAX_DOUBLINGS, OrderCounts, OrderFilter, OrderIntake, OrderPage, OrderReads,
    OrderSort, OrderStore, PARKED_AFTER, PostedEntry, RequestKeys, SEARCHED_AT_ONCE, StoreError, StoreHealth,
    WalletOpening, Wallets,
};
pub use tokens::{TokenError, Tokens};
pub use trading::{ChainCosts, Market, Quotes, Trading};
pub use venue::{Venue, VenueError};
