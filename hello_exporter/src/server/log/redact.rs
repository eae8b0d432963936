//! Removes secrets from the texts of a log that clients receive.

/// Replaces a secret.
const REDACTED: &str = "<redacted>";

/// Parts of the names of secrets, in lower case and without separators.
const SECRET_PARTS: [&str; 18] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "requirepass",
    "pwd",
    "secret",
    "token",
    "authorization",
    "credential",
    "apikey",
    "accesskey",
    "privatekey",
    "cookie",
    "bearer",
    "jwt",
    "signature",
    "session",
];

/// Parts of the names of headers, whose values end with the line.
const HEADER_PARTS: [&str; 3] = ["authorization", "cookie", "apikey"];

/// The last words of the names of secrets. As parts of words, they have other meanings.
const SECRET_WORDS: [&str; 3] = ["auth", "pass", "sig"];

/// Most bytes of a user information with a password that is not escaped.
const LONGEST_USER_INFO: usize = 4096;

/// Most characters of the names of types before a quoted secret.
const LONGEST_OPENING: usize = 512;

/// Returns the value of a field, without secrets.
pub(super) fn redact(name: &str, value: &str) -> String {
    if is_secret(name) {
        return REDACTED.to_owned();
    }
    without_secrets(&without_user_info(value))
}

/// Returns whether values of this name are secrets: `api_key`, `X-Api-Key` and `apiKey` are.
pub(super) fn is_secret(name: &str) -> bool {
    let last_word = name.rsplit(['_', '-', '.']).next().unwrap_or_default();
    let name = letters(name);
    SECRET_WORDS.iter().any(|word| last_word.eq_ignore_ascii_case(word))
        || SECRET_PARTS.iter().any(|part| name.contains(part))
}

/// Returns a name in lower case and without separators.
fn letters(name: &str) -> String {
    let letters = name.chars().filter(|it| !matches!(it, '_' | '-' | '.'));
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
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
    let is_whole = authority.contains('@') || !authority.starts_with(':') && has_port(authority);
    let at = if is_whole { authority.rfind('@') } else { last_at(url, is_end) };
    at.map_or(0, |at| at + 1)
}

/// Returns the position of the last `@` in a URL. The limit bounds the time for a text with many
/// URLs.
fn last_at(url: &str, is_end: impl Fn(char) -> bool) -> Option<usize> {
    let start = url.as_bytes().get(..LONGEST_USER_INFO).unwrap_or(url.as_bytes());
    if !start.contains(&b'@') {
        return None;
    }
    let of_url = url.char_indices().take_while(|(at, it)| *at < start.len() && !is_end(*it));
    of_url.filter(|(_, it)| *it == '@').last().map(|(at, _)| at)
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
    // Also after the arrow `=>`.
    let after_arrow = value.strip_prefix('>').unwrap_or(value).trim_start();
    let spaces = value.len() - after_arrow.len();
    let value = after_arrow;
    let opening = opening(value);
    if let Some(length) = quoted(value.get(opening..)?) {
        return Some((spaces + opening, length));
    }
    let scheme = ["bearer ", "basic ", "digest "].iter().find_map(|scheme| {
        let start = value.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(scheme.len())
    });
    let start = scheme.unwrap_or(0);
    let unquoted = value.get(start..)?;
    let is_after_colon = before.ends_with(':');
    // `password = secret`, not `password= user=x`.
    let is_adjacent = spaces == 0 || before.ends_with(" =");
    // A text is read only as far as it is removed, so that the time is linear.
    let word = || until(unquoted, is_end_of_value);
    let length = match scheme {
        _ if is_header(name, is_after_colon) && word() != "None" => {
            until(unquoted, |it| matches!(it, '\r' | '\n')).len()
        }
        // Without quotes, a text after a colon is usually a message.
        None if is_after_colon || !is_adjacent => 0,
        _ => word().len(),
    };
    (length > 0).then_some((spaces + start, length))
}

/// Returns whether values of this name end with the line. A key after `=` can be a part of a URL.
fn is_header(name: &str, is_after_colon: bool) -> bool {
    let name = letters(name);
    let mut parts = HEADER_PARTS.iter().filter(|part| is_after_colon || **part != "apikey");
    parts.any(|part| name.contains(part))
}

fn is_end_of_value(character: char) -> bool {
    character.is_whitespace() || matches!(character, '&' | ',' | ';' | ')' | ']' | '}' | '"' | '\'')
}

/// Returns the length of the names that `Debug` writes before a quoted text: `Some(Token(` of
/// `Some(Token("secret"))`.
fn opening(value: &str) -> usize {
    let is_of_names = |it: char| {
        it.is_ascii_alphanumeric() || it.is_whitespace() || matches!(it, '_' | ':' | '(')
    };
    // The limit bounds the time for a text with many names of secrets.
    let mut start = value.char_indices().take(LONGEST_OPENING);
    let Some((end, _)) = start.find(|(_, it)| !is_of_names(*it)) else { return 0 };
    let (names, rest) = value.split_at_checked(end).unwrap_or_default();
    let names = names.strip_suffix('b').unwrap_or(names);
    let is_quoted = rest.trim_start_matches('\\').starts_with('"');
    // Without a parenthesis, it is a secret before an unrelated quote.
    if is_quoted && names.trim_end().ends_with('(') { names.len() } else { 0 }
}

