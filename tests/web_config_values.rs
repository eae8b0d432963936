//! The values that keys of the web configuration file accept, mostly as in exporter-toolkit.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use hello_exporter_tests::http::get;
use hello_exporter_tests::web_config::{Directory, SECRET, TLS, users};

/// Asserts that a configuration is valid without a warning.
fn assert_valid(directory: &Directory, config: &str) {
    assert_eq!(directory.checked(config), (Some(0), vec![]), "{config}");
}

/// Asserts that a configuration is refused with this message, which begins after the name of the
/// file.
fn assert_refused(directory: &Directory, config: &str, message: &str) {
    let line = format!("error msg=\"@/web.yml{}\"", message.replace('"', "\\\""));
    assert_eq!(directory.checked(config), (Some(1), vec![line]), "{config}");
}

fn rate_limit(interval: &str, burst: &str) -> String {
    format!("rate_limit:\n  interval: {interval}\n  burst: {burst}\n")
}

fn header(name: &str, value: &str) -> String {
    format!("http_server_config:\n  headers:\n    {name}: {value}\n")
}

#[test]
fn intervals_are_durations_or_whole_nanoseconds() {
    let directory = Directory::new();
    for interval in [
        "1s",
        "'1s'",
        "+1s",
        "1h1m1s",
        "1μs",
        "1000000000",
        "1_000",
        "0x10",
        "0b11",
        "0o17",
        "1e9",
        "1000000000.0",
        "9223372036854775807",
        "2562047h",
        "!!str 5s",
        "!!int 5",
    ] {
        assert_valid(&directory, &rate_limit(interval, "5"));
    }
    for none in ["0", "'0'", "0s", "0.0"] {
        assert_valid(&directory, &rate_limit(none, "0"));
    }
    let other = "expected a duration, such as `1s`, `1m30s` or `500ms`, or a whole number of nanoseconds, at \
                 least 0";
    for interval in ["-1", "1.5", "9223372036854775808", "1e19", "true"] {
        assert_refused(&directory, &rate_limit(interval, "5"), &format!(":2:13: {other}"));
    }
    for interval in ["-1s", "1d", "1 s"] {
        let message = "expected e.g. `1s`, `1m30s` or `500ms`";
        let message = format!(":2:13: invalid duration `{interval}`, {message}");
        assert_refused(&directory, &rate_limit(interval, "5"), &message);
    }
    let message = ":2:13: `2562048h` is too long, expected at most `2562047h`";
    assert_refused(&directory, &rate_limit("2562048h", "5"), message);
    // A quoted number is a string.
    let message = ":2:13: invalid duration `5`, expected e.g. `1s`, `1m30s` or `500ms`";
    assert_refused(&directory, &rate_limit("'5'", "5"), message);
}

#[test]
fn bursts_are_whole_numbers() {
    let directory = Directory::new();
    for burst in
        ["5", "5.0", "5.", "1e1", "+5", "0x10", "1_000", "4294967296", "9223372036854775807"]
    {
        assert_valid(&directory, &rate_limit("1s", burst));
    }
    let message = ":3:10: expected a whole number from 0 to 9223372036854775807";
    for burst in ["-1", "-5.0", "5.7", "many", "'5'", "5s", "true", "9223372036854775808"] {
        assert_refused(&directory, &rate_limit("1s", burst), message);
    }
}

#[test]
fn interval_of_nanoseconds_and_burst_of_a_float_limit_requests() {
    let directory = Directory::new();
    let exporter = directory.start("rate_limit: {interval: 3600000000000, burst: 3.0}\n");
    let statuses = [(); 5].map(|()| get(exporter.address, "/metrics").status);
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
}

#[test]
fn booleans_are_those_of_yaml() {
    let directory = Directory::new();
    for value in ["true", "False", "yes", "No", "on", "OFF", "y", "N", "~", ""] {
        assert_valid(&directory, &format!("http_server_config:\n  http2: {value}\n"));
        assert_valid(&directory, &format!("{TLS}  prefer_server_cipher_suites: {value}\n"));
    }
    for value in ["'true'", "\"false\"", "1", "maybe", "''"] {
        let message = "expected `true` or `false`";
        let config = format!("http_server_config:\n  http2: {value}\n");
        assert_refused(&directory, &config, &format!(":2:10: {message}"));
        let config = format!("{TLS}  prefer_server_cipher_suites: {value}\n");
        assert_refused(&directory, &config, &format!(":4:32: {message}"));
    }
}

