mod acceptance;
mod attempt;
mod cancel;
mod claim;
mod commit;
mod counts;
mod effect;
mod error;
mod event_feed;
mod executions;
mod health;
mod intake;
mod listing;
mod reads;
mod wallets;

pub use acceptance::{Acceptance, Accepted, RequestKeys};
pub use attempt::{Attempt, AttemptChange, AttemptState};
pub use cancel::{Cancel, Cancellation};
pub use claim::{Claim, Fence, LONGEST_PARKING, MAX_DOUBLINGS, PARKED_AFTER};
pub use commit::{ClaimAction, Commit, CommitOutcome};
pub use counts::OrderCounts;
pub use effect::Effect;
pub use error::StoreError;
pub use event_feed::EventFeed;
pub use executions::Executions;
pub use health::StoreHealth;
pub use intake::OrderIntake;
pub use listing::{ActiveOrders, DueAction, DueOrder, OrderFilter, OrderPage, OrderSort, SEARCHED_AT_ONCE};
pub use reads::OrderReads;
pub use wallets::{PostedEntry, WalletOpening, Wallets};

/// What an execution needs of the store.
pub trait ExecutionStore: Executions + OrderReads {}

impl<S> ExecutionStore for S where S: Executions + OrderReads {}

/// Orders, events, attempts and the books: the truth. One adapter implements all of its parts over one database. A user names the
/// parts it needs: a worker executes over [`ExecutionStore`], and only the API, which serves them all, keeps the whole.
pub trait OrderStore: OrderIntake + ExecutionStore + EventFeed + OrderCounts + Wallets + StoreHealth {}

impl<S> OrderStore for S where
    S: OrderIntake + ExecutionStore + EventFeed + OrderCounts + Wallets + StoreHealth
{
}
