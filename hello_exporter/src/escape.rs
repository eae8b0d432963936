//! Escapes label values and HELP texts, and unescapes label values.

use std::borrow::Cow;

/// Appends a label value, or a HELP text of OpenMetrics, with `\`, `"` and the newline escaped.
pub(crate) fn label_value(value: &str, out: &mut String) {
    out.extend(label_value_pieces(value));
}

/// Iterates over the pieces of a label value, escaped.
pub(crate) fn label_value_pieces(value: &str) -> impl Iterator<Item = &str> {
    escaped(value, |byte| matches!(byte, b'\\' | b'"' | b'\n'))
}

/// Appends a HELP text of the text format, with `\` and the newline escaped.
pub(crate) fn help(value: &str, out: &mut String) {
    out.extend(escaped(value, |byte| matches!(byte, b'\\' | b'\n')));
}

fn escaped(value: &str, is_special: impl Fn(u8) -> bool) -> impl Iterator<Item = &str> {
    let mut rest = value;
    std::iter::from_fn(move || {
        let plain = rest.bytes().position(&is_special).unwrap_or(rest.len());
        // Special bytes are ASCII, so every cut is at a character boundary.
        let (piece, tail) = rest.split_at_checked(plain.max(1))?;
        rest = tail;
        Some(match piece {
            "\n" if plain == 0 => "\\n",
            "\\" if plain == 0 => "\\\\",
            "\"" if plain == 0 => "\\\"",
            plain => plain,
        })
    })
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

/// Iterates over the pieces of an escaped label value, unescaped.
pub(crate) fn unescaped(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = value;
    std::iter::from_fn(move || {
        let end = match rest.find('\\') {
            // The backslash and the character after it, which the match below returns.
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
