//! Passwords that many requests bring at the same time, and what their comparison costs.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::thread;

use hello_exporter_tests::Exporter;
use hello_exporter_tests::http::get_as;
use hello_exporter_tests::web_config::{COSTLY, Directory, ROTATED, users};

/// The password of [`COSTLY`].
const PASSWORD: &str = "fakepassword";

fn status(address: SocketAddr, password: &str) -> u16 {
    get_as(address, "/metrics", "alice", password).status
}

/// Returns the statuses of twenty requests that are sent at the same time.
fn statuses(address: SocketAddr, password: &str) -> Vec<u16> {
    thread::scope(|scope| {
        let requests: Vec<_> = (0..20).map(|_| scope.spawn(|| status(address, password))).collect();
        requests.into_iter().map(|request| request.join().unwrap()).collect()
    })
}

/// Returns how many passwords were compared, as the log of an exporter that has ended says.
fn comparisons(exporter: Exporter) -> usize {
    let (_, log) = exporter.signal("TERM");
    log.iter().filter(|line| line.contains("Comparing a password")).count()
}

#[test]
fn requests_with_one_right_password_share_one_comparison() {
    let directory = Directory::new();
    let users = users(&[("alice", COSTLY)]);
    let exporter = directory.start_with(&users, &["--log.level=debug"]);
    assert_eq!(statuses(exporter.address, PASSWORD), [200; 20]);
    assert_eq!(comparisons(exporter), 1);
}

#[test]
fn requests_with_one_wrong_password_are_all_unauthorized() {
    let directory = Directory::new();
    let exporter = directory.start(&users(&[("alice", COSTLY)]));
    assert_eq!(statuses(exporter.address, "wrong"), [401; 20]);
}

#[test]
fn client_that_leaves_takes_the_comparison_from_nobody() {
    let directory = Directory::new();
    let users = users(&[("alice", COSTLY)]);
    let mut exporter = directory.start_with(&users, &["--log.level=debug"]);
    let mut leaving = TcpStream::connect(exporter.address).unwrap();
    // alice:fakepassword
    leaving
        .write_all(
            b"GET /metrics HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWxpY2U6ZmFrZXBhc3N3b3Jk\r\n\r\n",
        )
        .unwrap();
    exporter.next_line_with("Comparing a password");
    let address = exporter.address;
    thread::scope(|scope| {
        let other = scope.spawn(move || status(address, PASSWORD));
        drop(leaving);
        assert_eq!(other.join().unwrap(), 200);
    });
    assert_eq!(comparisons(exporter), 0, "there was one");
}

#[test]
fn comparison_under_way_answers_by_the_users_before_a_reload() {
    let directory = Directory::new();
    let before = users(&[("alice", COSTLY)]);
    let mut exporter = directory.start_with(&before, &["--log.level=debug"]);
    let address = exporter.address;
    thread::scope(|scope| {
        let request = scope.spawn(move || status(address, PASSWORD));
        exporter.next_line_with("Comparing a password");
        directory.write(&users(&[("alice", ROTATED)]));
        exporter.next_line_with("Web configuration was read again");
        let statuses = ["rotated", PASSWORD].map(|password| status(address, password));
        assert_eq!(statuses, [200, 401]);
        assert_eq!(request.join().unwrap(), 200);
    });
}
