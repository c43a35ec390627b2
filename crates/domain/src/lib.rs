//! The core of the engine: orders and their lifecycle, amounts, quotes, routing, and the ports
//! to everything else.
//!
//! Nothing here does I/O, reads a clock or knows a framework: time and randomness are parameters,
//! the outside world is a trait in [`ports`].

pub mod address;
pub mod amount;
pub mod backoff;
pub mod books;
pub mod failure;
pub mod ids;
pub mod legacy;
pub mod name;
pub mod order;
pub mod ports;
pub mod quote;
pub mod routing;
pub mod swap;
pub mod timestamp;
pub mod token;

pub use address::{Address, InvalidAddress};
pub use amount::{Amount, Bps, TokenAmount};
pub use failure::{Failure, FailureClass, FailureCode, ProgramError};
pub use ids::{AccountId, OrderId, OrderIds, Signature};
pub use name::Name;
pub use order::{
    CancelRequest, Event, EventData, EventKind, Order, OrderEvent, OrderSpec, OrderStatus, OrderType, Origin,
    Phase,
};
pub use quote::{FeeRate, PoolRef, Quote, QuoteRequest, SwapAmount, VenueId};
pub use swap::{Call, CallAccount, Fill, Landed, Plan, SignedTransaction, Swap};
pub use timestamp::Timestamp;
pub use token::{Mint, Token, TokenInfo};
