//! The one place that escapes.

use std::borrow::Cow;

/// Appends a label value: `\`, `"` and the newline are escaped.
pub(crate) fn label_value(value: &str, out: &mut String) {
    escape(value, |byte| matches!(byte, b'\\' | b'"' | b'\n'), out);
}

/// Appends a HELP text: `\` and the newline are escaped.
pub(crate) fn help(value: &str, out: &mut String) {
    escape(value, |byte| matches!(byte, b'\\' | b'\n'), out);
}

fn escape(value: &str, special: impl Fn(u8) -> bool, out: &mut String) {
    let mut rest = value;
    while let Some(at) = rest.bytes().position(&special) {
        // Only ASCII is special, so that both cuts are at a character.
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        let mut tail = tail.chars();
        match tail.next() {
            Some('\n') => out.push_str("\\n"),
            Some(character) => out.extend(['\\', character]),
            None => {}
        }
        rest = tail.as_str();
    }
    out.push_str(rest);
}

/// Undoes [`label_value`].
pub(crate) fn unescape(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut plain = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => plain.push('\n'),
                Some(other) => plain.push(other),
                None => plain.push('\\'),
            },
            other => plain.push(other),
        }
    }
    Cow::Owned(plain)
}
