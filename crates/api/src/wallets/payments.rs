//! Amounts of tokens: in settings and in bodies of requests.

use domain::{
    Amount, Token,
    books::{Balance, Payment, TransferId, TransferKind},
    ports::Tokens,
};

use super::{prices::Unpriced, worth::decimal_worth};
use crate::{
    problem::{Code, FieldCode, FieldError, Problem, shown},
    state::AppState,
    validation::{Fields, Value, amount_code},
};

/// Tokens of one transfer.
const MOST_TOKENS: usize = 100;

/// A part of `PAPER_BALANCES` that cannot be deposited.
#[derive(Debug, thiserror::Error)]
#[error("PAPER_BALANCES={token}={amount}: {reason}")]
pub(crate) struct InvalidBalance {
    token: String,
    amount: String,
    reason: String,
}

/// Reads amounts of whole tokens by symbol or mint, as in `SOL=1000`, each token once.
///
/// # Errors
/// What is wrong with the setting `PAPER_BALANCES`.
pub(crate) async fn read_balances(
    tokens: &dyn Tokens,
    balances: &[(String, String)],
) -> Result<Vec<(Token, Amount)>, InvalidBalance> {
    let mut amounts: Vec<(Token, Amount)> = Vec::with_capacity(balances.len());
    for (name, amount) in balances {
        let invalid = |reason| InvalidBalance { token: name.clone(), amount: amount.clone(), reason };
        let token = tokens.resolve(name).await.map_err(|error| invalid(format!("{name} is an {error}")))?;
        if amounts.iter().any(|(other, _)| *other == token) {
            return Err(invalid(format!("{} is given twice", tokens.symbol(token))));
        }
        let units = read_units(token, amount);
        let units = units.map_err(|(_, reason)| invalid(format!("the amount {reason}")))?;
        amounts.push((token, units));
    }
    Ok(amounts)
}

/// The field of a body that has amounts by token, such as {"SOL": "10"}. Nothing is reported when it is absent.
pub(crate) async fn read_amounts(
    state: &AppState,
    fields: &Fields<'_>,
    name: &'static str,
    errors: &mut Vec<FieldError>,
) -> Option<Vec<(Token, Amount)>> {
    let value = fields.get(name)?;
    let Some(given) = value.object() else {
        let message = "must be an object of amounts by token, such as {\"SOL\": \"10\"}";
        errors.push(FieldError::new(name, FieldCode::WrongType, message));
        return None;
    };
    let mut amounts: Vec<(Token, Amount)> = Vec::new();
    let before = errors.len();
    for (token, value) in given.all().take(MOST_TOKENS + 1) {
        match read_amount(state, token, value).await {
            Ok((token, _)) if amounts.iter().any(|(other, _)| *other == token) => {
                errors.push(field(name, &state.tokens.symbol(token), FieldCode::Duplicate, "is given twice"));
            }
            Ok(amount) => amounts.push(amount),
            Err((code, message)) => errors.push(field(name, token, code, &message)),
        }
    }
    if amounts.len() > MOST_TOKENS {
        let message = format!("must not have more than {MOST_TOKENS} tokens");
        errors.push(FieldError::new(name, FieldCode::OutOfRange, message));
    }
    (errors.len() == before).then_some(amounts)
}

fn field(name: &str, token: &str, code: FieldCode, message: &str) -> FieldError {
    FieldError::new(format!("{name}.{}", shown(token)), code, message.to_owned())
}

async fn read_amount(
    state: &AppState,
    name: &str,
    value: Value<'_>,
) -> Result<(Token, Amount), (FieldCode, String)> {
    let token = state.tokens.resolve(name.trim()).await;
    let token = token.map_err(|error| (FieldCode::UnknownToken, format!("is an {error}")))?;
    let Some(number) = value.number() else {
        return Err((FieldCode::WrongType, "must be a decimal number, preferably as a string".to_owned()));
    };
    Ok((token, read_units(token, &number)?))
}

