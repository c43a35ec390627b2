use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor},
};
use serde_json::{error::Category, value::RawValue};

use crate::problem::{Code, FieldCode, FieldError, Problem, shown};

/// The fields of a JSON object as they were written, so that numbers are read exactly.
#[derive(Debug)]
pub(crate) struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Reads the body of a request or a message.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(body)
            .map_err(|_| Problem::new(Code::MalformedJson, "the body is not UTF-8"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text); // RFC 8259 §8.1: a byte order mark may be skipped
        serde_json::from_str(text).map_err(|error| match error.classify() {
            Category::Data => Problem::new(Code::MalformedJson, "the body must be a JSON object"),
            _ if text.trim().is_empty() => Problem::new(Code::MalformedJson, "the body is empty"),
            _ => Problem::new(Code::MalformedJson, error.to_string()),
        })
    }

    /// Whether the field is there, even if it is null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// A field's value; one that is null counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<Value<'a>> {
        self.0
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, raw)| Value(raw.get()))
            .filter(|value| value.0 != "null")
    }

    /// All fields, as they were given.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, Value<'a>)> {
        self.0.iter().map(|(name, raw)| (name.as_str(), Value(raw.get())))
    }

    /// Reports every field that is not among the `known` ones or is there twice.
    pub(crate) fn report_unexpected(&self, known: &[&str], errors: &mut Vec<FieldError>) {
        /// Maximum number of reported fields.
        const REPORTED_AT_MOST: usize = 20;
        for (index, (name, _)) in self.0.iter().enumerate() {
            if errors.len() >= REPORTED_AT_MOST {
                return;
            }
            if !known.contains(&name.as_str()) {
                errors.push(FieldError::new(shown(name), FieldCode::Unknown, "is not a known field"));
            } else if self.0[..index].iter().any(|(earlier, _)| earlier == name) {
                errors.push(FieldError::new(shown(name), FieldCode::Duplicate, "is given twice"));
            }
        }
    }
}

/// A JSON value as it was written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'a>(&'a str);

impl<'a> Value<'a> {
    /// The fields, if it is an object.
    pub(crate) fn object(self) -> Option<Fields<'a>> {
        serde_json::from_str(self.0).ok()
    }

    /// The value as a type, if it is of that type.
    pub(crate) fn typed<T: DeserializeOwned>(self) -> Option<T> {
        serde_json::from_str(self.0).ok()
    }

    /// The text, if it is a string.
    pub(crate) fn text(self) -> Option<String> {
        self.typed()
    }

    /// The digits of a number, written as a number or as a string.
    pub(crate) fn number(self) -> Option<String> {
        match self.0.as_bytes().first() {
            Some(b'-' | b'0'..=b'9') => Some(self.0.to_owned()),
            _ => self.text(),
        }
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}
