use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::address::{Address, InvalidAddress};

/// The address of an SPL mint; base58 as text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mint(Address);

impl Mint {
    /// `So11111111111111111111111111111111111111112`.
    pub const WRAPPED_SOL: Self = Self::new([
        6, 155, 136, 87, 254, 171, 129, 132, 251, 104, 127, 99, 70, 24, 192, 53, 218, 196, 57, 220, 26, 235,
        59, 85, 152, 160, 240, 0, 0, 0, 0, 1,
    ]);
    /// USDC.
    pub const USDC: Self = Self::new([
        198, 250, 122, 243, 190, 219, 173, 58, 61, 101, 243, 106, 171, 201, 116, 49, 177, 187, 228, 194, 210,
        246, 224, 228, 124, 166, 2, 3, 69, 47, 93, 97,
    ]);

    /// The mint at an address.
    pub const fn new(address: [u8; 32]) -> Self {
        Self(Address::new(address))
    }

    /// Its address.
    pub const fn address(self) -> Address {
        self.0
    }

    /// Its address without the middle, for messages: `So11…1112`.
    pub fn shortened(self) -> String {
        const SHOWN: usize = 4;
        let text = self.to_string(); // base58, so each character is a byte
        format!("{}…{}", &text[..SHOWN], &text[text.len() - SHOWN..])
    }

    /// The bytes of its address.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl From<Address> for Mint {
    fn from(address: Address) -> Self {
        Self(address)
    }
}

impl FromStr for Mint {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        text.parse().map(Self)
    }
}

impl fmt::Debug for Mint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Mint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_sol_has_the_text_that_everybody_knows() {
        let sol = "So11111111111111111111111111111111111111112";
        assert_eq!(sol.parse(), Ok(Mint::WRAPPED_SOL));
        assert_eq!("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v".parse(), Ok(Mint::USDC));
        assert_eq!(serde_json::to_value(Mint::WRAPPED_SOL).unwrap(), sol);
        assert_eq!(Mint::WRAPPED_SOL.shortened(), "So11…1112");
    }
}
