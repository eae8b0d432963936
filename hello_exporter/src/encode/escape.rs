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
    unescaped(value).for_each(|piece| plain.push_str(piece));
    Cow::Owned(plain)
}

/// The pieces that an escaped label value stands for.
pub(crate) fn unescaped(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = value;
    std::iter::from_fn(move || {
        let end = match rest.find('\\') {
            // The backslash and what it escapes, of which the latter is left.
            Some(0) => 1 + rest.chars().nth(1)?.len_utf8(),
            Some(at) => at,
            None => rest.len(),
        };
        let (piece, tail) = rest.split_at_checked(end)?;
        rest = tail;
        match piece.strip_prefix('\\') {
            Some("n") => Some("\n"),
            Some(escaped) => Some(escaped),
            None if piece.is_empty() => None,
            None => Some(piece),
        }
    })
}
