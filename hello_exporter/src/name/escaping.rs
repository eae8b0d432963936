//! Names with characters that older formats lack, and the schemes that escape them.
//!
//! The rules are those of [`model.EscapeName`] and of expfmt in prometheus/common: a name that is
//! valid without quotes is never escaped. They work in constants, so that the derive's checks use
//! them too.
//!
//! [`model.EscapeName`]: https://pkg.go.dev/github.com/prometheus/common/model#EscapeName

use std::borrow::Cow;
use std::fmt;

use super::is_same;
use crate::escape;

/// How an exposition writes the names that consist of more than letters, digits and `_`. Only
/// `#[collector(utf8)]` and [`Desc::utf8`](crate::collect::Desc::utf8) permit such names.
///
/// A client requests a scheme with the parameter `escaping` of its `Accept` header. Names that need
/// no escaping are the same under all schemes.
///
/// | | `http.requests_total` |
/// |---|---|
/// | `AllowUtf8` | `{"http.requests_total"}` |
/// | `Underscores` | `http_requests_total` |
/// | `Dots` | `http_dot_requests__total` |
/// | `Values` | `U__http_2e_requests__total` |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Escaping {
    /// Names are not escaped. The text formats write them in quotes.
    AllowUtf8,
    /// Every invalid character becomes `_`.
    #[default]
    Underscores,
    /// `.` becomes `_dot_`, `_` becomes `__`, and every other invalid character becomes `__`.
    Dots,
    /// The name begins with `U__`, `_` becomes `__`, and every invalid character becomes its code
    /// point in hexadecimal between two `_`.
    Values,
}

impl Escaping {
    /// All schemes that change names.
    pub(crate) const CHANGING: [Self; 3] = [Self::Underscores, Self::Dots, Self::Values];

    /// Returns the value of the parameter `escaping` in `Accept` and `Content-Type` headers.
    ///
    /// ```
    /// use hello_exporter::registry::Escaping;
    ///
    /// assert_eq!(Escaping::AllowUtf8.as_str(), "allow-utf-8");
    /// assert_eq!(Escaping::default().as_str(), "underscores");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AllowUtf8 => "allow-utf-8",
            Self::Underscores => "underscores",
            Self::Dots => "dots",
            Self::Values => "values",
        }
    }
}

impl fmt::Display for Escaping {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The names of metrics can contain `:`, the names of labels cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameKind {
    Metric,
    Label,
}

impl NameKind {
    /// Returns whether every format can write the name as it is, without quotes.
    pub(crate) const fn is_plain(self, name: &str) -> bool {
        let [first, rest @ ..] = name.as_bytes() else { return false };
        if !self.accepts(*first as u32, true) {
            return false;
        }
        let mut rest = rest;
        while let [byte, tail @ ..] = rest {
            if !self.accepts(*byte as u32, false) {
                return false;
            }
            rest = tail;
        }
        true
    }

    const fn accepts(self, character: u32, is_first: bool) -> bool {
        match char::from_u32(character) {
            Some('a'..='z' | 'A'..='Z' | '_') => true,
            Some('0'..='9') => !is_first,
            Some(':') => matches!(self, Self::Metric),
            _ => false,
        }
    }

    /// Returns the name under a scheme, without quotes.
    pub(crate) fn escaped(self, name: &str, escaping: Escaping) -> Cow<'_, str> {
        if escaping == Escaping::AllowUtf8 || self.is_plain(name) {
            return Cow::Borrowed(name);
        }
        let mut escaped = EscapedBytes::new(self, name, escaping);
        // All bytes of an escaped name are ASCII.
        Cow::Owned(std::iter::from_fn(|| escaped.next().map(char::from)).collect())
    }

    /// Returns the name as the text formats write it: in quotes if it needs them.
    pub(crate) fn rendered(self, name: &str) -> Cow<'_, str> {
        if self.is_plain(name) {
            return Cow::Borrowed(name);
        }
        let mut quoted = String::from('"');
        escape::label_value(name, &mut quoted);
        quoted.push('"');
        Cow::Owned(quoted)
    }

    /// Returns the scheme under which two names are the same, if there is one.
    pub(crate) const fn clash(self, one: &str, other: &str) -> Option<Escaping> {
        if is_same(one, other) {
            return Some(Escaping::AllowUtf8);
        }
        let mut schemes: &[Escaping] = &Escaping::CHANGING;
        while let [escaping, rest @ ..] = schemes {
            let mut one = EscapedBytes::new(self, one, *escaping);
            if one.is_same(EscapedBytes::new(self, other, *escaping)) {
                return Some(*escaping);
            }
            schemes = rest;
        }
        None
    }
}

