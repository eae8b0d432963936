//! Flags, credentials and certificates of the example redis_exporter.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::Command;

use hello_exporter_tests::http::get;
use hello_exporter_tests::redis_exporter::{
    DOWN, SECRET, is_up, program, refused, samples, scrape, start, start_for_targets, start_locked,
};
use hello_exporter_tests::web_config::Directory;
use hello_exporter_tests::{Exporter, Fake, FakeRedis, FakeTls, Redis, free_address, text};
use tempfile::TempDir;

#[test]
fn server_with_another_password_is_down() {
    let redis = start_locked(&[]);
    let mut exporter = start(redis.address, &["--redis.password=wrong-password"]);
    assert!(!is_up(&get(exporter.address, "/metrics")));
    let line = exporter.next_line_with("collector=redis");
    assert!(line.ends_with("error=\"the user or the password is wrong\"\n"), "{line}");
    let mut exporter = start(redis.address, &[]);
    assert!(!is_up(&get(exporter.address, "/metrics")));
    let line = exporter.next_line_with("collector=redis");
    assert!(line.ends_with("error=\"INFO was refused with NOAUTH\"\n"), "{line}");
    let exporter = start(redis.address, &[&*format!("--redis.password={SECRET}")]);
    assert!(is_up(&get(exporter.address, "/metrics")));
}

#[test]
fn user_is_sent_with_the_password() {
    let redis = Redis::start(&["--user", "me", "on", &format!(">{SECRET}"), "+@all"]);
    let password = format!("--redis.password={SECRET}");
    let right = start(redis.address, &["--redis.user=me", &password]);
    assert!(is_up(&get(right.address, "/metrics")));
    let wrong = start(redis.address, &["--redis.user=you", &password]);
    assert!(!is_up(&get(wrong.address, "/metrics")));
    let url = format!("--redis.addr=redis://me:{SECRET}@{}", redis.address);
    let of_url = Exporter::start_program(&program(), &[&url]);
    assert!(is_up(&get(of_url.address, "/metrics")));
}

#[test]
fn password_is_sent_to_no_other_target() {
    let redis = start_locked(&[]);
    let password = format!("--redis.password={SECRET}");
    let exporter = start(redis.address, &[&*password, "--connection-timeout=1s"]);
    assert!(is_up(&get(exporter.address, "/metrics")));
    // The same server with the same URL.
    let own = format!("redis://{}", redis.address);
    assert!(samples(&scrape(&exporter, &own)).contains(&"redis_up 1"));
    // With another URL it may be another server.
    let port = redis.address.port();
    for target in [
        format!("localhost:{port}"),
        format!("127.0.0.1.:{port}"),
        format!("rediss://{}", redis.address),
    ] {
        assert_eq!(samples(&scrape(&exporter, &target)), DOWN, "{target}");
    }
    let other_port = FakeRedis::start(Fake::Bytes(b"+OK\r\n"));
    let other_host = SocketAddr::new(IpAddr::from([127, 0, 0, 2]), port);
    let other_host = FakeRedis::start_at(other_host, Fake::Bytes(b"+OK\r\n"));
    for other in [&other_port, &other_host] {
        let (address, port) = (other.address, other.address.port());
        for target in [
            format!("{address}"),
            format!("redis://{address}"),
            format!("redis://{address}/0"),
            format!("redis://{address}%23@127.0.0.1:{port}"),
            format!("rediss://{address}/%23insecure"),
            format!("valkey://{address}"),
        ] {
            let response = scrape(&exporter, &target);
            assert!(
                response.status == 400 || samples(&response) == DOWN,
                "{target}: {}",
                response.body
            );
        }
        let received = other.received();
        assert!(received.contains("INFO"), "{received}");
        assert!(!received.contains("AUTH") && !received.contains(SECRET), "{received}");
    }
    let with_user = scrape(&exporter, &format!("redis://:x@{}", redis.address));
    assert_eq!(with_user.status, 400);
    assert_eq!(with_user.body, "a target must not contain user information, which precedes `@`\n");
}

