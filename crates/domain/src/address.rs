//! Addresses of accounts and programs.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The address of an account or a program; base58 as text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address([u8; 32]);

/// The text is not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the base58 of 32 bytes")]
pub struct InvalidAddress;

impl Address {
    /// The address of these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn with_text<T>(&self, read: impl FnOnce(&str) -> T) -> T {
        let mut text = [0; 44];
        let length = five8::encode_32(&self.0, &mut text);
        read(str::from_utf8(&text[..usize::from(length)]).unwrap_or_default()) // base58 is ASCII
    }
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let mut address = [0; 32];
        five8::decode_32(text, &mut address).map_err(|_| InvalidAddress)?;
        Ok(Self(address))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.pad(text))
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| serializer.serialize_str(text))
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Address;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address in base58")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Address, E> {
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
    fn an_address_has_one_text() {
        let program = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
        assert_eq!(program.parse::<Address>().unwrap().to_string(), program);
        let all_zero = Address::new([0; 32]);
        assert_eq!(all_zero.to_string(), "1".repeat(32));
        assert_eq!(all_zero.to_string().parse(), Ok(all_zero));
        for text in
            ["", "SOL", "So1111111111111111111111111111111111111111l", &"1".repeat(33), &"z".repeat(44)]
        {
            assert_eq!(text.parse::<Address>(), Err(InvalidAddress), "{text}");
        }
        assert_eq!(serde_json::to_value(all_zero).unwrap(), "1".repeat(32));
        assert_eq!(serde_json::from_value::<Address>("1".repeat(32).into()).unwrap(), all_zero);
    }
}
