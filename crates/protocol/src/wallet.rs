use std::borrow::Cow;

use domain::{
    Amount, Mint, OrderId, Timestamp, Token,
    books::{Balance, Cause, Posting, PostingKind, Side, TransferId, Wallet, WalletId, WalletKind},
    ports::{PostedEntry, Tokens},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Word, words};

/// A wallet with what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Wallet)]
pub struct WalletView<'a> {
    #[schema(value_type = Uuid)]
    pub id: WalletId,
    /// Your name for it, unique among your wallets.
    pub name: Cow<'a, str>,
    #[schema(value_type = words::WalletKind)]
    pub kind: WalletKind,
    /// How often it was reset.
    pub epoch: u32,
    #[schema(value_type = words::Timestamp)]
    pub created_at: Timestamp,
    /// The last reset, or the creation.
    #[schema(value_type = words::Timestamp)]
    pub epoch_began_at: Timestamp,
    /// By token, in display order.
    pub balances: Vec<BalanceView<'a>>,
    /// The token that `value` is in.
    pub quote_token: Cow<'a, str>,
    /// The value of all balances that have a price.
    pub value: Decimal,
    /// Whether all of them have one.
    pub is_complete: bool,
}

impl<'a> WalletView<'a> {
    /// A wallet with its balances, valued in `quote_token`.
    pub fn new(wallet: &'a Wallet, balances: Vec<BalanceView<'a>>, quote_token: Cow<'a, str>) -> Self {
        let value = balances.iter().filter_map(|balance| balance.value).sum();
        let is_complete =
            balances.iter().all(|balance| balance.value.is_some() || balance.total == Decimal::ZERO);
        Self {
            id: wallet.id,
            name: Cow::from(&wallet.name),
            kind: wallet.kind,
            epoch: wallet.epoch,
            created_at: wallet.created_at,
            epoch_began_at: wallet.epoch_began_at,
            balances,
            quote_token,
            value,
            is_complete,
        }
    }
}

/// What a wallet has of one token, in whole tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Balance)]
pub struct BalanceView<'a> {
    /// Symbol, or the mint of a token that is not listed.
    pub token: Cow<'a, str>,
    #[schema(value_type = String)]
    pub mint: Mint,
    /// `held` and `free` together.
    pub total: Decimal,
    /// Set aside for orders that have not ended.
    pub held: Decimal,
    /// What new orders and withdrawals can take.
    pub free: Decimal,
    /// Value of `total` at the midpoint of bid and ask.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<Decimal>,
}

/// What whole tokens are worth at a price in `quote`, to its base units; rounded down.
pub fn value_of(amount: Decimal, price: Decimal, quote: Token) -> Option<Decimal> {
    let value = amount.checked_mul(price)?;
    Some(value.trunc_with_scale(quote.decimals().into()).normalize())
}

impl BalanceView<'_> {
    /// A balance of a token, whose price is in whole tokens of `quote` per whole token.
    pub fn new(
        token: Token,
        balance: Balance,
        quote: Token,
        price: Option<Decimal>,
        tokens: &dyn Tokens,
    ) -> Self {
        let whole = |units: Amount| units.to_decimal(token.decimals());
        let total = whole(balance.total);
        Self {
            token: tokens.symbol(token).into(),
            mint: token.mint(),
            total,
            held: whole(balance.held),
            free: whole(balance.free()),
            value: price.and_then(|price| value_of(total, price, quote)),
        }
    }
}

/// A step in a wallet's books: amounts that moved for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BookEntry)]
pub struct EntryView<'a> {
    /// Position in the wallet's books; grows, not always by one.
    pub position: u64,
    #[schema(value_type = Uuid)]
    pub wallet_id: WalletId,
    #[schema(value_type = words::Timestamp)]
    pub at: Timestamp,
    pub cause: words::EntryCause,
    /// The order that caused it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<Uuid>)]
    pub order_id: Option<OrderId>,
    /// `seq` of the order's event.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seq: Option<u32>,
    /// The order's attempt; 0 for its acceptance.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub attempt: Option<u32>,
    /// The deposit, withdrawal or reset that caused it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<Uuid>)]
    pub transfer_id: Option<TransferId>,
    pub postings: Vec<PostingView<'a>>,
}

/// An amount that moved from one side to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Posting)]
pub struct PostingView<'a> {
    #[schema(value_type = words::PostingKind)]
    pub kind: Word<PostingKind>,
    /// Symbol, or the mint of a token that is not listed.
    pub token: Cow<'a, str>,
    #[schema(value_type = String)]
    pub mint: Mint,
    /// Whole tokens; base units of a token whose decimals are unknown.
    pub amount: Decimal,
    #[schema(value_type = words::BookSide)]
    pub from: Word<Side>,
    #[schema(value_type = words::BookSide)]
    pub to: Word<Side>,
    /// What a deposit was worth, in USDC.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub worth: Option<Decimal>,
}