#[test]
fn password_for_tls_is_not_sent_without_tls() {
    let plain = FakeRedis::start(Fake::Bytes(b"+OK\r\n"));
    let own = format!("--redis.addr=rediss://{}", plain.address);
    let password = format!("--redis.password={SECRET}");
    let exporter =
        Exporter::start_program(&program(), &[&own, &password, "--connection-timeout=1s"]);
    assert!(!is_up(&get(exporter.address, "/metrics")));
    for target in
        [format!("redis://{}", plain.address), format!("rediss://{}/%23insecure", plain.address)]
    {
        assert_eq!(samples(&scrape(&exporter, &target)), DOWN);
    }
    assert!(!plain.received().contains(SECRET));
}

/// Writes a file with passwords, and returns the flag that names it.
fn password_file(directory: &Path, contents: &str) -> String {
    let file = directory.join("passwords.json");
    std::fs::write(&file, contents).unwrap();
    format!("--redis.password-file={}", file.display())
}

#[test]
fn each_target_receives_its_password_of_the_file() {
    let directory = TempDir::new().unwrap();
    let [first, second, third] = [(); 3].map(|()| FakeRedis::start(Fake::Bytes(b"+OK\r\n")));
    let redis = start_locked(&[]);
    let file = password_file(
        directory.path(),
        &format!(
            r#"{{"redis://{}": "first-secret", "redis://me@{}": "second-secret", "redis://{}": "{SECRET}"}}"#,
            first.address, second.address, redis.address,
        ),
    );
    let exporter = start_for_targets(&[&file, "--connection-timeout=1s"]);
    for server in [&first, &second, &third] {
        assert_eq!(samples(&scrape(&exporter, &server.address.to_string())), DOWN);
    }
    assert!(samples(&scrape(&exporter, &redis.address.to_string())).contains(&"redis_up 1"));
    let auth = |server: &FakeRedis| {
        let received = server.received();
        received.split_once("AUTH\r\n").map(|(_, rest)| rest.split("*3").next().unwrap().to_owned())
    };
    assert_eq!(auth(&first).as_deref(), Some("$12\r\nfirst-secret\r\n"));
    assert_eq!(auth(&second).as_deref(), Some("$2\r\nme\r\n$13\r\nsecond-secret\r\n"));
    assert_eq!(auth(&third), None);
    // The file also has the password of the server that `--redis.addr` names.
    let exporter = start(redis.address, &[&file]);
    assert!(is_up(&get(exporter.address, "/metrics")));
}

