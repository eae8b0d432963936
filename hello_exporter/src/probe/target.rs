//! Which targets may be probed.

use std::fmt;
use std::str::FromStr;

/// A target that nobody may probe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// There is none.
    #[error("the target is empty")]
    Empty,
    /// It is longer than any that is of use.
    #[error("a target must not be longer than {MAX_BYTES} bytes")]
    TooLong,
    /// It contains what URL parsers read in different ways.
    #[error("a target must not contain white space, control characters or `\\`")]
    Characters,
    /// It contains a user name or a password.
    #[error("a target must not contain user information, which stands in front of `@`")]
    UserInfo,
    /// It is none that the probe can reach, see
    /// [`Probe::check_target`](super::Probe::check_target).
    #[error("invalid target: {0}")]
    Invalid(String),
}

const MAX_BYTES: usize = 2048;

/// Checks what holds for every target.
pub(crate) fn check(target: &str) -> Result<(), TargetError> {
    let is_odd =
        |character: char| character.is_whitespace() || character.is_control() || character == '\\';
    if target.is_empty() {
        return Err(TargetError::Empty);
    }
    if target.len() > MAX_BYTES {
        return Err(TargetError::TooLong);
    }
    if target.contains(is_odd) {
        return Err(TargetError::Characters);
    }
    match authority(target).contains('@') {
        true => Err(TargetError::UserInfo),
        false => Ok(()),
    }
}

/// What URL parsers take for the authority of `user@host`, `scheme:user@host`, `scheme:/user@host` or
/// `scheme://user@host`: they are generous.
fn authority(target: &str) -> &str {
    let (_, rest) = split_scheme(target).unwrap_or(("", target));
    rest.trim_start_matches('/').split(['/', '?', '#']).next().unwrap_or_default()
}

/// The scheme and what follows the colon
/// ([RFC 3986, section 3.1](https://www.rfc-editor.org/rfc/rfc3986#section-3.1)). A host in front of a port looks
/// the same.
fn split_scheme(target: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = target.split_once(':')?;
    let is_accepted = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
    (is_scheme && scheme.bytes().all(is_accepted)).then_some((scheme, rest))
}

/// A target in the form in which targets are compared: scheme and host in lower case, without the port
/// that the scheme has by default, and with a path where there is a scheme.
fn normalized(target: &str) -> String {
    let (scheme, rest) = match target.split_once("://") {
        Some((scheme, rest)) if split_scheme(target).is_some_and(|(it, _)| it == scheme) => {
            (scheme.to_ascii_lowercase() + "://", rest)
        }
        _ => (String::new(), target),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let default_port = match &*scheme {
        "http://" => ":80",
        "https://" => ":443",
        _ => "",
    };
    let authority = authority.to_ascii_lowercase();
    let authority = authority.strip_suffix(default_port).unwrap_or(&authority);
    // A pattern whose host is anything has a path in it already.
    let has_path = scheme.is_empty() || tail.starts_with('/') || authority.ends_with("**");
    let slash = if has_path { "" } else { "/" };
    format!("{scheme}{authority}{slash}{tail}")
}

/// Which targets `--probe.allow-target` permits: `*` stands for any number of letters, digits, `-` and `_`, which is
/// no more than one part of a host name or of an address, `**` for anything at all, and every other character for
/// itself.
///
/// ```
/// use hello_exporter::probe::TargetPattern;
///
/// let pattern: TargetPattern = "http://*.example.com/**".parse()?;
/// assert!(pattern.matches("http://www.example.com/status?full=1"));
/// assert!(!pattern.matches("http://internal/?x=.example.com/"));
/// # Ok::<(), hello_exporter::probe::ParsePatternError>(())
/// ```
///
/// Scheme and host may be written in upper or lower case, and with or without the port that `http` and `https` have
/// by default; `http://host` is `http://host/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetPattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// `*`
    Name,
    /// `**`
    Anything,
}

/// A pattern that matches no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a pattern such as `*.example.com:9100` or `http://10.0.0.*/**`: {0}")]
pub struct ParsePatternError(String);

impl FromStr for TargetPattern {
    type Err = ParsePatternError;

    fn from_str(text: &str) -> Result<Self, ParsePatternError> {
        check(&text.replace('*', "x")).map_err(|error| ParsePatternError(error.to_string()))?;
        let mut parts = Vec::new();
        let normalized = normalized(text);
        let mut rest = &*normalized;
        while let Some(start) = rest.find('*') {
            let (before, stars) = rest.split_at(start);
            parts.extend((!before.is_empty()).then(|| Part::Text(before.to_owned())));
            rest = stars.trim_start_matches('*');
            let is_one = stars.len() - rest.len() == 1;
            parts.push(if is_one { Part::Name } else { Part::Anything });
        }
        parts.extend((!rest.is_empty()).then(|| Part::Text(rest.to_owned())));
        Ok(Self { text: text.to_owned(), parts })
    }
}

