//! Parses YAML files of operators, and says where a mistake is without quoting the file.

use serde::de::DeserializeOwned;
use serde_saphyr::{Error, MessageFormatter, Options, UserMessageFormatter};

/// The mistake in the content of a file, and its position.
#[derive(Debug)]
pub(crate) struct YamlError {
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) message: String,
}

/// Parses the text.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| YamlError::new(&error))
}

/// Returns the options of the parser: a snippet of the file could contain a secret, which would be
/// logged.
pub(crate) fn options() -> Options {
    serde_saphyr::options! { with_snippet: false }
}

impl YamlError {
    pub(crate) fn new(error: &Error) -> Self {
        let location = error.location();
        Self {
            line: location.map_or(1, |location| location.line()),
            column: location.map_or(1, |location| location.column()),
            message: message(error),
        }
    }
}

/// Returns what is wrong and what would be accepted. It adds no value from the file, which could be
/// a secret; only the messages of a value's own type can quote it.
fn message(error: &Error) -> String {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            format!("unknown key `{field}`, expected one of {}", quoted(expected))
        }
        Error::SerdeUnknownVariant { expected, .. } => {
            format!("unknown value, expected one of {}", quoted(expected))
        }
        Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidValue { expected, .. } => {
            format!("expected {expected}")
        }
        Error::SerdeMissingField { field, .. } => format!("missing key `{field}`"),
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("duplicate key `{key}`"),
        Error::DuplicateMappingKey { .. } => "duplicate key".to_owned(),
        Error::Unexpected { expected: "sequence start", .. } => "expected a list".to_owned(),
        Error::Unexpected { expected: "mapping start", .. } => {
            "expected keys and their values".to_owned()
        }
        Error::Unexpected { expected: "string scalar", .. } => "expected a single value".to_owned(),
        Error::NullIntoString { .. } => "expected a text".to_owned(),
        Error::InvalidScalar { ty, .. } => format!("expected {}", scalar(ty)),
        other => UserMessageFormatter.format_message(other).into_owned(),
    }
}

/// Returns what a scalar of this type is called.
fn scalar(name: &str) -> &'static str {
    match name {
        "boolean" => "`true` or `false`",
        "floating point" => "a number",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "u128" => "a whole number, at least 0",
        _ => "a whole number",
    }
}

/// Joins the names: `` `a`, `b` ``.
fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