/// Returns the length of the quoted text at the start of `value`, with its quotes and the `b` of
/// bytes. The quotes can be escaped themselves. Without an end, it is all of `value`.
fn quoted(value: &str) -> Option<usize> {
    let text = value.strip_prefix('b').unwrap_or(value);
    let unescaped = text.trim_start_matches('\\');
    let quote = unescaped.chars().next().filter(|it| matches!(it, '"' | '\''))?;
    let start = value.len() - unescaped.len() + 1;
    let inner = value.get(start..)?;
    // Each time a text is escaped, n backslashes before a quote become 2n + 1.
    let level = text.len() - unescaped.len() + 1;
    let is_end = |at: usize| {
        let before = inner.get(..at).unwrap_or_default();
        let escapes = before.len() - before.trim_end_matches('\\').len();
        (escapes + 1) / level % 2 == 1
    };
    let end = inner.match_indices(quote).find(|(at, _)| is_end(*at));
    Some(end.map_or(value.len(), |(at, _)| start + at + 1))
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
            "bearer",
            "jwt",
            "X-Signature",
            "sessionId",
            "DB_PASS",
            "requirepass",
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
            ("redis://:1234/5@host:6379", "redis://host:6379"),
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
            ("password = a b", "password = <redacted> b"),
            (r#"{"DB_PASSWORD" => "a"}"#, r#"{"DB_PASSWORD" => <redacted>}"#),
            ("token: Some(\n    \"a\",\n)", "token: Some(\n    <redacted>,\n)"),
            (
                r#"Config { password: "a \" b", token: Some("c"), host: "d" }"#,
                r#"Config { password: <redacted>, token: Some(<redacted>), host: "d" }"#,
            ),
            (r#"{"password":"a","user":"b"}"#, r#"{"password":<redacted>,"user":"b"}"#),
            (r#"{\"password\": \"a\", \"user\""#, r#"{\"password\": <redacted>, \"user\""#),
            (
                r#"{\"password\": \"a\\\"b\\\\\", \"user\""#,
                r#"{\"password\": <redacted>, \"user\""#,
            ),
            ("secret=\"never ends", "secret=<redacted>"),
            ("invalid password: refused", "invalid password: refused"),
            ("password: None, é=ü", "password: None, é=ü"),
            ("password=", "password="),
            ("password= x", "password= x"),
        ] {
            assert_eq!(redact("text", text), redacted, "{text}");
        }
    }

    #[test]
    fn secrets_in_types_are_removed_from_texts() {
        for (text, redacted) in [
            (r#"token: Token("abc"), x"#, "token: Token(<redacted>), x"),
            (r#"password: Some(Password("x")), y"#, "password: Some(Password(<redacted>)), y"),
            (r#"token: a::Token(\"abc\"), x"#, "token: a::Token(<redacted>), x"),
            (r#"api_key: b"abc", x"#, "api_key: <redacted>, x"),
            (r#"api_key: Some(b"abc"), x"#, "api_key: Some(<redacted>), x"),
            (r#"("?token=abc", "x")"#, r#"("?token=<redacted>", "x")"#),
            ("token='?b' \"x\"", "token=<redacted> \"x\""),
        ] {
            assert_eq!(redact("text", text), redacted, "{text}");
        }
    }

    #[test]
    fn values_of_headers_are_removed_from_texts() {
        for (text, redacted) in [
            ("Cookie: sid=abc; b=c\r\nHost: x", "Cookie: <redacted>\r\nHost: x"),
            ("Set-Cookie: sid=abc; Path=/\nx", "Set-Cookie: <redacted>\nx"),
            ("X-Api-Key: abc", "X-Api-Key: <redacted>"),
            ("Authorization: abc", "Authorization: <redacted>"),
            ("Authorization: Token abc", "Authorization: <redacted>"),
            ("Authorization: Bearer abc, x", "Authorization: Bearer <redacted>"),
            (
                "Authorization: Digest username=\"u\", response=\"abc\"\nHost: x",
                "Authorization: Digest <redacted>\nHost: x",
            ),
            ("authorization=Basic abc", "authorization=Basic <redacted>"),
            ("authorization=Token abc", "authorization=<redacted>"),
            ("?api_key=abc&x=1 y", "?api_key=<redacted>&x=1 y"),
            ("Config { api_key: None, host: x }", "Config { api_key: None, host: x }"),
        ] {
            assert_eq!(redact("text", text), redacted, "{text}");
        }
    }

    /// If each name were compared with the rest of the text, this would take minutes.
    #[test]
    fn text_of_many_names_is_read_once() {
        let names = "token:".repeat(50_000);
        assert_eq!(redact("text", &names), names);
        let calls = format!("{names}=(\"a\"");
        assert_eq!(redact("text", &calls), calls);
    }
}
