//! The values of `headers`.

use actix_web::http::header::HeaderValue;
use serde::{Deserialize, Deserializer};

/// The value of a header, which is not empty.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct HeaderText(pub(super) HeaderValue);

impl TryFrom<String> for HeaderText {
    type Error = String;

    /// Joins the lines of a block of YAML to one, as Go's net/http does.
    fn try_from(text: String) -> Result<Self, String> {
        let line = text.replace(['\r', '\n'], " ");
        let line = line.trim_matches([' ', '\t']);
        if line.is_empty() {
            return Err("the header is empty, expected a value, or no key".to_owned());
        }
        let value = HeaderValue::try_from(line);
        let invalid = |_| "expected the value of a header, without control characters".to_owned();
        value.map(Self).map_err(invalid)
    }
}

/// Returns `text` if it is one of the accepted values of `header`.
fn one_of(text: &str, header: &str, accepted: &[&'static str]) -> Result<HeaderText, String> {
    match accepted.iter().find(|value| **value == text) {
        Some(value) => Ok(HeaderText(HeaderValue::from_static(value))),
        None => {
            let accepted: Vec<String> = accepted.iter().map(|value| format!("`{value}`")).collect();
            Err(format!("invalid value `{text}` of {header}, expected {}", accepted.join(" or ")))
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

/// Reads a key that may be missing, but must have a value if it is there.
pub(super) fn value_if_present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}
