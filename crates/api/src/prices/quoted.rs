use std::{collections::BTreeMap, sync::Arc, time::Duration};

use domain::{
    Amount, Failure, FailureCode, Quote, QuoteRequest, SwapAmount, VenueId,
    ports::Venue,
    routing::{RoutingDecision, VenueAnswer},
};
use protocol::VenuePriceView;
use rust_decimal::Decimal;

use super::Pair;

/// What selling and buying a lot of the base token costs at each venue; the better pool of a venue that has several.
pub(super) async fn quote(
    venues: &[Arc<dyn Venue>],
    [base, quote]: Pair,
    lot: Amount,
    within: Duration,
) -> Vec<VenuePriceView> {
    let sell = QuoteRequest { token_in: base, token_out: quote, amount: SwapAmount::ExactIn(lot) };
    let buy = QuoteRequest { token_in: quote, token_out: base, amount: SwapAmount::ExactOut(lot) };
    let (sold, bought) =
        tokio::join!(quoting::decide(venues, &sell, within), quoting::decide(venues, &buy, within));
    let mut prices: BTreeMap<VenueId, VenuePriceView> = venues
        .iter()
        .map(|venue| {
            let venue = venue.id();
            (venue, VenuePriceView { venue, bid: None, ask: None, failure_code: None })
        })
        .collect();
    for (decision, is_bid) in [(sold, true), (bought, false)] {
        note(&mut prices, decision, is_bid);
    }
    prices.into_values().collect()
}

fn note(
    prices: &mut BTreeMap<VenueId, VenuePriceView>,
    decision: Result<RoutingDecision, Failure>,
    is_bid: bool,
) {
    let mut miss = |venue: Option<VenueId>, code: FailureCode| {
        for (_, price) in prices.iter_mut().filter(|(id, _)| venue.is_none_or(|venue| venue == **id)) {
            price.failure_code = Some(code);
        }
    };
    let decision = match decision {
        Ok(decision) => decision,
        Err(failure) => return miss(None, failure.code),
    };
    let mut quotes = vec![decision.best];
    for answer in decision.others {
        match answer {
            VenueAnswer::Quoted(quote) => quotes.push(quote),
            VenueAnswer::LeftOut { venue, failure } => miss(Some(venue), failure.code),
        }
    }
    // the best first, so the first of a venue is its best
    for quote in quotes {
        let Some(price) = prices.get_mut(&quote.venue) else { continue };
        let side = if is_bid { &mut price.bid } else { &mut price.ask };
        *side = side.or(price_of(&quote, is_bid));
    }
}

/// Quote token per base token, to as many digits as a chart or a ticker needs.
fn price_of(quote: &Quote, is_bid: bool) -> Option<Decimal> {
    const DIGITS: u32 = 9;
    let (paid, received) = (quote.amount_in.to_decimal(), quote.amount_out.to_decimal());
    let (of_quote, of_base) = if is_bid { (received, paid) } else { (paid, received) };
    of_quote.checked_div(of_base)?.round_sf(DIGITS).map(|price| price.normalize())
}
