use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The address of an SPL mint; base58 as text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mint([u8; 32]);

/// The text is not a mint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the base58 of 32 bytes")]
pub struct InvalidMint;

impl Mint {
    /// `So11111111111111111111111111111111111111112`.
    pub const WRAPPED_SOL: Self = Self([
        6, 155, 136, 87, 254, 171, 129, 132, 251, 104, 127, 99, 70, 24, 192, 53, 218, 196, 57, 220, 26, 235,
        59, 85, 152, 160, 240, 0, 0, 0, 0, 1,
    ]);

    /// The mint at an address.
    pub const fn new(address: [u8; 32]) -> Self {
        Self(address)
    }

    /// The address.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn with_text<T>(&self, read: impl FnOnce(&str) -> T) -> T {
        let mut text = [0; 44];
        let length = five8::encode_32(&self.0, &mut text);
        read(str::from_utf8(&text[..usize::from(length)]).unwrap_or_default()) // base58 is ASCII
    }
}

impl FromStr for Mint {
    type Err = InvalidMint;

    fn from_str(text: &str) -> Result<Self, InvalidMint> {
        let mut address = [0; 32];
        five8::decode_32(text, &mut address).map_err(|_| InvalidMint)?;
        Ok(Self(address))
    }
}

impl fmt::Debug for Mint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Mint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.pad(text))
    }
}

impl Serialize for Mint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| serializer.serialize_str(text))
    }
}

impl<'de> Deserialize<'de> for Mint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Mint;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mint in base58")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Mint, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mint_has_one_text() {
        let sol = "So11111111111111111111111111111111111111112";
        assert_eq!(sol.parse(), Ok(Mint::WRAPPED_SOL));
        assert_eq!(Mint::WRAPPED_SOL.to_string(), sol);
        let all_zero = Mint::new([0; 32]);
        assert_eq!(all_zero.to_string().parse(), Ok(all_zero));
        for text in
            ["", "SOL", "So1111111111111111111111111111111111111111l", &"1".repeat(33), &"z".repeat(44)]
        {
            assert_eq!(text.parse::<Mint>(), Err(InvalidMint), "{text}");
        }
        assert_eq!(serde_json::to_value(Mint::WRAPPED_SOL).unwrap(), sol);
        assert_eq!(serde_json::from_value::<Mint>(sol.into()).unwrap(), Mint::WRAPPED_SOL);
    }
}
