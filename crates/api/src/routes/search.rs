//! What a text that somebody searches for may mean.

use domain::{OrderId, Signature, ports::OrderFilter};

use super::named::{failure_code, pair, venue};
use crate::{problem::Problem, state::AppState, validation::is_label};

/// The longest text, in characters.
pub(super) const MAX_CHARS: usize = 128;
/// Characters of a signature: 64 bytes in base58.
const SIGNATURE_CHARS: std::ops::RangeInclusive<usize> = 64..=88;
/// Digits of the end of an id: lists show eight. With fewer it could be anything.
const ID_END_CHARS: std::ops::Range<usize> = 4..32;

/// Narrows a listing to the orders that a text means: the first of these that it can be. Words of the market come first,
/// then what names a single order. A client may name its orders by something that looks like another id, so its names
/// are looked up before that is taken for one.
///
/// # Errors
/// When the store does not answer.
pub(super) async fn narrow(
    state: &AppState,
    mut filter: OrderFilter,
    text: &str,
) -> Result<OrderFilter, Problem> {
    let word = text.to_ascii_lowercase();
    let without_hyphens = word.replace('-', "");
    if let (None, Ok(status)) = (filter.status, word.parse()) {
        filter.status = Some(status);
    } else if let (None, Some(venue)) = (filter.venue, venue(state, text)) {
        filter.venue = Some(venue);
    } else if let (None, Some(code)) = (filter.failure, failure_code(&word.replace(' ', "_"))) {
        filter.failure = Some(code);
    } else if let (None, Ok(pair)) = (filter.pair, pair(state, text).await) {
        filter.pair = Some(pair);
    } else if let (None, Ok(token)) = (filter.token, state.tokens.resolve(text).await) {
        filter.token = Some(token);
    } else if let Some(id) = known_id(state, text).await? {
        filter.ids = Some(vec![id]);
    } else if !narrow_to_label(state, &mut filter, text).await? {
        if let Ok(id) = text.parse::<OrderId>() {
            filter.ids = Some(vec![id]); // finds nothing
        } else if is_signature(text) {
            filter.signature = Some(Signature::from_base58(text));
        } else if ID_END_CHARS.contains(&without_hyphens.len())
            && without_hyphens.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            filter.id_end = Some(without_hyphens);
        } else {
            filter.label = Some(text.to_owned());
        }
    }
    Ok(filter)
}

/// The id of an order that exists.
async fn known_id(state: &AppState, text: &str) -> Result<Option<OrderId>, Problem> {
    let Ok(id) = text.parse::<OrderId>() else { return Ok(None) };
    let order = state.answer(state.store.order(state.account, id)).await?;
    Ok(order.map(|order| order.id))
}

/// Narrows a listing to the orders that a client calls by a text, if there are any. Indexes find them.
async fn narrow_to_label(state: &AppState, filter: &mut OrderFilter, text: &str) -> Result<bool, Problem> {
    if !is_label(text) {
        return Ok(false);
    }
    let label = || Some(text.to_owned());
    let any = async |wanted: OrderFilter| {
        let found = state.answer(state.store.orders(state.account, wanted)).await?;
        Ok::<_, Problem>(!found.orders.is_empty())
    };
    let is_id = any(OrderFilter { client_order_id: label(), ..OrderFilter::newest(1) }).await?;
    let is_tag = any(OrderFilter { tag: label(), ..OrderFilter::newest(1) }).await?;
    match (is_id, is_tag) {
        (false, false) => return Ok(false),
        (true, false) if filter.client_order_id.is_none() => filter.client_order_id = label(),
        (false, true) if filter.tag.is_none() => filter.tag = label(),
        _ => filter.label = label(),
    }
    Ok(true)
}

fn is_signature(text: &str) -> bool {
    SIGNATURE_CHARS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