#[test]
fn empty_header_is_an_error() {
    let directory = Directory::new();
    let empty = "the header is empty, expected a value, or no key";
    for name in ["Content-Security-Policy", "Strict-Transport-Security", "X-XSS-Protection"] {
        let column = 5 + name.len() + 2;
        for value in ["''", "' '", "\"\\n\""] {
            assert_refused(&directory, &header(name, value), &format!(":3:{column}: {empty}"));
        }
    }
    for (name, accepted) in
        [("X-Frame-Options", "`deny` or `sameorigin`"), ("X-Content-Type-Options", "`nosniff`")]
    {
        let message =
            format!(":3:{}: invalid value `` of {name}, expected {accepted}", 5 + name.len() + 2);
        assert_refused(&directory, &header(name, "''"), &message);
    }
    for name in ["Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options"] {
        for value in ["~", "null"] {
            let message = format!(":3:{}: expected a text", 5 + name.len() + 2);
            assert_refused(&directory, &header(name, value), &message);
        }
    }
    assert_valid(&directory, "http_server_config: {headers: }\n");
}

#[test]
fn header_of_several_lines_is_sent_as_one() {
    let directory = Directory::new();
    for block in ["|", ">", "|-", ">-"] {
        let value = format!("{block}\n      default-src 'none';\n      img-src *");
        let exporter = directory.start(&header("Content-Security-Policy", &value));
        let response = get(exporter.address, "/metrics");
        let expected = Some("default-src 'none'; img-src *");
        assert_eq!(response.header("content-security-policy"), expected, "{block}");
    }
    assert_valid(&directory, &header("X-XSS-Protection", "0"));
}

#[test]
fn cipher_suites_have_one_that_http2_requires_unless_http2_is_off() {
    let directory = Directory::new();
    let suites = |list: &str, more: &str| format!("{TLS}  cipher_suites: [{list}]\n{more}");
    let message = ": `cipher_suites` is missing an HTTP/2-required AES_128_GCM_SHA256 cipher (need at least \
                   one of TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 or TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256), \
                   expected one of them, or `http2: false`";
    for list in [
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        // Suites of TLS 1.3 do not count for TLS 1.2.
        "TLS_AES_128_GCM_SHA256",
    ] {
        assert_refused(&directory, &suites(list, ""), message);
        assert_valid(&directory, &suites(list, "http_server_config: {http2: false}\n"));
        // With TLS 1.3 alone the list has no effect.
        assert_valid(&directory, &suites(list, "  min_version: TLS13\n"));
    }
    let required = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
    assert_valid(&directory, &suites(required, ""));
    assert_valid(
        &directory,
        &suites("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "  max_version: TLS12\n"),
    );
    assert_valid(&directory, &suites("", ""));
}

#[test]
fn user_name_with_a_colon_is_an_error() {
    let directory = Directory::new();
    let message = ":2:3: the user name contains a colon, so that no client can send it (RFC 7617), \
                   expected a name without one";
    for name in ["'alice:secret'", "a:b", "':'"] {
        assert_refused(&directory, &users(&[(name, SECRET)]), message);
    }
    for name in ["alice", "''", "'a b'", "é", "123", "true"] {
        assert_valid(&directory, &users(&[(name, SECRET)]));
    }
}

#[test]
fn hash_of_cost_above_16_is_a_warning() {
    let directory = Directory::new();
    for (cost, warns) in [(16, false), (17, true), (18, true), (31, true)] {
        let hash = SECRET.replace("$04$", &format!("${cost}$"));
        let warning = format!(
            "warn msg=\"`basic_auth_users`: a hash has cost {cost}: while a password is compared with \
             it, all other passwords wait very long, expected a cost of at most 16\" file=@/web.yml"
        );
        let log = warns.then_some(warning).into_iter().collect();
        assert_eq!(directory.checked(&users(&[("alice", &hash)])), (Some(0), log));
    }
}

#[test]
fn hashes_of_every_bcrypt_version_are_valid() {
    let directory = Directory::new();
    for version in ["$2a$", "$2b$", "$2x$", "$2y$"] {
        assert_valid(&directory, &users(&[("alice", &SECRET.replace("$2b$", version))]));
    }
    // The last bits of the salt have no effect.
    assert_valid(&directory, &users(&[("alice", &SECRET.replace("stuu", "stu9"))]));
}

#[test]
fn section_of_empty_texts_is_ignored() {
    let directory = Directory::new();
    let keys = ["cert_file", "key_file", "client_ca_file", "client_auth_type"];
    let lines: String = keys.iter().map(|key| format!("  {key}: ''\n")).collect();
    assert_valid(&directory, &format!("tls_server_config:\n{lines}"));
}
