//! Amounts of tokens: in settings and in bodies of requests.

use domain::{
    Amount, Token,
    amount::AmountError,
    books::{Balance, Payment},
    ports::TokenError,
};

use super::worth::decimal_worth;
use crate::{
    problem::{FieldCode, FieldError, shown},
    state::AppState,
    validation::{Fields, Value, amount_code},
};

/// Tokens of one transfer.
const MOST_TOKENS: usize = 100;

/// Why a balance of `PAPER_BALANCES` cannot be deposited.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidBalance {
    #[error("PAPER_BALANCES: {0} is not a token of this market")]
    Token(String, #[source] TokenError),
    #[error("PAPER_BALANCES: the amount of {0} {1}")]
    Amount(String, #[source] AmountError),
}

/// Amounts of whole tokens by symbol, as in `SOL=1000`, with what they are worth.
///
/// # Errors
/// What is wrong with the setting `PAPER_BALANCES`.
pub(crate) async fn payments(
    state: &AppState,
    balances: &[(String, String)],
) -> Result<Vec<Payment>, InvalidBalance> {
    let mut amounts = Vec::with_capacity(balances.len());
    for (symbol, amount) in balances {
        let token = state.tokens.resolve(symbol).await;
        let token = token.map_err(|error| InvalidBalance::Token(symbol.clone(), error))?;
        let units = Amount::parse(amount, token.decimals());
        amounts.push((token, units.map_err(|error| InvalidBalance::Amount(symbol.clone(), error))?));
    }
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
    let units = Amount::parse(&number, token.decimals());
    let units = units.map_err(|error| (amount_code(error), error.to_string()))?;
    if units.0 > Balance::MAX {
        let most = Amount(Balance::MAX).to_decimal(token.decimals());
        return Err((FieldCode::TooLarge, format!("is more than a wallet can hold, {most}")));
    }
    Ok((token, units))
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
