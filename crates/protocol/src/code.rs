use std::borrow::Cow;

use strum::VariantArray;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::words;

/// Every problem the API knows, with its stable code, status, title and whether the same request
/// may succeed when it is repeated later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Code {
    /// The body is not JSON.
    MalformedJson,
    /// Fields of an order are missing, unknown or not valid.
    InvalidOrder,
    /// Fields of a request on a stream are missing, unknown or not valid.
    InvalidRequest,
    /// Parameters of the query are not valid.
    InvalidQuery,
    /// The id in the address is not an order id.
    InvalidOrderId,
    /// The `Idempotency-Key` is empty, too long or not printable ASCII.
    InvalidIdempotencyKey,
    /// The body could not be read to its end.
    UnreadableBody,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The request names a host that is not served.
    HostNotAllowed,
    /// The request comes from a web page that may not use this engine.
    OriginNotAllowed,
    /// There is nothing at this address.
    NotFound,
    /// There is no such order.
    OrderNotFound,
    /// There is no such wallet.
    WalletNotFound,
    /// The event that a cursor names is not in the database.
    CursorUnknown,
    /// The address exists, with other methods.
    MethodNotAllowed,
    /// The key or client order id belongs to an order that asked for something else.
    IdempotencyConflict,
    /// The order is not parked.
    NotParked,
    /// The order ended before it could be canceled.
    AlreadyTerminal,
    /// The account has as many resting orders as it may.
    TooManyOpenOrders,
    /// The body is too large.
    BodyTooLarge,
    /// The body is not sent as JSON.
    UnsupportedMediaType,
    /// The body has a `Content-Encoding`.
    UnsupportedContentEncoding,
    /// Another wallet of the account has the name.
    WalletNameTaken,
    /// The account has as many wallets as it may.
    TooManyWallets,
    /// Orders of the wallet have not ended.
    WalletBusy,
    /// The wallet would have more of a token than can be counted.
    BalanceTooLarge,
    /// The wallet does not have what the order may need, or what is to be withdrawn.
    InsufficientBalance,
    /// No venue trades the pair.
    NoRoute,
    /// The amount would buy nothing.
    AmountTooSmall,
    /// No pool is deep enough.
    InsufficientLiquidity,
    /// The address speaks WebSocket only.
    UpgradeRequired,
    /// An error of the engine.
    #[strum(serialize = "internal_error")]
    Internal,
    /// A stored order that only a later version can read.
    UnreadableOrder,
    /// More orders are in flight than can be executed soon.
    Overloaded,
    /// The store does not answer.
    StoreUnavailable,
    /// No venue quoted in time.
    QuotesUnavailable,
    /// The process holds as many streams as it may.
    TooManyStreams,
    /// The process writes as many exports as it may.
    TooManyExports,
    /// The process serves as many connections as it may.
    TooManyConnections,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; Self::VARIANTS.len()] =
        *Self::VARIANTS.first_chunk().expect("as many as there are");

    /// The table: status, whether it may succeed later, title.
    #[rustfmt::skip]
    const fn row(self) -> (u16, bool, &'static str) {
        match self {
            Self::MalformedJson              => (400, false, "The body is not valid JSON"),
            Self::InvalidOrder               => (400, false, "The order is invalid"),
            Self::InvalidRequest             => (400, false, "The request is invalid"),
            Self::InvalidQuery               => (400, false, "The query is invalid"),
            Self::InvalidOrderId             => (400, false, "Invalid order id"),
            Self::InvalidIdempotencyKey      => (400, false, "Invalid idempotency key"),
            Self::UnreadableBody             => (400, false, "The body could not be read"),
            Self::BodyTimeout                => (408, true,  "The body did not arrive in time"),
            Self::HostNotAllowed             => (403, false, "Host not allowed"),
            Self::OriginNotAllowed           => (403, false, "Origin not allowed"),
            Self::NotFound                   => (404, false, "Not found"),
            Self::OrderNotFound              => (404, false, "Order not found"),
            Self::WalletNotFound             => (404, false, "Wallet not found"),
            Self::CursorUnknown              => (410, false, "The database does not have the cursor's event"),
            Self::MethodNotAllowed           => (405, false, "Method not allowed"),
            Self::IdempotencyConflict        => (409, false, "The key belongs to a different request"),
            Self::NotParked                  => (409, false, "The order is not parked"),
            Self::AlreadyTerminal            => (409, false, "The order has already ended"),
            Self::TooManyOpenOrders          => (429, false, "The account has too many open orders"),
            Self::BodyTooLarge               => (413, false, "The body is too large"),
            Self::UnsupportedMediaType       => (415, false, "The body must be JSON"),
            Self::UnsupportedContentEncoding => (415, false, "The body must not be compressed"),
            Self::WalletNameTaken            => (409, false, "The name belongs to another wallet"),
            Self::TooManyWallets             => (409, false, "The account has too many wallets"),
            Self::WalletBusy                 => (409, true,  "The wallet has orders that have not ended"),
            Self::BalanceTooLarge            => (422, false, "The balance would be too large"),
            Self::InsufficientBalance        => (422, false, "Insufficient balance"),
            Self::NoRoute                    => (422, false, "No venue trades this pair"),
            Self::AmountTooSmall             => (422, false, "The amount is too small to trade"),
            Self::InsufficientLiquidity      => (422, false, "Insufficient liquidity"),
            Self::UpgradeRequired            => (426, false, "This endpoint requires a WebSocket"),
            Self::Internal                   => (500, true,  "Internal error"),
            Self::UnreadableOrder            => (501, true,  "This version cannot read the order"),
            Self::Overloaded                 => (503, true,  "Too many orders are in flight"),
            Self::StoreUnavailable           => (503, true,  "The order store is unavailable"),
            Self::QuotesUnavailable          => (503, true,  "No venue quoted in time"),
            Self::TooManyStreams             => (503, true,  "Too many streams are open"),
            Self::TooManyExports             => (503, true,  "Too many exports are running"),
            Self::TooManyConnections         => (503, true,  "Too many connections are open"),
        }
    }

    /// The stable code.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        self.row().0
    }

    /// Whether the same request may succeed later.
    pub const fn is_retryable(self) -> bool {
        self.row().1
    }

    /// A summary, the same every time.
    pub const fn title(self) -> &'static str {
        self.row().2
    }
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        words::one_of("Stable code of a problem, for programs.", Self::ALL.map(Self::as_str)).into()
    }
}

impl ToSchema for Code {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ProblemCode")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use super::*;

    #[test]
    fn codes_are_unique_and_every_one_is_an_error() {
        let codes: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!((400..600).contains(&code.status()), "{code:?}");
            assert!(code.is_retryable() || code.status() < 500, "{code:?}");
        }
    }

    #[test]
    fn the_page_about_the_api_has_every_code_and_what_to_do() {
        let page = include_str!("../../../docs/API.md");
        let rows = page.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
        let documented: BTreeSet<_> = rows
            .filter_map(|row| match row[..] {
                ["", code, status, retryable, remedy, ""] if code.starts_with('`') => {
                    assert!(!remedy.is_empty(), "{code}");
                    Some((code.trim_matches('`'), status, retryable))
                }
                _ => None,
            })
            .collect();
        let statuses = Code::ALL.map(|code| code.status().to_string());
        let known = Code::ALL.iter().zip(&statuses).map(|(code, status)| {
            (code.as_str(), status.as_str(), if code.is_retryable() { "yes" } else { "no" })
        });
        assert_eq!(documented, known.collect());
    }
}
