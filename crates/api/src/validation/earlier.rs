//! The forms of the systems this one replaces, so that their clients run unchanged, and which of all forms a body is
//! written in.

use domain::Bps;

use super::{Fields, Form, Side, SlippageField, Value};
use crate::problem::{FieldCode, FieldError};

/// `{tokenIn, tokenOut, amount, wallet?}`
pub(crate) const AMOUNT: Form = Form { exact_in: Some("amount"), exact_out: None, ..Form::CANONICAL };

/// `{tokenIn, tokenOut, amountIn, slippage}`, slippage in percent.
pub(crate) const PERCENT: Form =
    Form { slippage: SlippageField { name: "slippage", decimals: 2, least: Bps(0) }, ..Form::CANONICAL };

/// `{tokenIn, tokenOut, amount, slippage}`, slippage in percent.
pub(crate) const AMOUNT_PERCENT: Form = Form { slippage: PERCENT.slippage, ..AMOUNT };

const MINT_FIELDS: [&str; 3] = ["inputMint", "outputMint", "slippage_pct"];

/// `{inputMint, outputMint, amount, slippage_pct}`, slippage in percent and more than zero.
pub(crate) const MINTS: Form = Form {
    token_in: "inputMint",
    token_out: "outputMint",
    exact_in: Some("amount"),
    exact_out: None,
    slippage: SlippageField { name: "slippage_pct", decimals: 2, least: Bps(1) },
    side: Side::Ignored,
};

/// `{clientId, side: "sell", baseAsset, quoteAsset, amount}` spends exactly `amount` of the base. The
/// `clientId` names the client, not the order: all its orders have the same.
pub(crate) const SELL: Form = Form {
    token_in: "baseAsset",
    token_out: "quoteAsset",
    exact_in: Some("amount"),
    exact_out: None,
    slippage: SlippageField::BPS,
    side: Side::Decides,
};

/// `{clientId, side: "buy", baseAsset, quoteAsset, amount}` receives exactly `amount` of the base.
const BUY: Form = Form {
    token_in: "quoteAsset",
    token_out: "baseAsset",
    exact_in: None,
    exact_out: Some("amount"),
    ..SELL
};

/// The form of a body, recognized by the names of its fields. A `side` beside the tokens that are spent and
/// received does not change the form.
pub(crate) fn form_of(fields: &Fields<'_>, errors: &mut Vec<FieldError>) -> Form {
    let has_any = |names: &[&str]| names.iter().any(|name| fields.has(name));
    let names_tokens = has_any(&["tokenIn", "tokenOut"]);
    if has_any(&["baseAsset", "quoteAsset"])
        || (has_any(&["side"]) && !names_tokens && !has_any(&MINT_FIELDS))
    {
        return by_side(fields, errors);
    }
    if has_any(&MINT_FIELDS) {
        return MINTS;
    }
    match (has_any(&["amount"]), has_any(&["slippage"])) {
        (false, false) => Form::CANONICAL,
        (true, false) => AMOUNT,
        (false, true) => PERCENT,
        (true, true) => AMOUNT_PERCENT,
    }
}

/// A side that is missing or unknown is reported; the rest is then judged as a sell.
fn by_side(fields: &Fields<'_>, errors: &mut Vec<FieldError>) -> Form {
    let mut report = |code, message| errors.push(FieldError::new("side", code, message));
    match fields.get("side").map(Value::text) {
        Some(Some(side)) if side.eq_ignore_ascii_case("sell") => {}
        Some(Some(side)) if side.eq_ignore_ascii_case("buy") => return BUY,
        Some(Some(_)) => report(FieldCode::Unsupported, "must be buy or sell"),
        Some(None) => report(FieldCode::WrongType, "must be a string"),
        None => report(FieldCode::Missing, "is required: buy or sell"),
    }
    SELL
}
