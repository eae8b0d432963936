//! The grouping key: the labels that identify a group of metrics in the Pushgateway.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::PushError;
use crate::name::is_label_name;

const JOB: &str = "job";

/// All bytes but those that a URL never needs to escape ([RFC 3986], section 2.3).
///
/// [RFC 3986]: https://www.rfc-editor.org/rfc/rfc3986#section-2.3
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The job and the other labels of a group.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) job: String,
    pub(super) labels: BTreeMap<String, String>,
}

impl Group {
    pub(super) fn new(job: &str) -> Result<Self, PushError> {
        if job.is_empty() {
            return Err(PushError::EmptyJob);
        }
        Ok(Self { job: job.to_owned(), labels: BTreeMap::new() })
    }

    /// Sets a label other than `job`.
    pub(super) fn insert(&mut self, name: &str, value: &str) -> Result<(), PushError> {
        let invalid = |expected| PushError::GroupingLabel { name: name.to_owned(), expected };
        if name == JOB {
            return Err(invalid("expected the job in `Pushgateway::new`"));
        }
        if !is_label_name(name) {
            return Err(invalid(
                "expected letters, digits and `_`, with no digit first and no `__` at the start",
            ));
        }
        self.labels.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    /// Returns whether the Pushgateway sets this label of each metric in the group.
    pub(super) fn has_label(&self, name: &str) -> bool {
        name == JOB || self.labels.contains_key(name)
    }

    /// Returns the path of the group below the URL of the Pushgateway.
    pub(super) fn path(&self) -> String {
        let labels = self.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let all = std::iter::once((JOB, self.job.as_str())).chain(labels);
        all.fold(String::from("/metrics"), |path, (name, value)| path + &segments(name, value))
    }
}

/// Returns the two path segments of a label. A value that cannot be a segment is encoded in
/// base64: an empty one, one with a slash, and those that servers remove from paths.
fn segments(name: &str, value: &str) -> String {
    match value {
        "" => format!("/{name}@base64/="),
        "." | ".." => format!("/{name}@base64/{}", URL_SAFE_NO_PAD.encode(value)),
        _ if value.contains('/') => format!("/{name}@base64/{}", URL_SAFE_NO_PAD.encode(value)),
        _ => format!("/{name}/{}", utf8_percent_encode(value, ESCAPED)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn path_escapes_values() {
        let mut group = Group::new("nightly backup").unwrap();
        for (name, value) in [
            ("directory", "/var/lib"),
            ("empty", ""),
            ("parent", ".."),
            ("plain", "a-b_c.d~e"),
            ("special", "50%+1?#&;"),
            ("town", "Zürich"),
        ] {
            group.insert(name, value).unwrap();
        }
        assert_eq!(
            group.path(),
            "/metrics/job/nightly%20backup/directory@base64/L3Zhci9saWI/empty@base64/=\
             /parent@base64/Li4/plain/a-b_c.d~e/special/50%25%2B1%3F%23%26%3B/town/Z%C3%BCrich"
        );
        assert_eq!(Group::new("a/b").unwrap().path(), "/metrics/job@base64/YS9i");
    }
}
