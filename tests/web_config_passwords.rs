//! Passwords and the rate limit: which requests they admit, and how often passwords are compared.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hello_exporter_tests::http::{get, get_as, request};
use hello_exporter_tests::web_config::{COSTLY, Directory, ROTATED, SECRET, TLS, check, users};
use hello_exporter_tests::{Exporter, curl, text};

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

/// Stops the exporter, and returns the number of password comparisons in its log.
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
fn client_that_disconnects_keeps_the_comparison_for_others() {
    let directory = Directory::new();
    let users = users(&[("alice", COSTLY)]);
    let mut exporter = directory.start_with(&users, &["--log.level=debug"]);
    let mut leaving = TcpStream::connect(exporter.address).unwrap();
    // The base64 is that of `alice:fakepassword`.
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
    assert_eq!(comparisons(exporter), 0, "after the first one");
}

#[test]
fn running_comparison_uses_the_users_before_a_reload() {
    let directory = Directory::new();
    let before = users(&[("alice", COSTLY)]);
    let mut exporter = directory.start_with(&before, &["--log.level=debug"]);
    let address = exporter.address;
    thread::scope(|scope| {
        let request = scope.spawn(move || status(address, PASSWORD));
        exporter.next_line_with("Comparing a password");
        directory.write(&users(&[("alice", ROTATED)]));
        exporter.next_line_with("Reloaded the web configuration");
        let statuses = ["rotated", PASSWORD].map(|password| status(address, password));
        assert_eq!(statuses, [200, 401]);
        assert_eq!(request.join().unwrap(), 200);
    });
}

/// Sets the flag at the end of the scope, even after a panic.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Scrapes from the loopback address `source`, and returns the status.
fn get_from(source: &str, exporter: &Exporter, user: &str) -> u16 {
    let url = format!("http://{}/metrics", exporter.address);
    curl(&url, &["--user", user, "--interface", source]).unwrap().status
}

#[test]
fn different_costs_are_a_warning() {
    let directory = Directory::new();
    let output = check(&directory.write(&users(&[("alice", SECRET), ("bob", COSTLY)])));
    let said = directory.shortened(&text(&output.stderr));
    let warning = "level=warn msg=\"`basic_auth_users`: the hashes have costs from 4 to 10, so that \
                   response times reveal which users exist, expected the same cost for all\" file=@/web.yml\n";
    assert!(said.ends_with(warning), "{said}");
    assert_eq!((said.lines().count(), output.status.code()), (1, Some(0)));
}

#[test]
fn wrong_credentials_are_refused_as_by_exporter_toolkit() {
    let directory = Directory::new();
    let exporter = directory.start(&users(&[("alice", SECRET)]));
    let address = exporter.address;
    for response in [
        get(address, "/metrics"),
        get(address, "/"),
        get(address, "/nope"),
        request(address, "POST", "/metrics"),
        get_as(address, "/metrics", "alice", "wrong"),
        get_as(address, "/metrics", "bob", "secret"),
        get_as(address, "/metrics", "", ""),
    ] {
        assert_eq!((response.status, &*response.body), (401, "Unauthorized\n"));
        assert_eq!(response.header("www-authenticate"), Some("Basic"));
        assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
    }
    let head = request(address, "HEAD", "/metrics");
    assert_eq!((head.status, &*head.body), (401, ""));
    for path in ["/metrics", "/"] {
        assert_eq!(get_as(address, path, "alice", "secret").status, 200, "{path}");
    }
    assert_eq!(get_as(address, "/nope", "alice", "secret").status, 404);
    for (path, body) in [("/-/healthy", "healthy\n"), ("/-/ready", "ready\n")] {
        let response = get(address, path);
        assert_eq!((response.status, &*response.body), (200, body));
    }
}

#[test]
fn wrong_credentials_are_always_compared_and_right_ones_once() {
    let directory = Directory::new();
    let users = users(&[("alice", SECRET)]);
    let mut exporter = directory.start_with(&users, &["--log.level=debug"]);
    let mut compared = |user: &str, password: &str, status: u16| {
        assert_eq!(get_as(exporter.address, "/metrics", user, password).status, status);
        let line = exporter.next_line_with("Comparing a password");
        line.split_once("comparisons=").unwrap().1.trim_end().to_owned()
    };
    assert_eq!(compared("bob", "secret", 401), "1");
    assert_eq!(compared("", "", 401), "2");
    assert_eq!(compared("alice", "wrong", 401), "3");
    assert_eq!(compared("alice", "wrong", 401), "4");
    assert_eq!(compared("alice", "secret", 200), "5");
    for _ in 0..3 {
        assert_eq!(get_as(exporter.address, "/metrics", "alice", "secret").status, 200);
        assert_eq!(get(exporter.address, "/metrics").status, 401);
        assert_eq!(get(exporter.address, "/-/healthy").status, 200);
    }
    let mut compared = |user: &str| {
        assert_eq!(get_as(exporter.address, "/metrics", user, "wrong").status, 401);
        exporter.next_line_with("Comparing a password")
    };
    assert!(compared("alice").ends_with("comparisons=6\n"));
}

