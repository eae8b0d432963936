//! The error of a value that cannot be read.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

/// A value or a struct could not be read from [`KeyValues`](super::KeyValues).
///
/// The message names the key and what was expected, as far as they are known. It never quotes a
/// value, which may be a secret of the server that sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct KeyValuesError {
    key: Option<String>,
    problem: ReadProblem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum ReadProblem {
    /// A struct needs this field, and its key is missing.
    Missing(&'static str),
    /// A value is not of its type. An author's own types may not say what they expect.
    Invalid { expected: Option<String> },
}

impl KeyValuesError {
    pub(super) fn expected(expected: &dyn Expected) -> Self {
        Self::invalid(Some(expected.to_string()))
    }

    fn invalid(expected: Option<String>) -> Self {
        Self { key: None, problem: ReadProblem::Invalid { expected } }
    }

    /// Names the key whose value could not be read.
    pub(super) fn at(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }
}

impl fmt::Display for KeyValuesError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = match &self.problem {
            ReadProblem::Missing(field) => return write!(formatter, "missing field `{field}`"),
            ReadProblem::Invalid { expected } => expected,
        };
        match &self.key {
            Some(key) => write!(formatter, "invalid value of `{key}`")?,
            None => formatter.write_str("invalid values")?,
        }
        match expected {
            Some(expected) => write!(formatter, ", expected {expected}"),
            None => Ok(()),
        }
    }
}

/// Leaves the text of the server out of serde's messages.
impl de::Error for KeyValuesError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::invalid(None)
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::invalid(Some(format!("one of {}", list(expected))))
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self::invalid(Some(format!("no other keys than {}", list(expected))))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::invalid(Some(format!("one key for field `{field}`")))
    }

    fn missing_field(field: &'static str) -> Self {
        Self { key: None, problem: ReadProblem::Missing(field) }
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
