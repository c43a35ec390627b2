use uuid::Uuid;

use super::{Funding, Posting, PostingKind, TransferId, WalletId};
use crate::{Amount, Event, EventData, Fill, Mint, Order, OrderId, Timestamp, Token};

/// Postings with one cause, all of them or none in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub wallet: WalletId,
    pub cause: Cause,
    pub at: Timestamp,
    /// At most one of each kind and token.
    pub postings: Vec<Posting>,
}

/// What an entry was written for. One entry at most has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// An event of an order.
    Order {
        id: OrderId,
        /// The event's sequence number, from 1.
        seq: u32,
        /// The event's attempt; 0 for the acceptance.
        attempt: u32,
    },
    /// A deposit or a withdrawal.
    Transfer(TransferId),
    /// A reset.
    Reset {
        id: TransferId,
        /// The epoch that begins with it, from 1.
        epoch: u32,
    },
}

impl Cause {
    /// The id of the order or the transfer.
    pub fn id(self) -> Uuid {
        match self {
            Self::Order { id, .. } => id.0,
            Self::Transfer(id) | Self::Reset { id, .. } => id.0,
        }
    }
}

impl Entry {
    /// What a step of an order does to the books: `event` is its last event, `order` the order after it, and `fee` what
    /// the chain charged for the attempt that ended with it, lamports. `None`: nothing, as with most steps, and with
    /// orders that were accepted before there were wallets.
    pub fn of_step(order: &Order, event: &Event, fee: Option<Amount>) -> Option<Self> {
        let funding = order.spec.funding?;
        let mut postings = Postings::default();
        if let EventData::Accepted { .. } = &event.data {
            postings.add_all(PostingKind::Hold, funding.held(order.spec.request.token_in.mint()));
        }
        if event.status.is_terminal() {
            postings.add_all(PostingKind::Release, left(funding, order, fee));
        } else if let Some(fee) = fee {
            postings.add(PostingKind::Release, Token::SOL.mint(), fee.0);
        }
        if let EventData::Confirmed { fill, .. } = &event.data {
            postings.add_swap(fill);
        }
        postings.add(PostingKind::NetworkFee, Token::SOL.mint(), fee.unwrap_or_default().0);
        if let EventData::Confirmed { fill, .. } = &event.data {
            postings.add(PostingKind::Rent, Token::SOL.mint(), fill.rent.paid.0);
            postings.add(PostingKind::RentRefund, Token::SOL.mint(), fill.rent.refunded.0);
        }
        let cause = Cause::Order { id: order.id, seq: event.seq, attempt: event.attempt };
        let entry = Self { wallet: funding.wallet, cause, at: event.at, postings: postings.0 };
        (!entry.postings.is_empty()).then_some(entry)
    }
}

/// What is still held for an order when its last event comes, whose attempt cost `fee`.
fn left(funding: Funding, order: &Order, fee: Option<Amount>) -> Vec<(Mint, u128)> {
    let paid_before = order.network_fees.0.saturating_sub(fee.unwrap_or_default().0);
    let costs = Amount(funding.costs.0.saturating_sub(paid_before));
    Funding { costs, ..funding }.held(order.spec.request.token_in.mint())
}

#[derive(Default)]
struct Postings(Vec<Posting>);

impl Postings {
    /// More than 64 bits of base units are counted as the most that 64 bits can say, which no wallet holds.
    fn add(&mut self, kind: PostingKind, mint: Mint, units: impl Into<u128>) {
        let units = Amount(u64::try_from(units.into()).unwrap_or(u64::MAX));
        if units.0 > 0 {
            self.0.push(Posting::new(kind, mint, units));
        }
    }

    fn add_all(&mut self, kind: PostingKind, amounts: Vec<(Mint, u128)>) {
        for (mint, units) in amounts {
            self.add(kind, mint, units);
        }
    }

    /// The venue's fee is a part of what was spent, or of what would have been received.
    fn add_swap(&mut self, fill: &Fill) {
        let (spent, received, fee) = (fill.amount_in, fill.amount_out, fill.fee);
        let of = |token: Token| if token.mint() == fee.token.mint() { u128::from(fee.units.0) } else { 0 };
        let without_fee = u128::from(spent.units.0).saturating_sub(of(spent.token));
        self.add(PostingKind::SwapIn, spent.token.mint(), without_fee);
        self.add(
            PostingKind::SwapOut,
            received.token.mint(),
            u128::from(received.units.0) + of(received.token),
        );
        self.add(PostingKind::VenueFee, fee.token.mint(), fee.units.0);
    }
}
