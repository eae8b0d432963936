//! The web configuration file: which files are valid, the messages about invalid ones, and headers,
//! HTTP/2 and TLS.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

use hello_exporter_tests::http::{get, get_as, request};
use hello_exporter_tests::web_config::{Directory, MUTUAL, SECRET, TLS, check, metrics_url, users};
use hello_exporter_tests::{assert_golden, build, curl, data, handshake, read, text, without_time};

/// Returns a key of `tls_server_config` with a value of several lines.
fn inline(key: &str, value: &str) -> String {
    let lines: String = value.lines().map(|line| format!("    {line}\n")).collect();
    format!("  {key}: |\n{lines}")
}

#[test]
fn valid_files_are_accepted() {
    let directory = Directory::new();
    let inlined = format!(
        "tls_server_config:\n{}{}{}  client_auth_type: VerifyClientCertIfGiven\n",
        inline("cert", &directory.read("server.crt")),
        inline("key", &directory.read("server.key")),
        inline("client_ca", &directory.read("ca.crt")),
    );
    let absolute = format!(
        "tls_server_config:\n  cert_file: {}\n  key_file: {}\n",
        directory.path("server.crt"),
        directory.path("server.key"),
    );
    let with = |more: &str| format!("{TLS}{more}");
    for good in [
        String::new(),
        "# Nothing yet.\n".to_owned(),
        "tls_server_config:\nhttp_server_config:\nbasic_auth_users:\nrate_limit:\n".to_owned(),
        "tls_server_config: {}\nhttp_server_config: {}\nrate_limit: {}\n".to_owned(),
        "tls_server_config: {cert_file: '', key_file: ''}\n".to_owned(),
        inlined,
        absolute,
        with("  cert: ''\n  key: ''\n  client_ca: ''\n  client_ca_file: ''\n"),
        with("  client_auth_type: NoClientCert\n"),
        with("  client_auth_type: ''\n"),
        with("  client_ca_file: ca.crt\n  client_auth_type: VerifyClientCertIfGiven\n"),
        MUTUAL.to_owned(),
        format!(
            "{MUTUAL}  client_allowed_sans: [a.example.com, 10.0.0.1, 'a@b.c', 'spiffe://a/b']\n"
        ),
        with("  min_version: TLS12\n  max_version: TLS12\n"),
        with("  min_version: TLS13\n  max_version: TLS13\n"),
        with(
            "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]\n",
        ),
        with("  cipher_suites: []\n  curve_preferences: []\n"),
        with("  prefer_server_cipher_suites: false\n"),
        with("  curve_preferences: [X25519, CurveP256, CurveP384]\n"),
        "http_server_config:\n  http2: false\n".to_owned(),
        "http_server_config:\n  headers:\n    Strict-Transport-Security: max-age=3600\n    \
         X-Content-Type-Options: nosniff\n    X-Frame-Options: sameorigin\n    \
         X-XSS-Protection: 1; mode=block\n    Content-Security-Policy: default-src 'none'\n"
            .to_owned(),
        users(&[("alice", &SECRET.replace("$04$", "$16$"))]),
        users(&[("alice", SECRET), ("bob", &SECRET.replace("$2b$", "$2y$"))]),
        "rate_limit:\n  interval: 100ms\n  burst: 20\n".to_owned(),
        "rate_limit: {interval: 0, burst: 0}\n".to_owned(),
    ] {
        let output = check(&directory.write(&good));
        assert_eq!(text(&output.stderr), "", "{good}");
        let said = directory.shortened(&text(&output.stdout));
        assert_eq!(said, "the flags and @/web.yml are valid\n", "{good}");
        assert_eq!(output.status.code(), Some(0), "{good}");
    }
}

