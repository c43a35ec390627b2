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

pub use acceptance::{Acceptance, Accepted};
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

/// Orders, events and attempts: the truth. One adapter implements all of its parts over one database; each user
/// names the parts it needs.
pub trait OrderStore: OrderIntake + Executions + OrderReads + EventFeed + OrderCounts + StoreHealth {}

impl<S> OrderStore for S where S: OrderIntake + Executions + OrderReads + EventFeed + OrderCounts + StoreHealth
{}
