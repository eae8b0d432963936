//! The targets that may be probed.

mod pattern;

pub(crate) use pattern::AllowList;
pub use pattern::{ParsePatternError, TargetPattern};

/// Why a target is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// It is empty.
    #[error("the target is empty")]
    Empty,
    /// It is longer than 8 KiB.
    #[error("a target must not be longer than {MAX_BYTES} bytes")]
    TooLong,
    /// It contains control characters, or white space or `\` in a place where URL parsers disagree
    /// on the host.
    #[error(
        "a target must not contain control characters, nor white space or `\\` before its path"
    )]
    Characters,
    /// It contains a user name or a password.
    #[error("a target must not contain user information, which precedes `@`")]
    UserInfo,
    /// The probe can never reach it, see [`Probe::check_target`](super::Probe::check_target).
    #[error("invalid target: {0}")]
    Invalid(String),
    /// The configuration of the exporter does not permit it. The response is 403; for the other
    /// errors, it is 400.
    #[error("target is not allowed: {0}")]
    NotAllowed(String),
}

/// The longest target. A redirect can name a longer one than the URL of a request can contain.
const MAX_BYTES: usize = 8 << 10;

/// Checks the rules for every target. Spaces are allowed in a path or a query, as in browsers and
/// in Go: a probe over HTTP sends them as `%20`.
pub(crate) fn check(target: &str) -> Result<(), TargetError> {
    if target.is_empty() {
        return Err(TargetError::Empty);
    }
    if target.len() > MAX_BYTES {
        return Err(TargetError::TooLong);
    }
    let (before_path, authority) = authority(target);
    let is_odd = |character: char| character.is_whitespace() || character == '\\';
    if before_path.contains(is_odd) || target.contains(char::is_control) {
        return Err(TargetError::Characters);
    }
    if authority.contains('@') {
        return Err(TargetError::UserInfo);
    }
    Ok(())
}

/// Returns everything before the path, and the authority that lenient URL parsers find in
/// `user@host`, `scheme:user@host`, `scheme:/user@host` or `scheme://user@host`.
fn authority(target: &str) -> (&str, &str) {
    let (_, rest) = split_scheme(target).unwrap_or(("", target));
    let rest = rest.trim_start_matches('/');
    let length = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let end = target.len() - rest.len() + length;
    (target.get(..end).unwrap_or(target), rest.get(..length).unwrap_or(rest))
}

/// Returns the scheme and the text after the colon ([RFC 3986, section
/// 3.1](https://www.rfc-editor.org/rfc/rfc3986#section-3.1)). A host before a port looks like a
/// scheme.
fn split_scheme(target: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = target.split_once(':')?;
    let is_accepted = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
    (is_scheme && scheme.bytes().all(is_accepted)).then_some((scheme, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(target: &str) -> Option<TargetError> {
        check(target).err()
    }

    #[test]
    fn user_information_is_refused_in_every_form() {
        for target in [
            "user@host",
            "user:secret@host:80",
            "http://user@host/",
            "http://:secret@host",
            "http:///user@host",
            "redis://a@b/0?x=1",
            "http:user@host",
            "http:/user@host",
            "http:user:secret@host/://",
            "http:/user@host/://x",
            "user@host/://",
            "/user@host",
            "//user@host",
            "mailto:user@host",
        ] {
            assert_eq!(refused(target), Some(TargetError::UserInfo), "{target}");
        }
        assert_eq!(refused(""), Some(TargetError::Empty));
        assert_eq!(refused(&"x".repeat(MAX_BYTES)), None);
        assert_eq!(refused(&"x".repeat(MAX_BYTES + 1)), Some(TargetError::TooLong));
    }

    #[test]
    fn ambiguous_characters_are_refused_before_the_path() {
        for target in [
            "http://host\\@other/",
            "http:/\\other/",
            "http:\\\\other/",
            " http://host/",
            "http:// host/",
            "http://ho st/",
            "host ",
            "host:80 ",
            "http://host\u{a0}/",
            "host\n",
            "\u{85}host",
            "http://host/\t",
            "http://host/?\u{7f}",
            "http://host/#\r\n",
        ] {
            assert_eq!(refused(target), Some(TargetError::Characters), "{target:?}");
        }
        for target in [
            "host",
            "host:80",
            "host:80/user@x",
            "[::1]:80",
            "[fe80::1%25eth0]:80",
            "http://[fe80::1%eth0]:80/",
            "fe80::1%eth0",
            "http://host/user@x",
            "host?x=a@b",
            "é.example",
            "http://host/ x",
            "http://host/a b?c d#e f",
            "host/\u{a0}",
            "http://host/a\\b?c\\d",
            "host:80/?next=http://x/",
            "host/?next=http://user:secret@x/",
        ] {
            assert_eq!(refused(target), None, "{target}");
        }
    }
}