/// Undoes [`NameKind::rendered`].
pub(crate) fn unquoted(rendered: &str) -> Cow<'_, str> {
    match rendered.strip_prefix('"') {
        None => Cow::Borrowed(rendered),
        Some(quoted) => escape::unescape(quoted.strip_suffix('"').unwrap_or(quoted)),
    }
}

/// The bytes of a name under a scheme, one by one, in constants too.
struct EscapedBytes<'n> {
    kind: NameKind,
    /// `AllowUtf8` for a name that is not escaped.
    escaping: Escaping,
    rest: &'n [u8],
    is_first: bool,
    /// The next bytes, the first one in the lowest bits; none of them is 0.
    pending: u64,
}

impl<'n> EscapedBytes<'n> {
    const fn new(kind: NameKind, name: &'n str, escaping: Escaping) -> Self {
        let escaping = if kind.is_plain(name) { Escaping::AllowUtf8 } else { escaping };
        let pending = match escaping {
            Escaping::Values => packed(b"U__"),
            _ => 0,
        };
        Self { kind, escaping, rest: name.as_bytes(), is_first: true, pending }
    }

    const fn next(&mut self) -> Option<u8> {
        if let Escaping::AllowUtf8 = self.escaping {
            let [byte, rest @ ..] = self.rest else { return None };
            self.rest = rest;
            return Some(*byte);
        }
        if self.pending == 0 {
            let Some((character, rest)) = first_character(self.rest) else { return None };
            self.pending = self.written(character);
            self.rest = rest;
            self.is_first = false;
        }
        let byte = self.pending as u8;
        self.pending >>= 8;
        Some(byte)
    }

    /// Returns what the scheme writes for the next character.
    const fn written(&self, character: u32) -> u64 {
        const UNDERSCORE: u32 = b'_' as u32;
        const DOT: u32 = b'.' as u32;

        let is_accepted = self.kind.accepts(character, self.is_first);
        match (self.escaping, character) {
            (Escaping::Dots | Escaping::Values, UNDERSCORE) => packed(b"__"),
            (Escaping::Dots, DOT) => packed(b"_dot_"),
            _ if is_accepted => character as u64,
            (Escaping::Dots, _) => packed(b"__"),
            (Escaping::Values, _) => code_point(character),
            _ => packed(b"_"),
        }
    }

    const fn is_same(&mut self, mut other: EscapedBytes<'_>) -> bool {
        loop {
            match (self.next(), other.next()) {
                (Some(one), Some(other)) if one == other => {}
                (None, None) => return true,
                _ => return false,
            }
        }
    }
}

/// Returns up to eight bytes in one word, the first one in the lowest bits.
const fn packed(mut bytes: &[u8]) -> u64 {
    let mut word = 0;
    while let [rest @ .., last] = bytes {
        word = word << 8 | *last as u64;
        bytes = rest;
    }
    word
}

/// Returns a code point in hexadecimal between two `_`; it has at most six digits.
const fn code_point(mut character: u32) -> u64 {
    let mut word = b'_' as u64;
    loop {
        let digit = match character % 16 {
            digit @ 0..10 => b'0' as u64 + digit as u64,
            digit => b'a' as u64 + digit as u64 - 10,
        };
        word = word << 8 | digit;
        character /= 16;
        if character == 0 {
            return word << 8 | b'_' as u64;
        }
    }
}

/// Splits valid UTF-8 after its first character.
const fn first_character(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let [first, rest @ ..] = bytes else { return None };
    let mut character = match *first {
        byte @ 0..0x80 => byte,
        byte @ 0x80..0xe0 => byte & 0x1f,
        byte @ 0xe0..0xf0 => byte & 0x0f,
        byte => byte & 0x07,
    } as u32;
    let mut rest = rest;
    while let [byte @ 0x80..0xc0, tail @ ..] = rest {
        character = character << 6 | (*byte & 0x3f) as u32;
        rest = tail;
    }
    Some((character, rest))
}
