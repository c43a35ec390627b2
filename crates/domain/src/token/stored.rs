//! A token in JSON: `{"mint": "…", "decimals": 9}`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeStruct};

use super::{Mint, Token, well_known::by_symbol};

impl Serialize for Token {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut token = serializer.serialize_struct("Token", 2)?;
        token.serialize_field("mint", &self.mint)?;
        token.serialize_field("decimals", &self.decimals)?;
        token.end()
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Stored {
            mint: Mint,
            decimals: u8,
        }

        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Token;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mint and its decimals")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Token, A::Error> {
                let Stored { mint, decimals } =
                    Stored::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Token::new(mint, decimals).map_err(de::Error::custom)
            }

            /// Versions before 2026-12 stored the symbol.
            fn visit_str<E: de::Error>(self, symbol: &str) -> Result<Token, E> {
                by_symbol(symbol).ok_or_else(|| E::custom(format!("unknown token {symbol}")))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_is_stored_by_its_mint_and_was_by_its_symbol() {
        let stored = json!({ "mint": "So11111111111111111111111111111111111111112", "decimals": 9 });
        assert_eq!(serde_json::to_value(Token::SOL).unwrap(), stored);
        let unlisted = json!({ "mint": "11111111111111111111111111111111", "decimals": 2 });
        let read: Token = serde_json::from_value(unlisted).unwrap();
        assert_eq!((read.decimals(), read.mint().to_string().len()), (2, 32));
        for known in [stored, json!("SOL")] {
            assert_eq!(serde_json::from_value::<Token>(known).unwrap(), Token::SOL);
        }
        let huge = json!({ "mint": "11111111111111111111111111111111", "decimals": 255 });
        for wrong in [json!("DOGE"), json!({ "mint": "SOL", "decimals": 9 }), huge] {
            assert!(serde_json::from_value::<Token>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