#[test]
fn flood_of_wrong_passwords_delays_no_valid_scrape() {
    let directory = Directory::new();
    // An unknown user costs as much as Carol's password.
    let exporter =
        directory.start(&users(&[("alice", SECRET), ("bob", ROTATED), ("carol", COSTLY)]));
    let address = exporter.address;
    assert_eq!(get_as(address, "/metrics", "alice", "secret").status, 200);
    let (is_over, refused) = (AtomicBool::new(false), AtomicUsize::new(0));
    let flood = || {
        while !is_over.load(Ordering::Relaxed) {
            let attempt = refused.fetch_add(1, Ordering::Relaxed);
            let response = get_as(address, "/metrics", "mallory", &attempt.to_string());
            assert!([401, 429].contains(&response.status), "{}", response.status);
        }
    };
    thread::scope(|scope| {
        let end = SetOnDrop(&is_over);
        let floods: Vec<_> = (0..16).map(|_| scope.spawn(flood)).collect();
        let deadline = Instant::now() + Duration::from_secs(60);
        while refused.load(Ordering::Relaxed) < 32 {
            assert!(Instant::now() < deadline, "{refused:?} passwords were refused");
            thread::yield_now();
        }
        let statuses: Vec<u16> =
            (0..50).map(|_| get_as(address, "/metrics", "alice", "secret").status).collect();
        // Bob comes from another host and is new: his comparison is next.
        let bob = get_from("127.0.0.2", &exporter, "bob:rotated");
        drop(end);
        assert_eq!((statuses, bob), (vec![200; 50], 200));
        for flood in floods {
            flood.join().unwrap();
        }
    });
}

#[test]
fn rate_limit_is_per_host_and_spares_health_checks() {
    let directory = Directory::new();
    let limit = "rate_limit: {interval: 1h, burst: 3}\n";
    let exporter = directory.start(limit);
    let statuses = |path: &str| [(); 5].map(|()| get(exporter.address, path).status);
    assert_eq!(statuses("/"), [200, 200, 200, 429, 429]);
    let response = get(exporter.address, "/metrics");
    assert_eq!((response.status, &*response.body), (429, "Too Many Requests\n"));
    assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(statuses("/-/healthy"), [200; 5]);
    assert_eq!(get_from("127.0.0.2", &exporter, ""), 200, "each host has its own limit");

    // The limit applies before passwords are compared, and unknown users do not use up the limit of
    // known users.
    let exporter = directory.start(&format!("{limit}{}", users(&[("alice", SECRET)])));
    let alice = || get_as(exporter.address, "/metrics", "alice", "secret").status;
    let mallory = || get_as(exporter.address, "/metrics", "mallory", "secret").status;
    assert_eq!(alice(), 200);
    assert_eq!([(); 5].map(|()| mallory()), [401, 401, 429, 429, 429]);
    assert_eq!([(); 5].map(|()| alice()), [200, 200, 200, 429, 429]);
    let exporter = directory.start(&format!("{limit}{}", users(&[("alice", SECRET)])));
    let mallory = || get_as(exporter.address, "/metrics", "mallory", "secret").status;
    assert_eq!([(); 5].map(|()| mallory()), [401, 401, 401, 429, 429]);
    assert_eq!(get_from("127.0.0.2", &exporter, "alice:secret"), 200);
}

#[test]
fn reload_keeps_known_credentials_through_a_flood() {
    let directory = Directory::new();
    let limit = "rate_limit: {interval: 1h, burst: 3}\n";
    let file = format!("{TLS}{limit}{}", users(&[("alice", SECRET)]));
    let mut exporter = directory.start(&file);
    let ask = |exporter: &Exporter, user| directory.curl(exporter, &["--user", user]).unwrap();
    let flood = |exporter: &Exporter| [(); 5].map(|()| ask(exporter, "mallory:secret"));
    assert_eq!(ask(&exporter, "alice:secret"), 200);
    assert_eq!(flood(&exporter), [401, 401, 429, 429, 429]);

    directory.authority.server().write(directory.root(), "server");
    exporter.next_line_with("Reloaded the web configuration");
    assert_eq!(flood(&exporter), [401, 401, 401, 429, 429]);
    assert_eq!(ask(&exporter, "alice:secret"), 200);

    directory.write(&format!("{file}http_server_config: {{headers: {{X-Frame-Options: deny}}}}\n"));
    exporter.next_line_with("Reloaded the web configuration");
    assert_eq!(flood(&exporter), [401, 401, 401, 429, 429]);
    assert_eq!(ask(&exporter, "alice:secret"), 200);
}
