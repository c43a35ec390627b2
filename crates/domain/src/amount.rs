//! Amounts in base units and ratios in basis points. No floats anywhere near money.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    Token,
    token::{Mint, TooManyDecimals},
};

/// An amount of a token in base units (lamports for SOL). One token is `10^decimals` base units.
///
/// In JSON it is a string, because many readers parse numbers as floats and lose digits past 2^53.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Amount(pub u64);

/// Why a text is not an amount of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a plain decimal number.
    #[error("is not a decimal number")]
    Malformed,
    /// Below zero.
    #[error("must not be negative")]
    Negative,
    /// Zero.
    #[error("must be greater than zero")]
    Zero,
    /// More decimal places than the token has.
    #[error("has more than {decimals} decimal places")]
    TooPrecise {
        /// Decimal places of the token.
        decimals: u8,
    },
    /// Does not fit 64 bits of base units.
    #[error("is too large")]
    TooLarge,
}

impl Amount {
    /// Reads an amount given in whole tokens, such as `1.5`, exactly. A JSON number's exponent
    /// (`1e-3`) is understood.
    ///
    /// # Errors
    /// See [`AmountError`]; trailing zeros do not count as too precise.
    pub fn parse(text: &str, decimals: u8) -> Result<Self, AmountError> {
        Self::read(text, decimals, Err(AmountError::TooPrecise { decimals }))
    }

    /// Like [`Self::parse`], but what is more precise is rounded up to the next base unit.
    ///
    /// # Errors
    /// See [`AmountError`].
    pub fn parse_rounded_up(text: &str, decimals: u8) -> Result<Self, AmountError> {
        Self::read(text, decimals, Ok(()))
    }

    /// `too_precise`: whether digits beyond the decimals are rounded up.
    fn read(text: &str, decimals: u8, too_precise: Result<(), AmountError>) -> Result<Self, AmountError> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_number = !(whole.is_empty() && fraction.is_empty())
            && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        if !is_number {
            return Err(AmountError::Malformed);
        }
        let digits = format!("{whole}{fraction}");
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return Err(AmountError::Zero);
        }
        if negative {
            return Err(AmountError::Negative);
        }
        let significant = digits.trim_end_matches('0');
        let trailing_zeros = i64::try_from(digits.len() - significant.len()).unwrap_or(i64::MAX);
        let fraction_digits = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
        let shift = exponent - fraction_digits + trailing_zeros + i64::from(decimals);
        let Ok(shift) = u32::try_from(shift) else {
            too_precise?;
            let dropped = usize::try_from(shift.unsigned_abs()).unwrap_or(usize::MAX);
            let kept = &significant[..significant.len().saturating_sub(dropped)];
            let base = if kept.is_empty() { Ok(0) } else { kept.parse::<u64>() };
            let rounded = base.ok().and_then(|base| base.checked_add(1)); // a digit that is not zero was dropped
            return rounded.map(Self).ok_or(AmountError::TooLarge);
        };
        let base: u64 = significant.parse().map_err(|_| AmountError::TooLarge)?;
        10u64
            .checked_pow(shift)
            .and_then(|scale| base.checked_mul(scale))
            .map(Self)
            .ok_or(AmountError::TooLarge)
    }

    /// The amount in whole tokens as an exact decimal.
    pub fn to_decimal(self, decimals: u8) -> Decimal {
        Decimal::from_i128_with_scale(i128::from(self.0), u32::from(decimals)).normalize()
    }

    /// `self * numerator / denominator`, rounded down; `None` when it does not fit.
    pub fn mul_div_floor(self, numerator: u128, denominator: u128) -> Option<Self> {
        let value = u128::from(self.0).checked_mul(numerator)?.checked_div(denominator)?;
        u64::try_from(value).ok().map(Self)
    }

    /// `self * numerator / denominator`, rounded up; `None` when it does not fit.
    pub fn mul_div_ceil(self, numerator: u128, denominator: u128) -> Option<Self> {
        let product = u128::from(self.0).checked_mul(numerator)?;
        if denominator == 0 {
            return None;
        }
        u64::try_from(product.div_ceil(denominator)).ok().map(Self)
    }
}

/// Bounds the exponent so that arithmetic on it cannot overflow.
fn parse_exponent(text: &str) -> Result<i64, AmountError> {
    let exponent: i64 = text.parse().map_err(|_| AmountError::Malformed)?;
    if exponent > 100 {
        return Err(AmountError::TooLarge);
    }
    Ok(exponent.max(-1_000))
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(de::Error::custom)
    }
}

/// An amount with its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "StoredAmount", try_from = "StoredAmount")]
pub struct TokenAmount {
    pub token: Token,
    /// How much of it, base units.
    pub units: Amount,
}

/// A [`TokenAmount`] in JSON: `{"mint": "…", "decimals": 9, "units": "1000000000"}`.
#[derive(Serialize, Deserialize)]
struct StoredAmount {
    mint: Mint,
    decimals: u8,
    units: Amount,
}

