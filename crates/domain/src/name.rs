//! Open sets of names: a later version, another chain or a configuration may have more of them.

use std::{
    collections::BTreeSet,
    fmt,
    str::FromStr,
    sync::{PoisonError, RwLock},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// How many names may be interned, so that stored data cannot exhaust memory.
const MAX_NAMES: usize = 1_000;
const MAX_CHARS: usize = 40;

/// A short name in lower case, such as `raydium`. Each is kept once for as long as the process lives, so a name
/// is as cheap to copy as a number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(&'static str);

/// The text is not such a name, or there are too many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a name of at most {MAX_CHARS} letters, digits and underscores in lower case")]
pub struct InvalidName;

static INTERNED: RwLock<BTreeSet<&'static str>> = RwLock::new(BTreeSet::new());

impl Name {
    /// A name that is known when the program is built.
    pub const fn from_static(name: &'static str) -> Self {
        Self(name)
    }

    /// The text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl FromStr for Name {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        // a panic cannot leave the set half changed
        if let Some(known) = INTERNED.read().unwrap_or_else(PoisonError::into_inner).get(text) {
            return Ok(Self(known));
        }
        let is_valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if text.is_empty() || text.len() > MAX_CHARS || !text.bytes().all(is_valid) {
            return Err(InvalidName);
        }
        let mut interned = INTERNED.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = interned.get(text) {
            return Ok(Self(known));
        }
        if interned.len() == MAX_NAMES {
            return Err(InvalidName);
        }
        let kept: &'static str = Box::leak(text.to_owned().into_boxed_str());
        interned.insert(kept);
        Ok(Self(kept))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name in lower case")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Name, E> {
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
    fn a_name_is_kept_once_and_only_if_it_is_one() {
        let one: Name = "orca_whirlpool".parse().unwrap();
        assert!(std::ptr::eq(one.as_str(), "orca_whirlpool".parse::<Name>().unwrap().as_str()));
        assert_eq!(Name::from_static("raydium"), "raydium".parse().unwrap());
        for text in ["", "Raydium", "a b", "é", &"a".repeat(MAX_CHARS + 1)] {
            assert_eq!(text.parse::<Name>(), Err(InvalidName), "{text}");
        }
    }
}
