//! Prices, always in the same direction for a pair: dollars for a token, SOL for what is traded against it.

use rust_decimal::Decimal;

/// Digits of a price that a person reads.
const DIGITS: u32 = 7;

/// A price and what it is counted in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Price {
    pub(crate) value: Decimal,
    /// Such as `USDC/SOL`.
    pub(crate) unit: String,
}

/// The price of a trade that received `received` of one token for each of the other.
pub(crate) fn price(spent: &str, received: &str, received_per_spent: Decimal) -> Price {
    let is_counted_in_spent = rank(spent) < rank(received);
    let (unit, value) = if is_counted_in_spent {
        (format!("{spent}/{received}"), Decimal::ONE.checked_div(received_per_spent).unwrap_or_default())
    } else {
        (format!("{received}/{spent}"), received_per_spent)
    };
    Price { value: readable(value), unit }
}

/// Places before the point are never cut.
fn readable(value: Decimal) -> Decimal {
    let is_large = value >= Decimal::from(10_u64.pow(DIGITS));
    let rounded = if is_large { value.round() } else { value.round_sf(DIGITS).unwrap_or(value) };
    rounded.normalize()
}

/// What prices are counted in comes first.
fn rank(token: &str) -> u8 {
    match token {
        "USDC" | "USDT" => 0,
        "SOL" => 1,
        _ => 2,
    }
}

impl std::fmt::Display for Price {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.value, self.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_one_direction_whoever_buys() {
        for (spent, received, rate, shown) in [
            ("SOL", "USDC", "154.66712345", "154.6671 USDC/SOL"),
            ("USDC", "SOL", "0.0064655", "154.6671 USDC/SOL"),
            ("BONK", "SOL", "0.0000001236789012", "0.0000001236789 SOL/BONK"),
            ("SOL", "JTO", "40", "0.025 SOL/JTO"),
            ("JUP", "JTO", "12345678901.5", "12345678902 JTO/JUP"),
            ("USDC", "SOL", "0", "0 USDC/SOL"),
        ] {
            assert_eq!(price(spent, received, rate.parse().unwrap()).to_string(), shown);
        }
    }
}
