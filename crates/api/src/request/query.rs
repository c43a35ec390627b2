use std::borrow::Cow;

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};

use crate::problem::{Code, FieldCode, FieldError, Problem, shown};

/// The query of a request.
pub(crate) struct Parameters(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(pairs)) => Ok(Self(pairs)),
            Err(rejection) => Err(Problem::new(Code::InvalidQuery, rejection.body_text())),
        }
    }
}

impl Parameters {
    /// All parameters, as they were given.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether the query has no parameters at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A parameter as text. One that is empty counts as absent here, and [`Self::check_names`] reports it.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    /// Reports each parameter that is not among the `known` ones, is given twice or is empty: a filter that is misspelled
    /// or lost its value must not look like one that found everything.
    pub(crate) fn check_names(&self, known: &[&str], errors: &mut Vec<FieldError>) {
        /// Maximum number of reported parameters.
        const REPORTED_AT_MOST: usize = 20;
        let unknown = self.0.iter().filter(|(name, _)| !known.contains(&name.as_str()));
        for (name, _) in unknown.take(REPORTED_AT_MOST) {
            let name = shown(name);
            errors.push(FieldError::new(name, FieldCode::Unknown, "is not a known parameter"));
        }
        for name in known {
            let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
            let error = match values.clone().count() {
                0 => continue,
                1 if values.any(String::is_empty) => (FieldCode::Missing, "is empty; set it or leave it out"),
                1 => continue,
                _ => (FieldCode::Duplicate, "is given more than once"),
            };
            let name = (*name).to_owned();
            if !errors.iter().any(|known| known.field == name) {
                errors.push(FieldError::new(name, error.0, error.1));
            }
        }
    }

    /// A parameter read by `read`; what it cannot read is reported with what is `expected`.
    pub(crate) fn read<T>(
        &self,
        name: &'static str,
        expected: impl Into<Cow<'static, str>>,
        errors: &mut Vec<FieldError>,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = read(self.text(name)?);
        if value.is_none() {
            errors.push(FieldError::new(name, FieldCode::Malformed, expected));
        }
        value
    }
}

/// The problem of a query, if it has any.
pub(crate) fn refuse_query(errors: Vec<FieldError>) -> Result<(), Problem> {
    if errors.is_empty() { Ok(()) } else { Err(Problem::fields(Code::InvalidQuery, errors)) }
}

/// The query of a request that has no parameters.
pub(crate) struct NoParameters;

impl<S: Send + Sync> FromRequestParts<S> for NoParameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        Parameters::from_request_parts(parts, state).await?.check_names(&[], &mut errors);
        refuse_query(errors).map(|()| Self)
    }
}
