use domain::{OrderId, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::{EventBody, PricesView, ProblemBody};

/// A message of a stream: of one order, or of many (those have cursors).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum StreamMessage<'a> {
    /// The stream begins.
    Connected {
        /// The order that is followed already.
        #[serde(skip_serializing_if = "Option::is_none")]
        order_id: Option<OrderId>,
        /// Where to resume.
        #[serde(skip_serializing_if = "Option::is_none")]
        cursor: Option<String>,
        /// How often a heartbeat comes.
        #[serde(skip_serializing_if = "Option::is_none")]
        heartbeat_ms: Option<u64>,
    },
    /// An event happened.
    Event {
        #[serde(flatten)]
        body: EventBody<'a>,
        /// Where to resume.
        #[serde(skip_serializing_if = "Option::is_none")]
        cursor: Option<String>,
    },
    /// There was no event for a while.
    Heartbeat {
        cursor: String,
        at: Timestamp,
        /// How long events are held up in the database.
        lag_ms: u64,
    },
    /// What a pair costs at each venue.
    Prices(PricesView<'a>),
    /// These orders, or the prices of these pairs, are sent from now on.
    Subscribed {
        #[serde(skip_serializing_if = "Option::is_none")]
        orders: Option<Orders>,
        #[serde(skip_serializing_if = "Option::is_none")]
        prices: Option<Vec<String>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
    },
    /// These orders, or the prices of these pairs, are no longer sent.
    Unsubscribed {
        #[serde(skip_serializing_if = "Option::is_none")]
        orders: Option<Orders>,
        #[serde(skip_serializing_if = "Option::is_none")]
        prices: Option<Vec<String>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
    },
    /// A request was refused.
    Error {
        #[serde(flatten)]
        problem: ProblemBody<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
    },
    /// The order has ended, and no event follows.
    End { order_id: OrderId },
    /// Of a later version.
    #[serde(other)]
    Unknown,
}

/// Which orders a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Orders {
    /// `"*"`: all of the account.
    All,
    /// These.
    Named(Vec<OrderId>),
}

impl Serialize for Orders {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("*"),
            Self::Named(ids) => ids.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Orders {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        enum Star {
            #[serde(rename = "*")]
            All,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Known {
            All(Star),
            Named(Vec<OrderId>),
        }
        Ok(match Known::deserialize(deserializer)? {
            Known::All(Star::All) => Self::All,
            Known::Named(ids) => Self::Named(ids),
        })
    }
}

/// What a client needs of a message that only counts events.
#[derive(Debug, Clone, Deserialize)]
pub struct EventRef {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub seq: u32,
    pub at: Option<Timestamp>,
}
