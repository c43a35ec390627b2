//! What a text names: a token, a pair, a venue, a failure code.

use domain::{FailureCode, Token, VenueId};

use crate::{
    problem::{FieldCode, FieldError, shown},
    request::Parameters,
    state::AppState,
};

/// The token that a parameter names.
pub(super) async fn token(
    state: &AppState,
    query: &Parameters,
    name: &'static str,
    errors: &mut Vec<FieldError>,
) -> Option<Token> {
    let text = query.text(name)?;
    let resolved = state.tokens.resolve(text).await;
    let report = |error| {
        errors.push(FieldError::new(
            name,
            FieldCode::UnknownToken,
            format!("names an {error}: {}", shown(text)),
        ));
    };
    resolved.map_err(report).ok()
}

/// A venue that this engine knows. Names of others are not kept: clients could fill the memory with them.
pub(super) fn venue(state: &AppState, name: &str) -> Option<VenueId> {
    state.venues.iter().map(|venue| venue.id()).find(|venue| venue.as_str().eq_ignore_ascii_case(name))
}

pub(super) fn failure_code(name: &str) -> Option<FailureCode> {
    FailureCode::ALL.into_iter().find(|code| code.as_str().eq_ignore_ascii_case(name))
}

/// Two different tokens, as people write a pair: `SOL/USDC`, `SOL → USDC`, `SOL -> USDC`.
///
/// # Errors
/// The error of the parameter `pair`.
pub(crate) async fn pair(state: &AppState, text: &str) -> Result<[Token; 2], FieldError> {
    let invalid = |code, message: String| FieldError::new("pair", code, message);
    let halves = ["/", "→", "->"].into_iter().find_map(|separator| text.split_once(separator));
    let Some((one, other)) = halves else {
        let message = "must be two tokens, such as SOL/USDC".to_owned();
        return Err(invalid(FieldCode::Malformed, message));
    };
    let mut pair = [Token::SOL; 2];
    for (token, name) in pair.iter_mut().zip([one, other]) {
        *token = state.tokens.resolve(name.trim()).await.map_err(|error| {
            invalid(FieldCode::UnknownToken, format!("names an {error}: {}", shown(name.trim())))
        })?;
    }
    if pair[0] == pair[1] {
        return Err(invalid(FieldCode::SameToken, "must be two different tokens".to_owned()));
    }
    Ok(pair)
}
