//! Web configuration files that change while the exporter runs.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::fs;

use hello_exporter_tests::http::{get, get_as};
use hello_exporter_tests::web_config::{
    Directory, MUTUAL, ROTATED, SECRET, TLS, metrics_url, users,
};
use hello_exporter_tests::{Authority, Exporter, curl};

#[test]
fn changed_password_is_reloaded() {
    let directory = Directory::new();
    let mut exporter = directory.start(&users(&[("alice", SECRET)]));
    let address = exporter.address;
    let statuses = || {
        ["secret", "rotated"].map(|password| get_as(address, "/metrics", "alice", password).status)
    };
    assert_eq!(statuses(), [200, 401]);
    directory.write(&users(&[("alice", ROTATED)]));
    let line = exporter.next_line_with("Reloaded the web configuration");
    assert!(
        directory
            .shortened(&line)
            .ends_with(" level=info msg=\"Reloaded the web configuration\" file=@/web.yml\n")
    );
    assert_eq!(statuses(), [401, 200]);
    directory.write("http_server_config: {headers: {X-Frame-Options: deny}}\n");
    exporter.next_line_with("Reloaded the web configuration");
    assert_eq!(statuses(), [200, 200]);
    assert_eq!(get(address, "/metrics").header("x-frame-options"), Some("deny"));
}

#[test]
fn changed_certificates_are_reloaded() {
    let directory = Directory::new();
    let mut exporter = directory.start(MUTUAL);
    let client = directory.authority.client(&[]);
    let ask = |exporter: &Exporter, client| directory.curl_as(exporter, client).ok();
    assert_eq!(ask(&exporter, &client), Some(200));

    let other = Authority::new();
    other.server().write(directory.root(), "server");
    exporter.next_line_with("Reloaded the web configuration");
    assert_eq!(ask(&exporter, &client), None, "the authority of the new certificate is unknown");
    fs::write(directory.path("ca.crt"), &other.certificate).unwrap();
    exporter.next_line_with("Reloaded the web configuration");
    assert_eq!(
        ask(&exporter, &client),
        None,
        "the client's certificate was issued by the old authority"
    );
    assert_eq!(ask(&exporter, &other.client(&[])), Some(200));

    directory.write(&format!("{TLS}  min_version: TLS13\nhttp_server_config: {{http2: false}}\n"));
    exporter.next_line_with("Reloaded the web configuration");
    assert_eq!(directory.curl(&exporter, &["--tls-max", "1.2"]).ok(), None);
    let ca = directory.path("ca.crt");
    let response = curl(&metrics_url(&exporter), &["--cacert", &ca]).unwrap();
    assert_eq!((response.status, &*response.version), (200, "1.1"));
}

#[test]
fn invalid_reload_is_logged_once_and_ignored() {
    let directory = Directory::new();
    let good = format!("{TLS}{}", users(&[("alice", SECRET)]));
    let mut exporter = directory.start(&good);
    let statuses = |exporter: &Exporter| {
        let alice = directory.curl(exporter, &["--user", "alice:secret"]);
        [alice.ok(), directory.curl(exporter, &[]).ok()]
    };
    let expected = [Some(200), Some(401)];
    assert_eq!(statuses(&exporter), expected);
    let mut breaks = |text: Option<&str>, message: &str| {
        match text {
            Some(text) => drop(directory.write(text)),
            None => fs::remove_file(directory.path("web.yml")).unwrap(),
        }
        let line = exporter.next_line_with("level=error");
        let line = directory.shortened(&line);
        let (_, said) = line.split_once("level=error ").unwrap();
        let outcome = "Cannot use the changed web configuration, keeping the previous one";
        assert_eq!(said, format!("msg=\"{outcome}\" error=\"{message}\"\n"));
        assert_eq!(statuses(&exporter), expected);
    };
    let nothing = "@/web.yml: the file is empty, expected at least `tls_server_config`";
    breaks(Some(""), nothing);
    breaks(Some("basic_auth_users: {"), "@/web.yml:1:19: unclosed bracket '{'");
    breaks(Some(" \n# TLS, and users.\n"), nothing);
    breaks(
        Some("basic_auth_user: {}\n"),
        "@/web.yml:1:1: unknown key `basic_auth_user`, expected one of `tls_server_config`, \
         `http_server_config`, `basic_auth_users`, `rate_limit`",
    );
    breaks(
        Some(&good.replace("server.key", "client.key")),
        "@/web.yml: `key_file` @/client.key is not the key of the certificate in `cert_file` \
         @/server.crt",
    );
    breaks(
        None,
        "cannot read web configuration file @/web.yml: No such file or directory (os error 2)",
    );
    breaks(
        Some(&users(&[("alice", SECRET)])),
        "@/web.yml: TLS cannot be turned off without a restart",
    );
    directory.write(&format!("{TLS}{}", users(&[("bob", ROTATED)])));
    exporter.next_line_with("Reloaded the web configuration");
    assert_eq!(statuses(&exporter), [Some(401), Some(401)]);
    let (_, log) = exporter.signal("TERM");
    assert!(!log.iter().any(|line| line.contains("level=error")), "{log:?}");
}

#[test]
fn empty_file_is_refused_and_empty_users_disable_authentication() {
    let directory = Directory::new();
    let mut exporter = directory.start(&users(&[("alice", SECRET)]));
    for blank in ["", " \n\n", "# Users:\n"] {
        directory.write(blank);
        let line = exporter.next_line_with("level=error");
        assert!(
            line.contains("expected `basic_auth_users: {}` to disable authentication"),
            "{line}"
        );
        assert_eq!(get(exporter.address, "/metrics").status, 401);
    }
    directory.write("basic_auth_users: {}\n");
    exporter.next_line_with("Reloaded the web configuration");
    assert_eq!(get(exporter.address, "/metrics").status, 200);
}

#[test]
fn tls_is_not_enabled_by_a_reload() {
    let directory = Directory::new();
    let mut exporter = directory.start("");
    directory.write(TLS);
    let line = exporter.next_line_with("level=error");
    assert!(line.contains("TLS cannot be turned on without a restart"), "{line}");
    assert_eq!(get(exporter.address, "/metrics").status, 200);
}
