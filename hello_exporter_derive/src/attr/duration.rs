//! Durations in string literals.

use syn::parse::ParseStream;

use super::string;

/// Reads a string literal with a duration, and returns it in milliseconds.
pub(super) fn duration(input: ParseStream<'_>) -> syn::Result<u64> {
    let text = string(input)?;
    milliseconds(&text.value()).ok_or_else(|| {
        let message =
            format!("invalid duration `{}`, expected e.g. `1h`, `1h30m` or `90s`", text.value());
        syn::Error::new(text.span(), message)
    })
}

/// Parses a duration as Prometheus writes it, such as `1h30m`. Returns `None` if it is invalid.
fn milliseconds(text: &str) -> Option<u64> {
    const UNITS: &[(&str, u64)] = &[
        ("ms", 1),
        ("s", 1_000),
        ("m", 60_000),
        ("h", 3_600_000),
        ("d", 86_400_000),
        ("w", 604_800_000),
    ];

    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|it: char| !it.is_ascii_digit())?);
        let (unit, tail) =
            tail.split_at(tail.find(|it: char| it.is_ascii_digit()).unwrap_or(tail.len()));
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total = number.parse::<u64>().ok()?.checked_mul(*scale)?.checked_add(total)?;
        rest = tail;
    }
    (total > 0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        let valid =
            [("1h", 3_600_000), ("1h30m", 5_400_000), ("90s", 90_000), ("1d5ms", 86_400_005)];
        for (text, expected) in valid {
            assert_eq!(milliseconds(text), Some(expected), "{text}");
        }
        for text in
            ["", "1", "h", "1.5h", "-1h", "1x", "0s", "99999999999999999999h", "9999999999999w"]
        {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }
}
