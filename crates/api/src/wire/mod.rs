//! How orders and events look on the wire, in one place. Amounts are whole tokens as decimal
//! strings, as in requests; times are RFC 3339.

mod event;
mod order;
mod quote;

pub(crate) use event::{EventBody, WireEvent, to_text};
pub(crate) use order::{FailureView, FillView, OrderView, SpecView};
pub(crate) use quote::{AmountsView, BoundView, DecisionView, InstructionView};
