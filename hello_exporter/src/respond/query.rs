//! Reads the query of a URL.

/// Returns the decoded pairs of a query, in order, as a form writes them:
/// [URL standard, section 5.1](https://url.spec.whatwg.org/#urlencoded-parsing).
pub(crate) fn query_pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(key), decoded(value))
    })
}

/// Decodes `+` and `%41`. Keeps a `%` without two digits, and replaces invalid UTF-8.
fn decoded(text: &str) -> String {
    let unescaped = |text: &str| text.replace('+', " ").into_bytes();
    let mut parts = text.split('%');
    let mut bytes = unescaped(parts.next().unwrap_or_default());
    for part in parts {
        match escaped_byte(part) {
            Some((byte, rest)) => {
                bytes.push(byte);
                bytes.extend(unescaped(rest));
            }
            None => {
                bytes.push(b'%');
                bytes.extend(unescaped(part));
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads the two digits after a `%`, and returns the text after them as well.
fn escaped_byte(text: &str) -> Option<(u8, &str)> {
    let (digits, rest) = text.split_at_checked(2)?;
    let are_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    are_digits.then(|| u8::from_str_radix(digits, 16).ok()).flatten().map(|byte| (byte, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded() {
        let cases: [(&str, &[(&str, &str)]); 9] = [
            ("", &[]),
            ("&&", &[]),
            ("a", &[("a", "")]),
            ("=&a=", &[("", ""), ("a", "")]),
            ("a=1&b=2&a=3", &[("a", "1"), ("b", "2"), ("a", "3")]),
            ("name%5B%5D=x&name[]=y=z", &[("name[]", "x"), ("name[]", "y=z")]),
            ("a+b=c+%2B+%26%3D", &[("a b", "c + &=")]),
            ("a=%C3%B8%ff&b=ø", &[("a", "ø\u{fffd}"), ("b", "ø")]),
            (
                "a=%&b=%4&c=%+1&d=%4ø&e=%%41",
                &[("a", "%"), ("b", "%4"), ("c", "% 1"), ("d", "%4ø"), ("e", "%A")],
            ),
        ];
        for (query, expected) in cases {
            let pairs: Vec<_> = query_pairs(query).collect();
            let pairs: Vec<_> = pairs.iter().map(|(key, value)| (&**key, &**value)).collect();
            assert_eq!(pairs, expected, "{query}");
        }
    }
}
