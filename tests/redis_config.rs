//! The configuration file of the example redis_exporter.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::process::Command;

use hello_exporter_tests::configured::ConfigDirectory;
use hello_exporter_tests::http::get;
use hello_exporter_tests::redis_exporter::{
    DOWN, SECRET, is_up, program, samples, scrape, start_for_targets, start_locked,
};
use hello_exporter_tests::{Exporter, Redis, text};

/// Returns an entry of the list of servers.
fn server(redis: &Redis, credentials: &str) -> String {
    format!("  - {{address: \"redis://{}\"{credentials}}}\n", redis.address)
}

fn url(redis: &Redis) -> String {
    format!("redis://{}", redis.address)
}

fn start(directory: &ConfigDirectory) -> Exporter {
    start_for_targets(&[&format!("--config.file={}", directory.file.display())])
}

fn is_target_up(exporter: &Exporter, redis: &Redis) -> bool {
    let response = scrape(exporter, &url(redis));
    let is_up = samples(&response).contains(&"redis_up 1");
    assert!(is_up || samples(&response) == DOWN, "{}", response.body);
    is_up
}

#[test]
fn file_has_targets_and_passwords() {
    let (locked, open, other) = (start_locked(&[]), Redis::start(&[]), Redis::start(&[]));
    let password = format!(", password: {SECRET}");
    let directory = ConfigDirectory::of(&format!(
        "servers:\n{}{}",
        server(&locked, &password),
        server(&open, "")
    ));
    let exporter = start(&directory);
    assert!(is_target_up(&exporter, &locked));
    assert!(is_target_up(&exporter, &open));
    let response = scrape(&exporter, &url(&other));
    let refusal = "target is not allowed: the configuration file does not list it\n";
    assert_eq!((response.status, &*response.body), (403, refusal));
}

#[test]
fn reload_changes_targets_and_passwords() {
    let (first, second) = (start_locked(&[]), start_locked(&[]));
    let wrong = ", password: not-the-password";
    let right = format!(", password: {SECRET}");
    let directory = ConfigDirectory::of(&format!("servers:\n{}", server(&first, wrong)));
    let mut exporter = start(&directory);
    assert!(!is_target_up(&exporter, &first));
    directory.write(&format!("servers:\n{}", server(&first, &right)));
    exporter.next_line_with("Reloaded the configuration");
    assert!(is_target_up(&exporter, &first));
    // Two passwords for one server.
    let both = server(&first, &right) + &server(&first, wrong);
    directory.write(&format!("servers:\n{both}"));
    let line = directory.shortened(&exporter.next_line_with("keeping the previous one"));
    let error = "error=\"@: server 2 of `servers`: two users or two passwords for one server\"\n";
    assert!(line.ends_with(error), "{line}");
    assert!(!line.contains(SECRET), "{line}");
    assert!(is_target_up(&exporter, &first));
    directory.write(&format!("servers:\n{}", server(&second, &right)));
    exporter.next_line_with("Reloaded the configuration");
    assert_eq!(scrape(&exporter, &url(&first)).status, 403);
    assert!(is_target_up(&exporter, &second));
}

#[test]
fn file_has_the_password_of_the_own_server() {
    let redis = start_locked(&[]);
    let contents = format!("servers:\n{}", server(&redis, &format!(", password: {SECRET}")));
    let directory = ConfigDirectory::of(&contents);
    let file = format!("--config.file={}", directory.file.display());
    let exporter =
        Exporter::start_program(&program(), &[&file, &format!("--redis.addr={}", url(&redis))]);
    assert!(is_up(&get(exporter.address, "/metrics")));
}

#[test]
fn file_without_servers_permits_all_targets() {
    let redis = Redis::start(&[]);
    let exporter = start(&ConfigDirectory::of("{}\n"));
    assert!(is_target_up(&exporter, &redis));
    let exporter = start(&ConfigDirectory::of("servers: []\n"));
    assert_eq!(scrape(&exporter, &url(&redis)).status, 403);
}

#[test]
fn invalid_files_are_refused_without_their_secrets() {
    let check = |contents: &str| {
        let directory = ConfigDirectory::of(contents);
        let file = format!("--config.file={}", directory.file.display());
        let output = Command::new(program()).args(["--config.check", &*file]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{contents}");
        assert!(!text(&output.stderr).contains("hunter2"), "{}", text(&output.stderr));
        directory.errors(&output)
    };
    let refused = |error: &str| [format!("msg=\"cannot start: @{error}\"")];
    let invalid = "servers:\n  - {address: \"redis://a\", password: [hunter2]}\n";
    assert_eq!(check(invalid), refused(":2:38: expected a single value"));
    let invalid = "servers:\n  - {address: \"redis://a\", pasword: hunter2}\n";
    assert_eq!(check(invalid), refused(":2:28: unknown key `pasword`"));
    let invalid = "servers:\n  - {address: \"redis://a\", user: hunter2}\n";
    let error = ": server 1 of the configuration file: a user without a password";
    assert_eq!(check(invalid), refused(error));
    let invalid = "servers:\n  - {address: \"ftp://hunter2@a\"}\n";
    let errors = check(invalid);
    assert!(errors[0].starts_with("msg=\"cannot start: @: server 1 of `servers`: "), "{errors:?}");
}
