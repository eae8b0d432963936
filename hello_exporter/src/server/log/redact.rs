//! Removes secrets from the texts of a log that clients receive.

/// Replaces a secret.
const REDACTED: &str = "<redacted>";

/// Parts of the names of secrets, in lower case and without separators.
const SECRET_PARTS: [&str; 12] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "authorization",
    "credential",
    "apikey",
    "accesskey",
    "privatekey",
    "cookie",
];

/// Whole names of secrets, of which other names are parts.
const SECRET_NAMES: [&str; 2] = ["auth", "pass"];

/// Most characters of a user information with a password that is not escaped.
const LONGEST_USER_INFO: usize = 4096;

/// Returns the value of a field, without secrets.
pub(super) fn redact(name: &str, value: &str) -> String {
    if is_secret(name) {
        return REDACTED.to_owned();
    }
    without_secrets(&without_user_info(value))
}

/// Returns whether values of this name are secrets: `api_key`, `X-Api-Key` and `apiKey` are.
pub(super) fn is_secret(name: &str) -> bool {
    let letters = name.chars().filter(|it| !matches!(it, '_' | '-' | '.'));
    let name: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    SECRET_NAMES.contains(&&*name) || SECRET_PARTS.iter().any(|part| name.contains(part))
}

/// Removes the user information of all URLs: `http://user:password@host` becomes `http://host`.
fn without_user_info(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, url)) = rest.split_once("://") {
        output.push_str(before);
        output.push_str("://");
        rest = url.get(user_info(url)..).unwrap_or_default();
    }
    output + rest
}

/// Returns the length of the user information of a URL after `://`, with its `@`. A password can
/// contain `/`, `?` or `#` that are not escaped.
fn user_info(url: &str) -> usize {
    let is_end = |it: char| it.is_whitespace() || matches!(it, '"' | '\'' | '`' | '<' | '>');
    let authority = until(url, |it| is_end(it) || matches!(it, '/' | '?' | '#'));
    let at = if authority.contains('@') || has_port(authority) {
        authority.rfind('@')
    } else {
        // The limit bounds the time for a text with many URLs.
        let of_url = url.char_indices().take(LONGEST_USER_INFO).take_while(|(_, it)| !is_end(*it));
        of_url.filter(|(_, it)| *it == '@').last().map(|(at, _)| at)
    };
    at.map_or(0, |at| at + 1)
}

/// Returns whether an authority without user information can have this text: after a colon there
/// are digits only.
fn has_port(authority: &str) -> bool {
    let host = authority.rsplit_once(']').map_or(authority, |(_, port)| port);
    host.split_once(':').is_none_or(|(_, port)| port.bytes().all(|it| it.is_ascii_digit()))
}

/// Returns the text before the first character that ends it.
fn until(text: &str, is_end: impl Fn(char) -> bool) -> &str {
    text.split_once(is_end).map_or(text, |(before, _)| before)
}

/// Replaces secrets that follow their names: `password=secret`, `password: "secret"`,
/// `"password":"secret"`, `password: Some("secret")` and `Authorization: Bearer secret`.
fn without_secrets(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(end) = rest.find(['=', ':']) {
        let (before, value) = rest.split_at(end + 1);
        output.push_str(before);
        rest = value;
        let Some((start, length)) = secret(before, value) else { continue };
        output.push_str(value.get(..start).unwrap_or_default());
        output.push_str(REDACTED);
        rest = value.get(start + length..).unwrap_or_default();
    }
    output + rest
}

/// Returns the position and the length of the secret after `before`, which ends with `=` or `:`.
fn secret(before: &str, value: &str) -> Option<(usize, usize)> {
    let name = before.trim_end_matches(['=', ':']).trim_end().trim_end_matches(['"', '\'', '\\']);
    let is_of_name = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '-' | '.');
    let start = name.rfind(|it| !is_of_name(it)).unwrap_or(0);
    let name = name.get(start..).unwrap_or_default().trim_start_matches(|it| !is_of_name(it));
    if !is_secret(name) {
        return None;
    }
    let spaces = value.len() - value.trim_start().len();
    let value = value.trim_start();
    if let Some(length) = quoted(value.strip_prefix("Some(").unwrap_or(value)) {
        let some = if value.starts_with("Some(") { "Some(".len() } else { 0 };
        return Some((spaces + some, length));
    }
    let scheme = ["bearer ", "basic ", "digest "].iter().find_map(|scheme| {
        let start = value.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(scheme.len())
    });
    let length = |value: &str| until(value, is_end_of_value).len();
    match scheme {
        Some(start) => Some((spaces + start, length(value.get(start..)?))),
        // Without quotes, a text after a colon is usually a message.
        None if before.ends_with(':') || spaces > 0 => None,
        None => Some((0, length(value))),
    }
    .filter(|(_, length)| *length > 0)
}

