//! The naming rules of metrics and labels.
//!
//! From the [data model](https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels):
//! names consist of letters, digits and `_`, and do not begin with a digit. `:` is reserved for
//! recording rules. Label names that begin with `__` are reserved for Prometheus itself.
//! `#[collector(utf8)]` permits any text that is not empty, see
//! [`Escaping`].

pub(crate) mod escaping;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
#[cfg(feature = "schema")]
pub(crate) mod prefix;

use std::borrow::Cow;

pub(crate) use escaping::{Escaping, NameKind, unquoted};

/// Returns whether an exporter can expose a metric with this name.
///
/// ```
/// use hello_exporter::name::is_metric_name;
///
/// assert!(is_metric_name("http_requests_total"));
/// assert!(!is_metric_name("job:http_requests:rate5m"));
/// assert!(!is_metric_name("5xx_total"));
/// ```
pub fn is_metric_name(name: &str) -> bool {
    is_identifier(name)
}

/// Returns whether a label can have this name.
///
/// ```
/// use hello_exporter::name::is_label_name;
///
/// assert!(is_label_name("hostname"));
/// assert!(!is_label_name("__name__"));
/// ```
pub fn is_label_name(name: &str) -> bool {
    is_identifier(name) && !name.starts_with("__")
}

/// Returns whether a label of a family that permits UTF-8 can have this name.
pub(crate) fn is_utf8_label_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with("__")
}

/// Returns whether two lists are equal. Unlike `==`, it works in constants.
pub(crate) const fn are_same(one: &[Cow<'static, str>], other: &[Cow<'static, str>]) -> bool {
    let (mut one, mut other) = (one, other);
    while let ([first, rest @ ..], [other_first, other_rest @ ..]) = (one, other) {
        if !is_same(as_str(first), as_str(other_first)) {
            return false;
        }
        (one, other) = (rest, other_rest);
    }
    one.is_empty() && other.is_empty()
}

/// Returns whether two texts are equal. Unlike `==`, it works in constants.
pub(crate) const fn is_same(one: &str, other: &str) -> bool {
    is_same_bytes(one.as_bytes(), other.as_bytes())
}

pub(crate) const fn is_same_bytes(mut one: &[u8], mut other: &[u8]) -> bool {
    while let ([first, rest @ ..], [other_first, other_rest @ ..]) = (one, other) {
        if *first != *other_first {
            return false;
        }
        (one, other) = (rest, other_rest);
    }
    one.is_empty() && other.is_empty()
}

/// Returns a borrowed text. An owned one gives an empty text, because a constant can only contain
/// an empty `String`.
#[expect(clippy::ptr_arg, reason = "`Deref` is not const")]
pub(crate) const fn as_str<'a>(text: &'a Cow<'static, str>) -> &'a str {
    match text {
        Cow::Borrowed(text) => text,
        Cow::Owned(_) => "",
    }
}

fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first == b'_' || first.is_ascii_alphabetic())
        && bytes.all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}
