//! The wire types: what the API sends, and what the command line, the load generator and the
//! reliability kit read. One definition for both directions, and for the `OpenAPI` document.
//!
//! Amounts are whole tokens as decimal strings, as in requests; times are RFC 3339. Texts are borrowed where they
//! are sent and owned where they are read. Readers skip what a later version adds.
#![expect(
    missing_docs,
    reason = "fields carry their names on the wire, and a comment on one is its description"
)]

mod cancel;
mod code;
mod engine;
mod event;
mod explanation;
mod field;
mod health;
mod lists;
mod market;
mod message;
mod order;
mod problem;
mod quote;
mod statistics;
mod summary;
mod wallet;
mod word;
pub mod words;

pub use cancel::{CancelOutcome, CancelResultView, CanceledView, CanceledViews};
pub use code::Code;
pub use engine::{ActiveOrdersView, EngineMode, EngineView, SettingView, WorkerView};
pub use event::{DataView, EventBody, EventDataView, OriginView};
pub use explanation::{
    AttemptTiming, AttemptView, CancelView, Explanation, Outcome, ResultView, Submission, Timing, WaitView,
};
pub use field::{FieldCode, FieldError};
pub use health::{AdmissionState, Health, MarketMode, MarketView, Readiness, Report};
pub use lists::{TokenView, VenueView};
pub use market::{
    CandleInterval, CandleView, CandlesView, OhlcView, PricesView, VenueCandlesView, VenuePriceView,
};
pub use message::{EventRef, Orders, StreamMessage};
pub use order::{FailureView, FillView, OrderRef, OrderView, PlacedView, ProgramErrorView, SpecView};
pub use problem::{ProblemBody, ShortageView};
pub use quote::{
    AmountsView, BoundView, DecisionView, InstructionView, PoolView, QuoteView, QuotesView, RejectedView,
};
pub use statistics::{
    CauseCountsView, EventCountsView, LatencyView, SeriesPointView, SeriesView, Stage, StatisticsView,
    StatisticsWindow, VenueCountsView,
};
pub use summary::{OrderSummaryView, TradedView};
pub use wallet::{
    BalanceView, EntryView, EquityPointView, EquityView, FeesView, PnlView, PostingView, RentView,
    TokenPnlView, WalletView, value_of,
};
pub use word::Word;