#[test]
fn invalid_flags_are_refused_without_quoting_secrets() {
    let directory = TempDir::new().unwrap();
    let url = format!("--redis.addr=http://:{SECRET}@localhost");
    let (list, key) =
        (format!(r#"["{SECRET}"]"#), format!(r#"{{"ftp://:{SECRET}@h": "{SECRET}"}}"#));
    let passwords = directory.path().join("passwords.json");
    let passwords = passwords.display();
    let syntax = format!(
        "--redis.password-file: {passwords}:1: invalid content, expected a JSON object from URLs to passwords"
    );
    let url_of_key = format!(
        "--redis.password-file: {passwords}: key 1: expected the URL of a server, e.g. redis://localhost:6379"
    );
    for (file, argument, error) in [
        ("", &*url, "--redis.addr: expected the URL of a server, e.g. redis://localhost:6379"),
        (&*list, "", &syntax),
        (&*key, "", &url_of_key),
        (
            "",
            "--redis.password-file=/nonexistent",
            "cannot start: --redis.password-file: cannot read \
             /nonexistent: No such file or directory (os error 2)",
        ),
        (
            "",
            "--tls-client-key-file=/nonexistent",
            "expected both a client certificate and its key, or neither",
        ),
        ("", "--tls-ca-cert-file=/nonexistent", "cannot read /nonexistent"),
    ] {
        let file =
            if file.is_empty() { String::new() } else { password_file(directory.path(), file) };
        let arguments: Vec<&str> =
            [&*file, argument].into_iter().filter(|it| !it.is_empty()).collect();
        let (status, log) = refused(&arguments);
        assert_eq!(status, Some(1), "{log}");
        assert!(log.contains(error), "{error}: {log}");
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(!log.contains(SECRET), "{log}");
    }
    let (status, log) = refused(&["--connection-timeout=15"]);
    assert_eq!(status, Some(2));
    let message = "error: invalid value '15' for '--connection-timeout <DURATION>': \
                   expected e.g. `1s`, `1m30s` or `500ms`\n";
    assert!(log.starts_with(message), "{log}");
}

#[test]
fn unusable_credentials_are_refused_at_startup() {
    let directory = TempDir::new().unwrap();
    let own = "--redis.addr with --redis.user and --redis.password";
    let none = format!("{own}: a user without a password");
    let two = "two users or two passwords for one server";
    let of_both = format!("{own}: {two}");
    let of_file = format!("passwords.json: key 2: {two}");
    let no_address = "--redis.user and --redis.password require --redis.addr";
    let [user, password] = ["--redis.user=bob", "--redis.password=hunter2-hunter2"];
    let file = password_file(directory.path(), r#"{"redis://h:1": "hunter2-hunter2"}"#);
    let no_password = TempDir::new().unwrap();
    let no_password = password_file(no_password.path(), r#"{"redis://bob@h:1": ""}"#);
    let none_of_file = "--redis.password-file: h:1: a user without a password";
    let twice = TempDir::new().unwrap();
    let twice = password_file(
        twice.path(),
        r#"{"redis://h:1": "hunter2-hunter2", "redis://bob@h:1": "hunter2-hunter2"}"#,
    );
    for (arguments, error) in [
        (&[user][..], &*none),
        (&["--redis.addr=redis://bob@h:1"], &none),
        (&["--redis.addr=redis://h:1", user, &file], &none),
        (&["--redis.addr=", password], no_address),
        (&["--redis.addr=", user], no_address),
        (&["--redis.addr=redis://:hunter2-hunter2-hunter2@h:1", password], &of_both),
        (
            &["--redis.addr=redis://h:1", "--redis.password=hunter2-hunter2-hunter2", &file],
            &of_both,
        ),
        (&[&twice], &of_file),
        (&[&no_password], none_of_file),
        (&["--connection-timeout=0"], "--connection-timeout is 0, expected e.g. `15s`"),
    ] {
        for check in [&[][..], &["--config.check"]] {
            let (status, log) = refused(&[arguments, check].concat());
            assert_eq!(status, Some(1), "{arguments:?}: {log}");
            assert!(log.contains(error), "{arguments:?}: {log}");
            assert!(!log.contains(SECRET), "{log}");
        }
    }
    for arguments in [
        &["--redis.addr=redis://h:1", &*file][..],
        &["--redis.addr=redis://h:1", password, &file],
        &["--redis.addr=redis://bob@h:1", password],
        &["--redis.addr=", "--redis.user=", "--redis.password="],
    ] {
        let (status, log) = refused(&[arguments, &["--config.check"]].concat());
        assert_eq!(status, Some(0), "{arguments:?}: {log}");
    }
}

#[test]
fn password_is_in_no_help_log_or_page() {
    // These servers echo the received password, in the reply to AUTH, or to INFO after it.
    let saying = |replies: &str| {
        let rest = "+OK\r\n".repeat(20);
        FakeRedis::start(Fake::Bytes(format!("{replies}\r\n{rest}").leak().as_bytes()))
    };
    let telltale = saying("-ERR unknown command `AUTH`, with args: `hunter2-hunter2`");
    let echo = saying("*2\r\n$4\r\nAUTH\r\n$15\r\nhunter2-hunter2");
    let refusing = saying("+OK\r\n+OK\r\n-ERR denied for hunter2-hunter2");
    let coded = saying("+OK\r\n+OK\r\n-hunter2-hunter2");
    let silent = free_address();
    for (address, error) in [
        (telltale.address, "the user or the password is wrong"),
        (echo.address, "the user or the password is wrong"),
        (refusing.address, "INFO was refused with ERR"),
        (coded.address, "INFO was refused with an unknown error"),
        (silent, "cannot connect"),
    ] {
        let url = format!("--redis.addr=redis://:{SECRET}@{address}");
        let exporter = Exporter::start_program(
            &program(),
            &[&url, "--log.level=debug", "--connection-timeout=1s"],
        );
        let target = format!("/scrape?target={address}");
        for path in ["/metrics", "/", &target] {
            let response = get(exporter.address, path);
            assert_eq!(response.status, 200);
            assert!(!response.body.contains(SECRET), "{}", response.body);
        }
        let (_, log) = exporter.signal("TERM");
        assert!(!log.concat().contains(SECRET), "{log:?}");
        assert!(log.concat().contains(error), "{error}: {log:?}");
    }
    assert!(telltale.received().contains(SECRET));
    let help = |flag: &str| {
        let url = format!("redis://:{SECRET}@localhost");
        let mut command = Command::new(program());
        command.env("REDIS_ADDR", url).env("REDIS_PASSWORD", SECRET).arg(flag);
        let output = command.output().unwrap();
        format!("{}{}", text(&output.stdout), text(&output.stderr))
    };
    for flag in ["--help", "-h", "--redis.passwort=hunter2-hunter2", "--version"] {
        let help = help(flag);
        assert!(!help.contains(SECRET), "{help}");
    }
    assert!(help("--help").contains("[env: REDIS_PASSWORD]"));
}

#[test]
fn flags_are_taken_from_the_environment() {
    let check = |name: &str, value: &str| {
        let mut command = Command::new(program());
        let output = command.arg("--config.check").env(name, value).output().unwrap();
        (output.status.code(), text(&output.stderr))
    };
    let (status, log) = check("REDIS_ADDR", "nonsense://x");
    assert_eq!(status, Some(1));
    assert!(log.contains("--redis.addr: expected the URL of a server"), "{log}");
    assert_eq!(check("REDIS_PASSWORD_FILE", "/nonexistent").0, Some(1));
    assert_eq!(check("REDIS_EXPORTER_TLS_CA_CERT_FILE", "/nonexistent").0, Some(1));
    assert_eq!(check("REDIS_EXPORTER_CONNECTION_TIMEOUT", "soon").0, Some(2));
    assert_eq!(check("REDIS_EXPORTER_SKIP_TLS_VERIFICATION", "true").0, Some(0));
    for name in [
        "REDIS_EXPORTER_INCL_CONFIG_METRICS",
        "REDIS_EXPORTER_REDACT_CONFIG_METRICS",
        "REDIS_EXPORTER_INCL_SYSTEM_METRICS",
        "REDIS_EXPORTER_INCL_MODULES_METRICS",
        "REDIS_EXPORTER_INCL_METRICS_FOR_EMPTY_DATABASES",
        "REDIS_EXPORTER_EXCLUDE_LATENCY_HISTOGRAM_METRICS",
        "REDIS_EXPORTER_SET_CLIENT_NAME",
    ] {
        assert_eq!(check(name, "false").0, Some(0), "{name}");
        assert_eq!(check(name, "maybe").0, Some(2), "{name}");
    }
    assert_eq!(check("REDIS_EXPORTER_CONFIG_COMMAND", "-").0, Some(0));
}

#[test]
fn empty_address_leaves_only_targets() {
    let exporter = start_for_targets(&[]);
    let response = get(exporter.address, "/metrics");
    assert_eq!(samples(&response), [""; 0]);
    assert!(response.body.contains("redis_exporter_build_info{"));
    let redis = Redis::start(&[]);
    assert!(
        samples(&scrape(&exporter, &format!("redis://{}", redis.address))).contains(&"redis_up 1")
    );
    let target = format!("tcp://{}", redis.address);
    assert!(samples(&scrape(&exporter, &target)).contains(&"redis_up 1"));
    assert_eq!(samples(&scrape(&exporter, "unix:///var/run/redis.sock")), DOWN);
}

#[test]
fn malformed_target_is_refused_with_400() {
    let exporter = start_for_targets(&[]);
    for target in [
        "://nope",
        "redis://host:6379-",
        "redis://",
        "redis://:6379",
        "localhost:notaport",
        "localhost:65536",
        "http://localhost",
        "redis:///0",
        "unix://",
        "[::1",
    ] {
        let response = scrape(&exporter, target);
        assert_eq!(response.status, 400, "{target}: {}", response.body);
        let message = "invalid target: expected the URL of a server, e.g. redis://localhost:6379\n";
        assert_eq!(response.body, message, "{target}");
    }
    let restricted = start_for_targets(&["--probe.allow-target=unix:///run/**"]);
    assert_eq!(scrape(&restricted, "unix:///nowhere/redis.sock").status, 403);
    assert_eq!(samples(&scrape(&restricted, "unix:///run/no/redis.sock")), DOWN);
}

#[test]
fn certificate_is_shown_to_configured_servers_only() {
    let directory = Directory::new();
    let path = |name: &str| directory.path(name);
    let [own, of_file, other] = [(); 3].map(|()| FakeTls::start(&directory.authority));
    let contents = format!(r#"{{"rediss://{}": "{SECRET}"}}"#, of_file.address);
    let exporter = Exporter::start_program(
        &program(),
        &[
            &format!("--redis.addr=rediss://{}", own.address),
            &password_file(directory.root(), &contents),
            &format!("--tls-ca-cert-file={}", path("ca.crt")),
            &format!("--tls-client-cert-file={}", path("client.crt")),
            &format!("--tls-client-key-file={}", path("client.key")),
        ],
    );
    for _ in 0..2 {
        assert!(!is_up(&get(exporter.address, "/metrics")));
        for server in [&own, &of_file, &other] {
            assert_eq!(samples(&scrape(&exporter, &format!("rediss://{}", server.address))), DOWN);
        }
        // With another URL it may be another server.
        let target = format!("rediss://localhost:{}", own.address.port());
        assert_eq!(samples(&scrape(&exporter, &target)), DOWN);
    }
    assert_eq!(own.shown(), [true, true, false, true, true, false]);
    assert_eq!(of_file.shown(), [true, true]);
    assert_eq!(other.shown(), [false, false]);
}

#[test]
fn server_and_exporter_verify_each_other() {
    let directory = Directory::new();
    let path = |name: &str| directory.path(name);
    let redis = Redis::start_with_tls(&[
        "--tls-cert-file",
        &path("server.crt"),
        "--tls-key-file",
        &path("server.key"),
        "--tls-ca-cert-file",
        &path("ca.crt"),
        "--tls-auth-clients",
        "yes",
    ]);
    let url = format!("--redis.addr=rediss://{}", redis.address);
    let authority = format!("--tls-ca-cert-file={}", path("ca.crt"));
    let certificate = format!("--tls-client-cert-file={}", path("client.crt"));
    let key = format!("--tls-client-key-file={}", path("client.key"));
    for (flags, is_known) in [
        (&[&*authority, &certificate, &key][..], true),
        (&["--skip-tls-verification", &certificate, &key], true),
        (&[&certificate, &key], false),
        (&[&authority], false),
    ] {
        let exporter = Exporter::start_program(&program(), &[&[&*url], flags].concat());
        for _ in 0..2 {
            assert_eq!(is_up(&get(exporter.address, "/metrics")), is_known, "{flags:?}");
        }
        let target = scrape(&exporter, &format!("rediss://{}", redis.address));
        assert_eq!(samples(&target).contains(&"redis_up 1"), is_known);
    }
}
