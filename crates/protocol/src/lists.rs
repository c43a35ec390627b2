use std::borrow::Cow;

use domain::{Mint, TokenInfo, VenueId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::words;

/// A tradable token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenView {
    /// Address of the SPL mint, base58. It identifies the token.
    #[schema(value_type = String)]
    pub mint: Mint,
    /// Ticker, unique among the listed tokens.
    pub symbol: String,
    /// Display name.
    pub name: String,
    /// Decimal places of an amount.
    pub decimals: u8,
    /// A usual size of an order: what prices are quoted with.
    pub lot: Decimal,
}

impl From<TokenInfo> for TokenView {
    fn from(TokenInfo { token, symbol, name, lot }: TokenInfo) -> Self {
        Self {
            mint: token.mint(),
            symbol: symbol.into_owned(),
            name: name.into_owned(),
            decimals: token.decimals(),
            lot: lot.to_decimal(token.decimals()),
        }
    }
}

/// A venue that the engine requests quotes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = VenueInfo)]
pub struct VenueView<'a> {
    #[schema(value_type = words::Venue)]
    pub id: VenueId,
    /// Display name.
    pub name: Cow<'a, str>,
}