impl From<TokenAmount> for StoredAmount {
    fn from(TokenAmount { token, units }: TokenAmount) -> Self {
        Self { mint: token.mint(), decimals: token.decimals(), units }
    }
}

impl TryFrom<StoredAmount> for TokenAmount {
    type Error = TooManyDecimals;

    fn try_from(StoredAmount { mint, decimals, units }: StoredAmount) -> Result<Self, TooManyDecimals> {
        Ok(Self { token: Token::new(mint, decimals)?, units })
    }
}

impl TokenAmount {
    /// An amount of a token, in base units.
    pub const fn new(token: Token, units: Amount) -> Self {
        Self { token, units }
    }

    /// The amount in whole tokens as an exact decimal.
    pub fn to_decimal(self) -> Decimal {
        self.units.to_decimal(self.token.decimals())
    }
}

/// An amount for people: the digits before the point in groups of three.
pub fn grouped(amount: Decimal) -> String {
    let text = amount.to_string();
    let whole = text.find('.').unwrap_or(text.len());
    let mut grouped = String::with_capacity(text.len() + whole / 3);
    for (place, digit) in text.chars().enumerate() {
        if place > 0 && place < whole && (whole - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A ratio in basis points: 1 bps is 0.01 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bps(pub u16);

impl Bps {
    /// One whole: 10,000 bps.
    pub const ONE: u128 = 10_000;
}

impl fmt::Display for Bps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bps", self.0)
    }
}

/// The price shown for a trade: whole tokens out per whole token in. `None` for nothing in.
pub fn price(amount_in: TokenAmount, amount_out: TokenAmount) -> Option<Decimal> {
    amount_out.to_decimal().checked_div(amount_in.to_decimal()).map(|price| price.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    #[test]
    fn reads_plain_decimals_exactly() {
        for (text, decimals, expected) in [
            ("1", 9, 1_000_000_000),
            ("1.5", 9, 1_500_000_000),
            ("0.000000001", 9, 1),
            (".5", 6, 500_000),
            ("1.", 6, 1_000_000),
            ("1.500000000000", 6, 1_500_000),
            ("1e-3", 6, 1_000),
            ("2E2", 6, 200_000_000),
            ("18446744073709.551615", 6, u64::MAX),
        ] {
            assert_eq!(Amount::parse(text, decimals), Ok(Amount(expected)), "{text}");
        }
    }

    #[test]
    fn rounds_up_where_that_is_asked_for() {
        for (text, expected) in [
            ("0.001", 1),
            ("0.01", 1),
            ("0.0101", 2),
            ("1.5", 150),
            ("1e-30", 1),
            ("0.999999999999999999999999", 100),
        ] {
            assert_eq!(Amount::parse_rounded_up(text, 2), Ok(Amount(expected)), "{text}");
        }
        assert_eq!(Amount::parse_rounded_up("-0.001", 2), Err(AmountError::Negative));
        assert_eq!(Amount::parse_rounded_up("99999999999999999999.001", 2), Err(AmountError::TooLarge));
    }

    #[test]
    fn refuses_what_is_not_an_amount_with_its_reason() {
        use AmountError::{Malformed, Negative, TooLarge, TooPrecise, Zero};
        for (text, error) in [
            ("", Malformed),
            ("-", Malformed),
            ("abc", Malformed),
            ("1.2.3", Malformed),
            ("1,5", Malformed),
            (" 1", Malformed),
            ("NaN", Malformed),
            ("1e", Malformed),
            ("0", Zero),
            ("0.000", Zero),
            ("-0", Zero),
            ("-1", Negative),
            ("0.0000001", TooPrecise { decimals: 6 }),
            ("1e-7", TooPrecise { decimals: 6 }),
            ("18446744073709.551616", TooLarge),
            ("1e400", TooLarge),
            ("99999999999999999999999999", TooLarge),
        ] {
            assert_eq!(Amount::parse(text, 6), Err(error), "{text}");
        }
    }

    #[test]
    fn long_amounts_are_grouped_for_people() {
        for (amount, shown) in [
            ("0.0001234", "0.0001234"),
            ("999.5", "999.5"),
            ("1000", "1,000"),
            ("18446744073709.551615", "18,446,744,073,709.551615"),
        ] {
            assert_eq!(grouped(amount.parse().unwrap()), shown);
        }
    }

    proptest! {
        #[test]
        fn shown_amounts_read_back_the_same(units in 1u64.., decimals in 0u8..=9) {
            let shown = Amount(units).to_decimal(decimals).to_string();
            prop_assert_eq!(Amount::parse(&shown, decimals), Ok(Amount(units)));
        }

        #[test]
        fn parsing_never_panics(text in vec(any::<char>(), 0..40), decimals in 0u8..=9) {
            let _ = Amount::parse(&String::from_iter(text), decimals);
        }
    }
}