/// An amount of whole tokens that fits a wallet, base units; otherwise what is wrong with it.
fn read_units(token: Token, amount: &str) -> Result<Amount, (FieldCode, String)> {
    let units = Amount::parse(amount, token.decimals());
    let units = units.map_err(|error| (amount_code(error), error.to_string()))?;
    if units.0 > Balance::MAX {
        let most = Amount(Balance::MAX).to_decimal(token.decimals());
        return Err((FieldCode::TooLarge, format!("must not exceed {most}, the most a wallet can hold")));
    }
    Ok(units)
}

/// The amounts of a transfer, with what they are worth now if it is new and adds them. A repeated request writes
/// nothing, so it needs no prices and is answered even while the venues give none.
///
/// # Errors
/// As for [`deposits`].
pub(crate) async fn transfer_payments(
    state: &AppState,
    id: TransferId,
    kind: TransferKind,
    amounts: &[(Token, Amount)],
    name: &'static str,
) -> Result<Vec<Payment>, Problem> {
    let is_priced = match kind {
        TransferKind::Deposit | TransferKind::Reset => {
            state.answer(state.store.entry_of(id)).await?.is_none()
        }
        TransferKind::Withdrawal => false,
    };
    if is_priced { deposits(state, amounts, name).await } else { Ok(unpriced(amounts)) }
}

/// Amounts that a request deposits in its field `name`, with what they are worth now: what they cost their owner.
///
/// # Errors
/// When the venues do not say what one is worth, or that is more than can be counted.
pub(crate) async fn deposits(
    state: &AppState,
    amounts: &[(Token, Amount)],
    name: &'static str,
) -> Result<Vec<Payment>, Problem> {
    let mut payments = Vec::with_capacity(amounts.len());
    for (token, units, worth) in worths(state, amounts).await {
        let symbol = || state.tokens.symbol(token);
        let worth = match worth {
            Ok(worth) => Some(worth),
            Err(NoWorth::Unpriced(Unpriced::NotTraded)) => None,
            Err(NoWorth::Unpriced(Unpriced::NoAnswer)) => {
                let detail = format!("no venue says what {} is worth now; repeat the request", symbol());
                return Err(Problem::new(Code::QuotesUnavailable, detail));
            }
            Err(NoWorth::TooLarge) => {
                let most = Amount(u64::MAX).to_decimal(Token::USDC.decimals());
                let message = format!("must not be worth more than {most} USDC");
                let error = field(name, &symbol(), FieldCode::TooLarge, &message);
                return Err(Problem::fields(Code::InvalidRequest, vec![error]));
            }
        };
        payments.push(Payment { mint: token.mint(), units, worth });
    }
    Ok(payments)
}

/// Amounts that a wallet opens with whatever happens, with what they are worth now if that can be known.
pub(super) async fn openings(state: &AppState, amounts: &[(Token, Amount)]) -> Vec<Payment> {
    let worths = worths(state, amounts).await.into_iter();
    let payments = worths.map(|(token, units, worth)| {
        if worth == Err(NoWorth::Unpriced(Unpriced::NoAnswer)) {
            tracing::warn!(token = %state.tokens.symbol(token), "deposited without a price: its value will count as profit");
        }
        Payment { mint: token.mint(), units, worth: worth.ok() }
    });
    payments.collect()
}

/// Amounts without what they are worth.
pub(crate) fn unpriced(amounts: &[(Token, Amount)]) -> Vec<Payment> {
    let payment = |&(token, units): &(Token, Amount)| Payment { mint: token.mint(), units, worth: None };
    amounts.iter().map(payment).collect()
}

/// Why an amount has no worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoWorth {
    Unpriced(Unpriced),
    /// It does not fit 64 bits of base units of USDC.
    TooLarge,
}

/// What amounts are worth now, base units of USDC.
async fn worths(
    state: &AppState,
    amounts: &[(Token, Amount)],
) -> Vec<(Token, Amount, Result<Amount, NoWorth>)> {
    let worths = amounts.iter().map(|&(token, units)| async move {
        let price = state.wallet_prices.price(&state.ticker, token, Token::USDC).await;
        let worth = price
            .map_err(NoWorth::Unpriced)
            .and_then(|price| decimal_worth(units, token, price).ok_or(NoWorth::TooLarge));
        (token, units, worth)
    });
    futures::future::join_all(worths).await
}

#[cfg(test)]
mod tests;