#[test]
fn examples_of_the_reference_show_every_key_but_inline_texts() {
    let reference = read("docs/web-configuration.md");
    let directory = Directory::new();
    let examples = reference.split("```yaml\n").skip(1);
    let examples: Vec<&str> = examples.map(|rest| rest.split_once("```").unwrap().0).collect();
    for example in &examples {
        let output = check(&directory.write(example));
        assert_eq!((&*text(&output.stderr), output.status.code()), ("", Some(0)), "{example}");
    }
    // The error about an unknown key lists all keys.
    for section in ["", "tls_server_config", "http_server_config", "rate_limit"] {
        let unknown = if section.is_empty() { "x:\n" } else { &format!("{section}: {{x: }}\n") };
        let said = text(&check(&directory.write(unknown)).stderr);
        let (_, keys) = said.split_once("expected one of ").unwrap();
        for key in keys.split('`').skip(1).step_by(2) {
            let is_text = ["cert", "key", "client_ca"].contains(&key);
            let is_shown = examples.iter().any(|example| example.contains(&format!("{key}:")));
            assert!(is_shown || is_text, "{key} has no example");
            assert!(
                reference.contains(&format!("`{key}`"))
                    || reference.contains(&format!("## {key}\n"))
            );
        }
    }
}

/// Returns the paths of the invalid files in `web_config/`, without their ending.
fn invalid_files() -> Vec<String> {
    let names = |directory: &str| -> Vec<String> {
        let entries = fs::read_dir(data(directory)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.map(|name| format!("{directory}/{name}")).collect()
    };
    let files = names("web_config").into_iter().flat_map(|section| names(&section));
    files.filter_map(|file| Some(file.strip_suffix(".yml")?.to_owned())).collect()
}

#[test]
fn invalid_file_is_refused_with_one_line() {
    let directory = Directory::new();
    for case in invalid_files() {
        let bad = fs::read_to_string(data(&format!("{case}.yml"))).unwrap();
        let output = check(&directory.write(&bad));
        assert_eq!(text(&output.stdout), "", "{case}");
        let said = directory.shortened(&text(&output.stderr));
        assert_golden(&format!("{case}.stderr"), &format!("level={}", without_time(&said)));
        assert_eq!(said.lines().count(), 1, "{said}");
        assert_eq!(output.status.code(), Some(1), "{case}");
    }
}

#[test]
fn unreadable_file_is_one_line_and_exit_status_1() {
    let directory = Directory::new();
    let file = directory.path("nowhere.yml");
    for arguments in [&["--config.check"][..], &["--web.listen-address=127.0.0.1:0"][..]] {
        let flag = format!("--web.config.file={file}");
        let output = Command::new(build()).arg(flag).args(arguments).output().unwrap();
        let said = directory.shortened(&text(&output.stderr));
        let message = "level=error msg=\"cannot read web configuration file @/nowhere.yml: No such file \
                       or directory (os error 2)\"\n";
        assert!(said.ends_with(message), "{said}");
        assert_eq!((said.lines().count(), output.status.code()), (1, Some(1)));
    }
    fs::write(&file, b"\xff").unwrap();
    let output = check(Path::new(&file));
    let said = directory.shortened(&text(&output.stderr));
    assert!(said.ends_with("msg=\"@/nowhere.yml: not UTF-8\"\n"), "{said}");
}

#[test]
fn check_without_a_file_checks_the_flags() {
    for arguments in [&["--config.check"][..], &["--config.check", "--web.config.file="][..]] {
        let output = Command::new(build()).args(arguments).output().unwrap();
        assert_eq!(text(&output.stdout), "the flags are valid\n");
        assert_eq!((&*text(&output.stderr), output.status.code()), ("", Some(0)));
    }
}

#[test]
fn unsupported_values_are_ignored_with_a_warning() {
    let directory = Directory::new();
    let file = directory.write(&format!(
        "{TLS}  cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n  \
         curve_preferences: [X25519MLKEM768, CurveP521, X25519]\nrate_limit: {{burst: 5}}\n"
    ));
    let output = check(&file);
    assert_eq!(output.status.code(), Some(0));
    let said = directory.shortened(&text(&output.stderr));
    let warnings: Vec<&str> = said.lines().map(without_time).collect();
    assert_eq!(
        warnings,
        [
            "warn msg=\"`cipher_suites`: `TLS_RSA_WITH_AES_128_CBC_SHA` not supported, and left out\" \
             file=@/web.yml",
            "warn msg=\"`curve_preferences`: `X25519MLKEM768`, `CurveP521` not supported, and left out\" \
             file=@/web.yml",
            "warn msg=\"`rate_limit`: `burst` has no effect without `interval`\" file=@/web.yml",
        ]
    );
}

#[test]
fn configured_headers_are_on_every_response() {
    let directory = Directory::new();
    let exporter = directory.start(&format!(
        "http_server_config:\n  headers:\n    Strict-Transport-Security: max-age=3600\n    \
         X-Content-Type-Options: nosniff\n    X-Frame-Options: deny\n    \
         Content-Security-Policy: default-src 'none'; report-uri /é\n{}",
        users(&[("alice", SECRET)])
    ));
    let address = exporter.address;
    for response in [
        get(address, "/metrics"),
        get(address, "/-/healthy"),
        get_as(address, "/metrics", "alice", "secret"),
        get_as(address, "/", "alice", "secret"),
        get_as(address, "/nope", "alice", "secret"),
        request(address, "POST", "/-/ready"),
    ] {
        assert_eq!(response.header("strict-transport-security"), Some("max-age=3600"));
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(response.header("x-frame-options"), Some("deny"));
        assert_eq!(response.header("x-xss-protection"), None);
        let policy = Some("default-src 'none'; report-uri /é");
        assert_eq!(response.header("content-security-policy"), policy);
    }
}

#[test]
fn http2_is_offered_over_tls_unless_disabled() {
    let directory = Directory::new();
    let ca = directory.path("ca.crt");
    for (more, version) in [("", "2"), ("http_server_config: {http2: false}\n", "1.1")] {
        let exporter = directory.start(&format!("{TLS}{more}"));
        let response = curl(&metrics_url(&exporter), &["--cacert", &ca, "--http2"]).unwrap();
        assert_eq!((response.status, &*response.version), (200, version));
        let response = curl(&metrics_url(&exporter), &["--cacert", &ca, "--http1.1"]).unwrap();
        assert_eq!((response.status, &*response.version), (200, "1.1"));
        assert!(response.body.starts_with("# HELP a Display a.\n"));
        let (_, log) = exporter.signal("TERM");
        assert_eq!(log.last().map(|line| line.ends_with("msg=Stopped\n")), Some(true));
    }
}

#[test]
fn file_sets_versions_suites_and_curves() {
    let directory = Directory::new();
    let ca = directory.path("ca.crt");
    let agreed = |more: &str, arguments: &[&str]| {
        let exporter = directory.start(&format!("{TLS}{more}"));
        let arguments = [&["--cacert", &ca], arguments].concat();
        curl(&metrics_url(&exporter), &arguments).ok()?;
        Some(handshake(&metrics_url(&exporter), &arguments))
    };
    let tls12 = ["--tls-max", "1.2"];
    let some = |text: &str| Some(text.to_owned());
    let suite_of_13 = some("TLSv1.3 / TLS_AES_256_GCM_SHA384");
    assert_eq!(agreed("", &[]), suite_of_13);
    assert_eq!(agreed("  min_version: TLS13\n", &[]), suite_of_13);
    assert_eq!(agreed("  min_version: TLS13\n", &tls12), None);
    let suite = some("TLSv1.2 / ECDHE-ECDSA-AES256-GCM-SHA384");
    assert_eq!(agreed("", &tls12), suite);
    assert_eq!(agreed("  max_version: TLS12\n", &[]), suite);
    assert_eq!(agreed("  max_version: TLS12\n", &["--tlsv1.3"]), None);

    let suites = "  cipher_suites:\n  - TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\n  \
                  - TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256\n";
    let clients = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256";
    let clients = ["--tls-max", "1.2", "--ciphers", clients];
    let suite = some("TLSv1.2 / ECDHE-ECDSA-AES128-GCM-SHA256");
    assert_eq!(agreed(suites, &clients), suite);
    let suite = some("TLSv1.2 / ECDHE-ECDSA-CHACHA20-POLY1305");
    assert_eq!(agreed(&format!("{suites}  prefer_server_cipher_suites: false\n"), &clients), suite);
    let other = ["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384"];
    assert_eq!(agreed(suites, &other), None);
    // The list applies to TLS 1.2 only, as in Go.
    assert_eq!(agreed(suites, &[]), suite_of_13);

    let curve = "  curve_preferences: [CurveP384]\n";
    assert_eq!(agreed(curve, &["--curves", "P-384"]), suite_of_13);
    assert_eq!(agreed(curve, &["--curves", "X25519"]), None);
}
