//! The filters of orders, which lists, counts and exports share.

use domain::{
    OrderStatus, Timestamp,
    ports::{OrderFilter, OrderSort},
};
use protocol::words;
use utoipa::IntoParams;

use super::{
    named::{self, failure_code, token, venue},
    search,
};
use crate::{
    problem::{FieldCode, FieldError, Problem},
    request::Parameters,
    state::AppState,
    validation::{MAX_CLIENT_ORDER_ID_CHARS, MAX_TAG_CHARS, is_label},
};

/// The parameters of a filter.
pub(super) const NAMES: [&str; 15] = [
    "status",
    "parked",
    "tag",
    "wallet",
    "clientOrderId",
    "tokenIn",
    "tokenOut",
    "token",
    "pair",
    "side",
    "venue",
    "failureCode",
    "from",
    "to",
    "q",
];

/// The parameters of a filter, for the `OpenAPI` document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `read` reads")]
pub(super) struct Filters {
    /// Orders in this status (case-insensitive).
    status: Option<words::OrderStatus>,
    /// `true`: only parked orders, which lost five claims in a row.
    parked: Option<bool>,
    /// Orders with this tag.
    #[param(pattern = "^[ -~]{1,128}$")]
    tag: Option<String>,
    /// Orders that trade from this wallet: a name or an id.
    wallet: Option<String>,
    /// The order with this client order id.
    #[param(pattern = "^[ -~]{1,128}$")]
    client_order_id: Option<String>,
    /// Orders that spend this token: a symbol or a mint.
    token_in: Option<String>,
    /// Orders that receive this token: a symbol or a mint.
    token_out: Option<String>,
    /// Orders that spend or receive this token: a symbol or a mint.
    token: Option<String>,
    /// Orders between two tokens, in either direction unless `side` is given: `SOL/USDC`.
    pair: Option<String>,
    /// With `pair`: `sell` for orders that spend its first token, `buy` for those that receive it.
    side: Option<words::Side>,
    /// Orders that this venue filled, or whose last attempt failed there.
    venue: Option<words::Venue>,
    /// Orders whose last failure has this code.
    failure_code: Option<words::FailureCode>,
    /// Orders accepted at or after this time (RFC 3339, millisecond precision).
    #[param(format = DateTime)]
    from: Option<String>,
    /// Orders accepted before this time (RFC 3339, millisecond precision).
    #[param(format = DateTime)]
    to: Option<String>,
    /// Free text: a status, venue, failure code, pair or token, else an order id, client order id, tag, signature or the
    /// end of an order id; the first of these that it is.
    #[param(max_length = 128)]
    q: Option<String>,
}

/// What a query filters by, newest first and unlimited, and the text that it searches for.
pub(super) struct Read {
    filter: OrderFilter,
    /// The name or id of a wallet.
    wallet: Option<String>,
    searched: Option<String>,
}

impl Read {
    /// The filter, narrowed to the wallet and to what the searched text means.
    ///
    /// # Errors
    /// The wallet does not exist, or the store does not answer.
    pub(super) async fn finish(mut self, state: &AppState) -> Result<OrderFilter, Problem> {
        if let Some(wallet) = self.wallet {
            self.filter.wallet = Some(state.wallet_named(&wallet).await?);
        }
        match self.searched {
            Some(text) if !text.is_empty() => search::narrow(state, self.filter, &text).await,
            _ => Ok(self.filter),
        }
    }
}

/// Reads the filter of a query. What is wrong with it is added to `errors`.
pub(super) async fn read(state: &AppState, query: &Parameters, errors: &mut Vec<FieldError>) -> Read {
    let status = query.read("status", one_of(OrderStatus::ALL.map(OrderStatus::as_str)), errors, |text| {
        text.to_ascii_lowercase().parse().ok()
    });
    let parked = query.read("parked", "must be true or false", errors, |text| text.parse().ok());
    let label =
        |most: usize| move |text: &str| (text.len() <= most && is_label(text)).then(|| text.to_owned());
    let not_a_label = "must be printable ASCII of at most 128 characters";
    let tag = query.read("tag", not_a_label, errors, label(MAX_TAG_CHARS));
    let client_order_id = query.read("clientOrderId", not_a_label, errors, label(MAX_CLIENT_ORDER_ID_CHARS));
    let venues = one_of(state.venues.iter().map(|venue| venue.id().as_str()));
    let venue = query.read("venue", venues, errors, |text| venue(state, text));
    let not_a_code = "must be the code of a failure, such as no_route";
    let failure = query.read("failureCode", not_a_code, errors, failure_code);
    let not_a_time = "must be an RFC 3339 time with an offset";
    let from: Option<Timestamp> = query.read("from", not_a_time, errors, |text| text.parse().ok());
    let to: Option<Timestamp> = query.read("to", not_a_time, errors, |text| text.parse().ok());
    let searched = query.read("q", "must have at most 128 characters", errors, |text| {
        (text.chars().count() <= search::MAX_CHARS).then(|| text.trim().to_owned())
    });
    let mut filter = OrderFilter {
        status,
        parked: parked.unwrap_or(false),
        tag,
        client_order_id,
        token_in: token(state, query, "tokenIn", errors).await,
        token_out: token(state, query, "tokenOut", errors).await,
        token: token(state, query, "token", errors).await,
        venue,
        failure,
        from,
        to,
        sort: OrderSort::default(),
        ..OrderFilter::newest(u32::MAX)
    };
    read_pair(state, query, &mut filter, errors).await;
    Read { filter, wallet: query.text("wallet").map(str::to_owned), searched }
}

fn one_of(words: impl IntoIterator<Item = &'static str>) -> String {
    format!("must be one of {}", words.into_iter().collect::<Vec<_>>().join(", "))
}

async fn read_pair(
    state: &AppState,
    query: &Parameters,
    filter: &mut OrderFilter,
    errors: &mut Vec<FieldError>,
) {
    let pair = match query.text("pair") {
        Some(text) => named::pair(state, text).await.map_err(|error| errors.push(error)).ok(),
        None => None,
    };
    let sells = query.read("side", "must be buy or sell", errors, |text| match text {
        "sell" => Some(true),
        "buy" => Some(false),
        _ => None,
    });
    let Some(sells) = sells else {
        filter.pair = pair;
        return;
    };
    if query.text("pair").is_none() {
        errors.push(FieldError::new("side", FieldCode::Conflict, "needs a pair"));
    }
    if filter.token_in.is_some() || filter.token_out.is_some() {
        errors.push(FieldError::new(
            "side",
            FieldCode::Conflict,
            "cannot be combined with tokenIn or tokenOut",
        ));
    }
    if let Some([base, quote]) = pair {
        let (token_in, token_out) = if sells { (base, quote) } else { (quote, base) };
        (filter.token_in, filter.token_out) = (Some(token_in), Some(token_out));
    }
}