impl EntryView<'_> {
    /// An entry, as it is shown.
    pub fn new(PostedEntry { position, entry }: &PostedEntry, tokens: &dyn Tokens) -> Self {
        let (cause, order, transfer_id) = match entry.cause {
            Cause::Order { id, seq, attempt } => (words::EntryCause::Order, Some((id, seq, attempt)), None),
            Cause::Transfer(id) => (words::EntryCause::Transfer, None, Some(id)),
            Cause::Reset { id, .. } => (words::EntryCause::Reset, None, Some(id)),
        };
        Self {
            position: *position,
            wallet_id: entry.wallet,
            at: entry.at,
            cause,
            order_id: order.map(|(id, ..)| id),
            seq: order.map(|(_, seq, _)| seq),
            attempt: order.map(|(.., attempt)| attempt),
            transfer_id,
            postings: entry.postings.iter().map(|posting| PostingView::new(posting, tokens)).collect(),
        }
    }
}

impl PostingView<'_> {
    fn new(posting: &Posting, tokens: &dyn Tokens) -> Self {
        let (token, decimals) = named(posting.mint, tokens);
        let (from, to) = posting.kind.sides();
        Self {
            kind: Word::Known(posting.kind),
            token,
            mint: posting.mint,
            amount: posting.units.to_decimal(decimals),
            from: Word::Known(from),
            to: Word::Known(to),
            worth: posting.worth.map(|worth| worth.to_decimal(Token::USDC.decimals())),
        }
    }
}

/// The name of a token and its decimals, as far as they are known.
pub(crate) fn named(mint: Mint, tokens: &dyn Tokens) -> (Cow<'static, str>, u8) {
    match tokens.info(mint) {
        Some(info) => (info.symbol, info.token.decimals()),
        None => (mint.to_string().into(), 0),
    }
}

/// What a wallet was worth at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EquityPoint)]
pub struct EquityPointView {
    #[schema(value_type = words::Timestamp)]
    pub at: Timestamp,
    pub value: Decimal,
}

/// What a wallet was worth over time, since its last reset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Equity)]
pub struct EquityView<'a> {
    /// The token that values are in: USDC.
    pub quote_token: Cow<'a, str>,
    /// Oldest first; the last point is the value now.
    pub points: Vec<EquityPointView>,
}

/// What a wallet has earned since its last reset, by average cost. Values are in `quoteToken`.
///
/// `value` is `deposited + realized + unrealized - fees.total - rent.cost`. Swaps between two tokens other than `quoteToken`
/// realize nothing: the token received takes over the cost of the token spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Pnl)]
pub struct PnlView<'a> {
    /// The token that values are in: USDC.
    pub quote_token: Cow<'a, str>,
    /// The last reset, or the creation of the wallet.
    #[schema(value_type = words::Timestamp)]
    pub since: Timestamp,
    pub value: Decimal,
    /// Deposits at their value at the time, less the cost of withdrawals.
    pub deposited: Decimal,
    /// Gain from sales, before fees; negative for a loss.
    pub realized: Decimal,
    /// `value` less the cost of what the wallet has.
    pub unrealized: Decimal,
    pub fees: FeesView,
    /// SOL locked in token accounts. It is not lost, but it cannot be spent.
    pub rent: RentView,
    /// By token, in display order.
    pub tokens: Vec<TokenPnlView<'a>>,
    /// Whether every balance has a price now, and every deposit had one.
    pub is_complete: bool,
}

/// Fees by whom they were paid to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Fees)]
pub struct FeesView {
    pub venues: Decimal,
    pub network: Decimal,
    pub total: Decimal,
}

/// What a wallet has deposited for token accounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Rent)]
pub struct RentView {
    /// SOL.
    pub amount: Decimal,
    /// What that SOL cost, in `quoteToken`.
    pub cost: Decimal,
}

/// What one token of a wallet has earned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TokenPnl)]
pub struct TokenPnlView<'a> {
    /// Symbol, or the mint of a token that is not listed.
    pub token: Cow<'a, str>,
    #[schema(value_type = String)]
    pub mint: Mint,
    /// Whole tokens.
    pub amount: Decimal,
    /// What they cost together.
    pub cost: Decimal,
    /// What one of them cost on average.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub average_price: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<Decimal>,
    pub realized: Decimal,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unrealized: Option<Decimal>,
}
