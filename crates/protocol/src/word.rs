use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A word as this version knows it, or one of a later version, which must not hide the list that it is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Word<T> {
    Known(T),
    /// As it was sent.
    Later(Cow<'static, str>),
}

impl<T: Copy + Into<&'static str>> Word<T> {
    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(word) => (*word).into(),
            Self::Later(word) => word,
        }
    }
}