impl TargetPattern {
    /// Whether the whole target is of this form.
    pub fn matches(&self, target: &str) -> bool {
        let target = &*normalized(target);
        // All places where what is matched so far can end.
        let mut ends = vec![0];
        for part in &self.parts {
            ends = match part {
                Part::Text(text) => past_text(target, &ends, text),
                Part::Name => past_any(target, &ends, is_of_name),
                Part::Anything => past_any(target, &ends, |_| true),
            };
        }
        ends.contains(&target.len())
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn past_text(target: &str, starts: &[usize], text: &str) -> Vec<usize> {
    let starts = starts.iter().copied();
    let has_text = |start: &usize| target.get(*start..).is_some_and(|rest| rest.starts_with(text));
    starts.filter(has_text).map(|start| start + text.len()).collect()
}

/// Every place that is reached from one of the starts, which ascend, over accepted bytes alone.
fn past_any(target: &str, starts: &[usize], is_accepted: impl Fn(u8) -> bool) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut starts = starts.iter().peekable();
    let mut is_reached = false;
    for (at, byte) in target.bytes().map(Some).chain([None]).enumerate() {
        is_reached |= starts.next_if_eq(&&at).is_some();
        if is_reached {
            ends.push(at);
        }
        is_reached &= byte.is_some_and(&is_accepted);
    }
    ends
}

impl fmt::Display for TargetPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// The patterns of an exporter; without any every target is allowed.
#[derive(Debug, Default)]
pub(crate) struct AllowList(pub(crate) Vec<TargetPattern>);

impl AllowList {
    pub(crate) fn allows(&self, target: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| pattern.matches(target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_information_is_refused_wherever_it_stands() {
        let refused = |target| check(target).err();
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
        for target in ["http://host\\@other/", "http://host/ x", "host\n", "\u{85}host"] {
            assert_eq!(refused(target), Some(TargetError::Characters), "{target:?}");
        }
        assert_eq!(refused(""), Some(TargetError::Empty));
        for target in [
            "host",
            "host:80",
            "host:80/user@x",
            "[::1]:80",
            "http://host/user@x",
            "host?x=a@b",
            "é.example",
        ] {
            assert_eq!(refused(target), None, "{target}");
        }
    }

    #[test]
    fn a_pattern_matches_the_whole_target() {
        let matches = |pattern: &str, target| {
            let pattern: TargetPattern = pattern.parse().unwrap();
            pattern.matches(target)
        };
        for (pattern, target) in [
            ("host:80", "host:80"),
            ("*", "host"),
            ("*:80", "b-c_d:80"),
            ("*.*.example.com:*", "a.b.example.com:443"),
            ("http://10.0.0.*/**", "http://10.0.0.7/a/b?c=d"),
            ("**", "http://[::1]:80/é"),
            ("a**a*a", "a/aa"),
            ("*a*a*", "aa"),
            ("http://host:80/**", "http://host/good"),
            ("http://host/**", "HTTP://Host:80"),
            ("https://Host/", "https://host:443"),
            ("http://host", "http://host/"),
            ("http://host?x", "http://host/?x"),
            ("http://**", "http://host:81/x"),
        ] {
            assert!(matches(pattern, target), "{pattern} {target}");
        }
        for (pattern, target) in [
            ("host:80", "host:800"),
            ("host:80", "ahost:80"),
            ("*", "host:80"),
            ("*.example.com", "a.b.example.com"),
            ("http://10.0.0.*/**", "http://10.0.0.evil.com/"),
            ("*.example.com", "example.com"),
            ("*.example.com:80", "evil/x.example.com:80"),
            ("http://10.0.0.*/**", "http://10.0.0.1:8080/"),
            ("http://*/**", "http://evil.example?x=/"),
            ("a*", "aé"),
            ("a**b", "a"),
            ("http://host:443/**", "http://host/"),
            ("http://host/**", "http://host:8080/"),
            ("http://host/", "http://host/x"),
        ] {
            assert!(!matches(pattern, target), "{pattern} {target}");
        }
    }

    #[test]
    fn a_pattern_that_no_target_can_match_is_refused() {
        let error = "a b".parse::<TargetPattern>().unwrap_err().to_string();
        assert_eq!(
            error,
            "expected a pattern such as `*.example.com:9100` or `http://10.0.0.*/**`: a target must not \
             contain white space, control characters or `\\`"
        );
        assert!("".parse::<TargetPattern>().is_err());
        assert!("http://*@host/".parse::<TargetPattern>().is_err());
    }
}