fn is_end_of_value(character: char) -> bool {
    character.is_whitespace() || matches!(character, '&' | ',' | ';' | ')' | ']' | '}' | '"' | '\'')
}

/// Returns the length of the quoted text at the start of `value`, with its quotes, which can be
/// escaped themselves. Without an end, it is all of `value`.
fn quoted(value: &str) -> Option<usize> {
    let quote = ["\\\"", "\"", "'"].into_iter().find(|quote| value.starts_with(quote))?;
    let inner = value.get(quote.len()..)?;
    let is_escaped = |at: usize| {
        let before = inner.get(..at).unwrap_or_default();
        let escapes = before.len() - before.trim_end_matches('\\').len();
        escapes % 2 == 1
    };
    let end = inner.match_indices(quote).find(|(at, _)| !is_escaped(*at));
    Some(end.map_or(value.len(), |(at, _)| at + 2 * quote.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_many_names() {
        for name in [
            "password",
            "db_password",
            "apiKey",
            "X-Api-Key",
            "http.authorization",
            "auth",
            "TOKEN",
        ] {
            assert_eq!(redact(name, "x"), "<redacted>", "{name}");
        }
        for name in ["user", "author", "compass", "key", "target"] {
            assert_eq!(redact(name, "x"), "x", "{name}");
        }
    }

    #[test]
    fn user_information_is_removed_from_urls() {
        for (url, redacted) in [
            ("http://user:secret@host/a", "http://host/a"),
            ("from <http://user@host> to 'b://:s@h:1'", "from <http://host> to 'b://h:1'"),
            ("redis://:a/b?c#d@host:6379/0", "redis://host:6379/0"),
            ("redis://:a@b@host", "redis://host"),
            ("a://u:s@h,b://u:s@h", "a://h,b://h"),
            ("http://u:s@[::1]:80/", "http://[::1]:80/"),
            ("http://[::1]:80/a@b", "http://[::1]:80/a@b"),
            ("http://host:80/a@b?c@d", "http://host:80/a@b?c@d"),
            ("http://host/@", "http://host/@"),
            ("http://host:80: refused by a@b", "http://host:80: refused by a@b"),
            ("http://", "http://"),
        ] {
            assert_eq!(redact("url", url), redacted, "{url}");
        }
    }

    #[test]
    fn named_secrets_are_removed_from_texts() {
        for (text, redacted) in [
            ("?token=abc&x=1", "?token=<redacted>&x=1"),
            ("host=a password='b \\' c' user=d", "host=a password=<redacted> user=d"),
            ("password=a b", "password=<redacted> b"),
            (
                r#"Config { password: "a \" b", token: Some("c"), host: "d" }"#,
                r#"Config { password: <redacted>, token: Some(<redacted>), host: "d" }"#,
            ),
            (r#"{"password":"a","user":"b"}"#, r#"{"password":<redacted>,"user":"b"}"#),
            (r#"{\"password\": \"a\", \"user\""#, r#"{\"password\": <redacted>, \"user\""#),
            ("Authorization: Bearer abc, x", "Authorization: Bearer <redacted>, x"),
            ("authorization=Basic abc", "authorization=Basic <redacted>"),
            ("secret=\"never ends", "secret=<redacted>"),
            ("invalid password: refused", "invalid password: refused"),
            ("password: None, é=ü", "password: None, é=ü"),
            ("password=", "password="),
            ("password= x", "password= x"),
        ] {
            assert_eq!(redact("text", text), redacted, "{text}");
        }
    }
}
