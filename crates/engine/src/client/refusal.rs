//! What an engine refuses, in the words of the command line: fields have the names of flags.

use std::{error::Error, fmt};

use protocol::{FieldError, ProblemBody, ShortageView};
use reqwest::StatusCode;
use serde_json::Value;

/// The flags of fields.
type Flags = &'static [(&'static str, &'static str)];

/// What an order and a request for quotes are made of.
const OF_TRADES: Flags = &[
    ("tokenIn", "--in"),
    ("tokenOut", "--out"),
    ("amountIn", "--amount-in"),
    ("amountOut", "--amount-out"),
    ("slippageBps", "--slippage-bps"),
    ("minAmountOut", "--min-amount-out"),
    ("maxAmountIn", "--max-amount-in"),
    ("wallet", "--wallet"),
    ("expiresAt", "--expires-at"),
    ("clientOrderId", "--client-order-id"),
    ("tag", "--tag"),
];

/// What lists are narrowed by, and orders that are canceled.
const OF_FILTERS: Flags = &[
    ("status", "--status"),
    ("pair", "--pair"),
    ("tokenIn", "--token-in"),
    ("tokenOut", "--token-out"),
    ("venue", "--venue"),
    ("clientOrderId", "--client-order-id"),
    ("tag", "--tag"),
    ("wallet", "--wallet"),
    ("failureCode", "--failure-code"),
    ("from", "--since"),
    ("to", "--until"),
    ("q", "--search"),
    ("cursor", "--cursor"),
    ("after", "--after"),
];

/// What the API names and the command line has other words for.
const OTHER_WORDS: [(&str, &str); 2] =
    [("Idempotency-Key", "--idempotency-key"), ("GET /api/wallets", "engine wallet list")];

/// A refused request.
#[derive(Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    reason: Reason,
    flags: Flags,
}

#[derive(Debug)]
enum Reason {
    Fields(Vec<FieldError>),
    Shortages(Vec<ShortageView>),
    Text(String),
}

impl Refused {
    /// Reads the refusal of an engine, or of something in front of it that says why. `None`: it is neither.
    pub(crate) fn read(status: StatusCode, answer: &str) -> Option<Self> {
        let reason = match serde_json::from_str::<ProblemBody<'_>>(answer) {
            Ok(problem) if !problem.errors.is_empty() => Reason::Fields(problem.errors.into_owned()),
            Ok(problem) if !problem.shortages.is_empty() => Reason::Shortages(problem.shortages.into_owned()),
            Ok(problem) => Reason::Text(problem.detail.into_owned()),
            Err(_) => {
                let foreign: Value = serde_json::from_str(answer).ok()?;
                Reason::Text(foreign["detail"].as_str().or(foreign["error"].as_str())?.to_owned())
            }
        };
        Some(Self { status, reason, flags: OF_FILTERS })
    }

    /// The refusal of an order, whose fields have flags of their own.
    pub(super) fn of_trade(error: anyhow::Error) -> anyhow::Error {
        match error.downcast::<Self>() {
            Ok(refused) => Self { flags: OF_TRADES, ..refused }.into(),
            Err(error) => error,
        }
    }

    /// What the wallet lacks, if that is the reason.
    pub(crate) fn shortages(&self) -> &[ShortageView] {
        match &self.reason {
            Reason::Shortages(shortages) => shortages,
            _ => &[],
        }
    }

    fn flag(&self, field: &str) -> Option<&'static str> {
        self.flags.iter().find(|(name, _)| *name == field).map(|(_, flag)| *flag)
    }

    /// A field and what is wrong with it. In the text only names that no English word looks like are fields.
    fn sentence(&self, FieldError { field, message, .. }: &FieldError) -> String {
        let of_token = field.strip_prefix("amounts.").or(field.strip_prefix("balances."));
        let mut sentence = self.flag(field).or(of_token).unwrap_or(field).to_owned();
        for word in message.split(' ') {
            let end = word.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(word.len());
            let (name, rest) = word.split_at(end);
            let is_name = name.bytes().any(|byte| byte.is_ascii_uppercase());
            let flag = self.flag(name).filter(|_| is_name);
            sentence.extend([" ", flag.unwrap_or(name), rest]);
        }
        sentence
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match &self.reason {
            Reason::Fields(errors) => {
                errors.iter().map(|error| self.sentence(error)).collect::<Vec<_>>().join("; ")
            }
            Reason::Shortages(shortages) => {
                let short = shortages.iter().map(|ShortageView { token, needed, free, missing }| {
                    format!("{needed} {token} needed, {free} free, {missing} short")
                });
                format!("insufficient balance: {}", short.collect::<Vec<_>>().join("; "))
            }
            Reason::Text(text) => {
                OTHER_WORDS.iter().fold(text.clone(), |text, (theirs, ours)| text.replace(theirs, ours))
            }
        };
        write!(f, "refused ({}): {reason}", self.status)
    }
}

impl Error for Refused {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(errors: &Value) -> Refused {
        let problem = json!({
            "title": "The order is invalid", "status": 400, "detail": "see errors", "code": "invalid_order",
            "retryable": false, "errors": errors, "error": "see errors",
        });
        Refused::read(StatusCode::BAD_REQUEST, &problem.to_string()).unwrap()
    }

    #[test]
    fn fields_are_named_by_their_flags() {
        let errors = json!([
            { "field": "tokenIn", "code": "unknown_token", "message": "names an unknown token: tokenless" },
            { "field": "amountIn", "code": "missing", "message": "or amountOut is required" },
            { "field": "tag", "code": "malformed", "message": "is no tag" },
            { "field": "later", "code": "odd", "message": "is odd" },
        ]);
        let reason = "--in names an unknown token: tokenless; --amount-in or --amount-out is required; \
                      --tag is no tag; later is odd";
        let of_order = Refused::of_trade(refused(&errors).into());
        assert_eq!(of_order.to_string(), format!("refused (400 Bad Request): {reason}"));
        assert!(refused(&errors).to_string().contains("--token-in names"));
    }

    #[test]
    fn only_an_engine_and_what_gives_a_reason_refuses() {
        let read = |answer: &str| Refused::read(StatusCode::BAD_GATEWAY, answer).map(|it| it.to_string());
        assert_eq!(read("<html>Bad Gateway</html>"), None);
        assert_eq!(read("{}"), None);
        assert_eq!(read(r#"{"error":"no"}"#).as_deref(), Some("refused (502 Bad Gateway): no"));
    }
}
