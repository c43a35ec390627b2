//! Amounts of tokens: in settings and in bodies of requests.

use domain::{
    Amount, Token,
    books::{Balance, Payment},
    ports::Tokens,
};

use super::worth::decimal_worth;
use crate::{
    problem::{FieldCode, FieldError, shown},
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

/// The opening balances of the default wallet, with what they are worth.
///
/// # Errors
/// What is wrong with the setting `PAPER_BALANCES`.
pub(crate) async fn payments(
    state: &AppState,
    balances: &[(String, String)],
) -> Result<Vec<Payment>, InvalidBalance> {
    let amounts = read_balances(state.tokens.as_ref(), balances).await?;
    Ok(priced(state, amounts).await)
}

/// The field of a body that has amounts by token, such as {"SOL": "10"}, with what they are worth. Nothing is reported
/// when it is absent.
pub(crate) async fn read_payments(
    state: &AppState,
    fields: &Fields<'_>,
    name: &'static str,
    errors: &mut Vec<FieldError>,
) -> Option<Vec<Payment>> {
    let value = fields.get(name)?;
    let Some(given) = value.object() else {
        let message = "must be an object of amounts by token, such as {\"SOL\": \"10\"}";
        errors.push(FieldError::new(name, FieldCode::WrongType, message));
        return None;
    };
    let mut amounts: Vec<(Token, Amount)> = Vec::new();
    let before = errors.len();
    for (token, value) in given.all().take(MOST_TOKENS + 1) {
        match read_payment(state, token, value).await {
            Ok((token, _)) if amounts.iter().any(|(other, _)| *other == token) => {
                errors.push(field(name, &state.tokens.symbol(token), FieldCode::Duplicate, "is given twice"));
            }
            Ok(payment) => amounts.push(payment),
            Err((code, message)) => errors.push(field(name, token, code, &message)),
        }
    }
    if amounts.len() > MOST_TOKENS {
        let message = format!("must not have more than {MOST_TOKENS} tokens");
        errors.push(FieldError::new(name, FieldCode::OutOfRange, message));
    }
    if errors.len() > before { None } else { Some(priced(state, amounts).await) }
}

fn field(name: &str, token: &str, code: FieldCode, message: &str) -> FieldError {
    FieldError::new(format!("{name}.{}", shown(token)), code, message.to_owned())
}

async fn read_payment(
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

/// Amounts with what they are worth now.
async fn priced(state: &AppState, amounts: Vec<(Token, Amount)>) -> Vec<Payment> {
    let priced = amounts.into_iter().map(|(token, units)| async move {
        let price = state.wallet_prices.price(&state.ticker, token, Token::USDC).await;
        let worth = price.and_then(|price| decimal_worth(units, token, price));
        Payment { mint: token.mint(), units, worth }
    });
    futures::future::join_all(priced).await
}

#[cfg(test)]
mod tests;
