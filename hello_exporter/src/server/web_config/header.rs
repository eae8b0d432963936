//! The values that `headers` takes.

use actix_web::http::header::HeaderValue;
use serde::{Deserialize, Deserializer};

/// The value of a header, which is not empty.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct HeaderText(pub(super) HeaderValue);

impl TryFrom<String> for HeaderText {
    type Error = String;

    /// Takes a text of several lines, a block of YAML, as one line, as Go's net/http does.
    fn try_from(text: String) -> Result<Self, String> {
        let line = text.replace(['\r', '\n'], " ");
        let line = line.trim_matches([' ', '\t']);
        if line.is_empty() {
            return Err("the header is empty, expected a value, or no such key".to_owned());
        }
        let value = HeaderValue::try_from(line);
        let invalid = |_| "expected the value of a header, without control characters".to_owned();
        value.map(Self).map_err(invalid)
    }
}

/// Returns the value if it is one that the header takes.
fn one_of(text: &str, header: &str, accepted: &[&'static str]) -> Result<HeaderText, String> {
    match accepted.iter().find(|value| **value == text) {
        Some(value) => Ok(HeaderText(HeaderValue::from_static(value))),
        None => {
            let accepted: Vec<String> = accepted.iter().map(|value| format!("`{value}`")).collect();
            Err(format!("`{text}` is no value of {header}, expected {}", accepted.join(" or ")))
        }
    }
}

#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct NoSniff(pub(super) HeaderText);

impl TryFrom<String> for NoSniff {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        one_of(&text, "X-Content-Type-Options", &["nosniff"]).map(Self)
    }
}

#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct FrameOptions(pub(super) HeaderText);

impl TryFrom<String> for FrameOptions {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        one_of(&text, "X-Frame-Options", &["deny", "sameorigin"]).map(Self)
    }
}

/// Reads a key that may be left out, but not left without a value: a header without one is a
/// mistake.
pub(super) fn filled<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}
