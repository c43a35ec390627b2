use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use strum::VariantArray;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::words;

/// Why a field is not valid, as a stable code.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "snake_case")]
pub enum FieldCode {
    /// It is required.
    Missing,
    /// There is no such field.
    #[strum(serialize = "unknown_field")]
    Unknown,
    /// It appears twice.
    #[strum(serialize = "duplicate_field")]
    Duplicate,
    /// It has the wrong JSON type.
    WrongType,
    /// Not a number, not a cursor, not printable.
    Malformed,
    /// An amount of zero.
    Zero,
    /// An amount below zero.
    Negative,
    /// More decimal places than the token has.
    TooPrecise,
    /// Beyond what 64 bits of base units hold.
    TooLarge,
    /// The token is not listed.
    UnknownToken,
    /// Both tokens are the same.
    SameToken,
    /// Outside the allowed range.
    OutOfRange,
    /// It excludes another field of the request.
    Conflict,
    /// A value that is unknown or not supported.
    Unsupported,
    /// Too many characters.
    TooLong,
    /// A code of a later version, to whoever reads it.
    Later,
}

impl FieldCode {
    /// Every code of this version.
    pub const ALL: [Self; Self::VARIANTS.len() - 1] =
        *Self::VARIANTS.first_chunk().expect("all but the last, `Later`");

    /// The stable code.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl Serialize for FieldCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for FieldCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Ok(text.parse().unwrap_or(Self::Later))
    }
}

impl PartialSchema for FieldCode {
    fn schema() -> RefOr<Schema> {
        words::one_of("Why a field is invalid, for programs.", Self::ALL).into()
    }
}

impl ToSchema for FieldCode {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("FieldCode")
    }
}

/// Why a field is invalid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// The field's name in the request.
    pub field: Cow<'static, str>,
    /// Stable code, for programs.
    pub code: FieldCode,
    /// Explanation, for people. It continues a sentence that begins with the field's name.
    pub message: Cow<'static, str>,
}

impl FieldError {
    /// Reports `field`; the message continues a sentence that begins with its name.
    pub fn new(
        field: impl Into<Cow<'static, str>>,
        code: FieldCode,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { field: field.into(), code, message: message.into() }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.message)
    }
}
