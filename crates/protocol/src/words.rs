//! Schemas of the domain's enums: the domain itself knows nothing of `OpenAPI`.

use domain::{
    FailureCode as Failures, OrderStatus as Statuses, OrderType as Types, VenueId,
    books::{PostingKind as PostingKinds, Side as BookSides},
    ports::OrderSort as OrderSorts,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use strum::VariantArray;
use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use crate::CancelOutcome as Outcomes;

/// Gives a schema its name in the document.
#[macro_export]
macro_rules! schema {
    ($name:ident, $schema:expr) => {
        #[doc = concat!("The schema of `", stringify!($name), "`.")]
        #[derive(Debug)]
        pub struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $schema.into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

fn text(description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(description))
}

/// One of a list of words.
pub fn one_of<T: Serialize>(description: &str, words: impl IntoIterator<Item = T>) -> ObjectBuilder {
    text(description).enum_values(Some(words.into_iter().map(|word| json!(word))))
}

fn example(schema: ObjectBuilder, example: &str) -> ObjectBuilder {
    schema.examples([Value::from(example)])
}

schema!(
    OrderStatus,
    one_of("Status of an order. `confirmed`, `failed`, `canceled` and `expired` are final.", Statuses::ALL)
);
schema!(
    CancelOutcome,
    one_of(
        "Result of a request to cancel an order. `storeUnavailable`: unknown, repeat the request.",
        Outcomes::ALL
    )
);
schema!(
    WalletKind,
    one_of("Whose money a wallet holds: `paper` money, or money on the chain.", ["paper", "live"])
);
schema!(PostingKind, one_of("Why an amount moves.", PostingKinds::VARIANTS));
schema!(
    BookSide,
    one_of(
        "Where an amount is. `free` and `held` are in the wallet, `outside` is where deposits come from.",
        BookSides::VARIANTS
    )
);

/// What an entry in the books was written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::Display, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum EntryCause {
    Order,
    /// A deposit or a withdrawal.
    Transfer,
    Reset,
    /// A cause of a later version.
    #[serde(other, skip_serializing)]
    Later,
}

schema!(OrderType, one_of("Order type.", Types::VARIANTS));
schema!(
    Venue,
    text("A decentralized exchange; `GET /api/venues` lists them. Later versions may add more.")
        .pattern(Some("^[a-z0-9_]{1,40}$"))
        .examples([json!(VenueId::RAYDIUM), json!(VenueId::METEORA)])
);
schema!(FailureCode, one_of("Why an attempt or an order failed, for programs.", Failures::ALL));
schema!(
    RejectionCode,
    one_of(
        "Why a venue was rejected: it was outbid, or it did not quote.",
        [json!("outbid")].into_iter().chain(Failures::ALL.map(|code| json!(code)))
    )
);
schema!(
    OrderSort,
    one_of(
        "Sort key. `duration` is the time from acceptance to the last change.",
        OrderSorts::VARIANTS.iter().map(<&str>::from)
    )
);
schema!(
    Side,
    one_of("The side of a pair: `buy` receives its first token, `sell` spends it.", ["buy", "sell"])
);
schema!(
    ExportFormat,
    one_of("CSV (RFC 4180), or JSON Lines with an order as in lists on each.", ["csv", "jsonl"])
);
schema!(SortOrder, one_of("Ascending or descending.", ["asc", "desc"]));
schema!(
    Timestamp,
    example(
        text("RFC 3339, in UTC.").format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))),
        "2026-11-21T08:00:00.123456Z"
    )
);
schema!(Signature, text("The signature of a transaction, base58.").pattern(Some("^[1-9A-HJ-NP-Za-km-z]+$")));
