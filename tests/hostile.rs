//! Hostile and broken clients: a good scrape succeeds in time during each attack. Once they are
//! disconnected, the exporter has no more files and threads than before, and little more memory.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

use hello_exporter_tests::web_config::{Directory, TLS};
use hello_exporter_tests::{Dial, Exporter, Resources, Stream, build_example, read_until};
use tempfile::TempDir;

/// An exporter that exposes twelve megabytes, and how to connect to it.
struct Target {
    exporter: Exporter,
    dial: Dial,
    tls: Option<Directory>,
}

impl Target {
    fn plain() -> Self {
        let exporter = start(&[]);
        let dial = Dial::plain(exporter.address);
        Self { exporter, dial, tls: None }
    }

    fn tls() -> Self {
        let directory = Directory::new();
        let file = directory.write(TLS);
        let exporter = start(&[&format!("--web.config.file={}", file.display())]);
        let dial = Dial::tls(exporter.address, &directory.authority, "http/1.1");
        Self { exporter, dial, tls: Some(directory) }
    }

    /// Connects with HTTP/2, and sends these settings.
    fn http2(&self, settings: &[(u16, u32)]) -> Http2 {
        let authority = &self.tls.as_ref().unwrap().authority;
        let mut stream = Dial::tls(self.exporter.address, authority, "h2").connect().unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        let mut http2 = Http2(stream);
        let settings = settings
            .iter()
            .flat_map(|(name, value)| [&name.to_be_bytes()[..], &value.to_be_bytes()[..]].concat());
        http2.send(SETTINGS, 0, 0, &settings.collect::<Vec<u8>>()).unwrap();
        http2
    }

    fn connect(&self) -> Stream {
        self.dial.connect().unwrap()
    }

    /// Connects, and sends these bytes.
    fn send(&self, bytes: impl AsRef<[u8]>) -> Stream {
        let mut stream = self.connect();
        // The exporter may refuse a request before it has received all of it.
        let _ = stream.write_all(bytes.as_ref());
        stream
    }

    /// Asserts that a good scrape succeeds. Its connection waits for at most two seconds.
    fn assert_good_scrape(&self, after: &str) {
        let rest = self.send(get(SMALL, "Connection: close\r\n")).rest();
        let body = "# HELP small Small, for good scrapes.\n# TYPE small gauge\nsmall 1\n";
        let answer = String::from_utf8(rest.bytes).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "after {after}: {answer:?}");
        assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "after {after}: {answer:?}");
    }

    /// Returns the resources of the exporter before the attacks.
    fn resources_at_rest(&self) -> Resources {
        // An exporter that listens may not have started all of its threads. One that has served a
        // request has.
        assert_eq!(self.send(get(HEALTHY, "Connection: close\r\n")).rest().status(), Some(200));
        let before = self.exporter.resources();
        self.assert_good_scrape("nothing");
        // The exporter keeps the buffers of an exposition of this size for the next one.
        let all = self.send(get("/metrics", "Connection: close\r\n")).rest();
        assert!(all.is_over && all.bytes.len() > 10 << 20);
        Resources { resident: self.exporter.resources().resident, ..before }
    }

    /// Waits until the exporter has closed all of these connections by itself.
    fn assert_closed(&self, streams: Vec<Stream>, start: Resources, attack: &str) {
        // If a client read its response before that, its connection would not be stalled.
        eventually(|| self.exporter.resources(), |now| now.files <= start.files);
        for mut stream in streams {
            assert!(stream.rest().is_over, "{attack}");
        }
    }

    /// Waits until the exporter has no more files and threads than after its start. Asserts that
    /// its memory has grown by less than 30 MiB.
    fn assert_settles(&self, start: Resources) {
        let is_settled = |now: &Resources| now.files <= start.files && now.threads <= start.threads;
        let now = eventually(|| self.exporter.resources(), is_settled);
        let grown = now.resident.saturating_sub(start.resident);
        assert!(grown < 30 << 20, "resident memory grew by {grown} bytes");
    }
}

fn start(arguments: &[&str]) -> Exporter {
    Exporter::start_program(&build_example("hello_exporter_tests", "hostile"), arguments)
}

/// Reads a value until it is as expected, for at most 30 seconds.
fn eventually<T: std::fmt::Debug>(read: impl Fn() -> T, is_expected: impl Fn(&T) -> bool) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let seen = read();
        if is_expected(&seen) {
            return seen;
        }
        assert!(Instant::now() < deadline, "{seen:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

const SMALL: &str = "/metrics?name[]=small";
const BIG: &str = "/metrics?name[]=big";
const HEALTHY: &str = "/-/healthy";

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: exporter\r\n{headers}\r\n")
}

type Attack = (&'static str, fn(&Target) -> Vec<Stream>);

/// Each returns connections that the exporter must close by itself.
const ATTACKS: &[Attack] = &[
    ("silent connections", |target| (0..500).map(|_| target.connect()).collect()),
    ("idle connections", |target| (0..500).map(|_| answered(target)).collect()),
    ("slow heads", |target| {
        let head = "GET /metrics HTTP/1.1\r\nHost: ";
        let mut streams: Vec<Stream> = (0..100).map(|_| target.send(head)).collect();
        streams.extend((0..20).map(|_| {
            let mut stream = answered(target);
            stream.write_all(head.as_bytes()).unwrap();
            stream
        }));
        trickle(&mut streams, "x");
        streams
    }),
    ("slow bodies", |target| {
        let length = "POST / HTTP/1.1\r\nHost: exporter\r\nContent-Length: 1000000\r\n\r\nx";
        let chunks =
            "GET / HTTP/1.1\r\nHost: exporter\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n";
        let mut streams: Vec<Stream> =
            [length, chunks].iter().cycle().take(40).map(|request| target.send(request)).collect();
        trickle(&mut streams, "1\r\nx\r\n");
        streams
    }),
    ("slow readers", |target| {
        let mut streams: Vec<Stream> = (0..60).map(|_| target.send(get(BIG, ""))).collect();
        // Each client reads the beginning of its response, then stops reading.
        streams.iter_mut().for_each(|stream| drop(stream.read(&mut [0])));
        streams
    }),
    ("slow readers with pipelined requests", |target| {
        (0..20).map(|_| target.send(get(BIG, "").repeat(100))).collect()
    }),
];

/// Returns a kept-alive connection that has received a response.
fn answered(target: &Target) -> Stream {
    let mut stream = target.send(get(HEALTHY, ""));
    assert!(read_until(&mut stream, b"healthy\n").starts_with(b"HTTP/1.1 200 OK\r\n"));
    stream
}

/// Sends `bit` on each connection, ten times a second, until the exporter has closed all of them.
fn trickle(streams: &mut [Stream], bit: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while streams.iter_mut().map(|stream| is_sent(stream, bit)).filter(|is_sent| *is_sent).count()
        > 0
    {
        assert!(Instant::now() < deadline, "slow clients are disconnected");
        thread::sleep(Duration::from_millis(100));
    }
}

fn is_sent(stream: &mut Stream, bit: &str) -> bool {
    stream.write_all(bit.as_bytes()).and_then(|()| stream.flush()).is_ok()
}

/// Runs these attacks one after another. Each must neither prevent good scrapes nor keep its
/// connections.
fn attack(target: &Target, attacks: &[Attack], start: Resources) {
    for (name, attack) in attacks {
        let streams = attack(target);
        target.assert_good_scrape(name);
        target.assert_closed(streams, start, name);
        target.assert_good_scrape(name);
    }
}

fn reset_early(target: &Target) {
    for request in [get(BIG, ""), get(SMALL, ""), "GET /metr".to_owned(), get(BIG, "").repeat(20)] {
        for _ in 0..50 {
            let stream = target.send(&request);
            // Received bytes that were not read turn the close into a reset.
            if request.ends_with("\n") {
                stream.tcp().peek(&mut [0]).unwrap();
            }
        }
    }
}

#[test]
fn hostile_clients_cannot_hold_the_exporter() {
    let target = Target::plain();
    let start = target.resources_at_rest();
    attack(&target, ATTACKS, start);
    reset_early(&target);
    target.assert_good_scrape("early resets");
    target.assert_settles(start);
}

#[test]
fn hostile_clients_cannot_hold_the_exporter_over_tls() {
    let target = Target::tls();
    let start = target.resources_at_rest();
    // Unfinished handshakes are an attack as well.
    let tcp: Vec<_> = (0..300).map(|_| target.dial.tcp()).collect();
    target.assert_good_scrape("unfinished handshakes");
    drop(tcp);
    attack(&target, ATTACKS, start);
    attack(&target, HTTP2_ATTACKS, start);
    reset_early(&target);
    target.assert_good_scrape("early resets");
    target.assert_settles(start);
}

#[test]
fn connections_are_limited_by_open_files() {
    let directory = TempDir::new().unwrap();
    let script = directory.path().join("limited");
    let program = build_example("hello_exporter_tests", "hostile");
    let text = format!("#!/bin/sh\nulimit -n 100\nexec {} \"$@\"\n", program.display());
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    let exporter = Exporter::start_program(&script, &[]);
    let target = Target { dial: Dial::plain(exporter.address), exporter, tls: None };
    let start = target.resources_at_rest();
    let idle: Vec<Stream> = (0..150).map(|_| answered(&target)).collect();
    target.assert_good_scrape("idle connections");
    assert!(target.exporter.resources().files < 100);
    target.assert_closed(idle, start, "idle connections");
}

/// A connection that speaks HTTP/2, frame by frame.
struct Http2(Stream);

impl Http2 {
    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> std::io::Result<()> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        self.0.write_all(&[&head, payload].concat())
    }

    /// Waits for the head of a response, or for the end of the connection.
    fn wait_for_answer(&mut self) {
        let mut head = [0; 9];
        while self.0.read_exact(&mut head).is_ok() {
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            self.0.read_exact(&mut vec![0; length as usize]).unwrap();
            if head[3] == HEADERS {
                return;
            }
        }
    }

    /// Sends a request, whose head is complete or is to be continued.
    fn get(&mut self, stream: u32, path: &str, is_complete: bool) -> std::io::Result<()> {
        let path = [&[0x04, u8::try_from(path.len()).unwrap()], path.as_bytes()].concat();
        let host = [&[0x01, 8], &b"exporter"[..]].concat();
        let block = [&[0x82, 0x87], &path[..], &host[..]].concat();
        self.send(HEADERS, if is_complete { 0x5 } else { 0x1 }, stream, &block)
    }
}

const HEADERS: u8 = 0x1;
const RESET: u8 = 0x3;
const SETTINGS: u8 = 0x4;
const PING: u8 = 0x6;
const CONTINUATION: u8 = 0x9;
const INITIAL_WINDOW_SIZE: u16 = 0x4;

const HTTP2_ATTACKS: &[Attack] = &[
    ("silent connections", |target| (0..20).map(|_| target.http2(&[]).0).collect()),
    ("windows that stay closed", |target| {
        let shut = |_| {
            let mut http2 = target.http2(&[(INITIAL_WINDOW_SIZE, 0)]);
            http2.get(1, BIG, true).unwrap();
            http2
        };
        let mut streams: Vec<Http2> = (0..60).map(shut).collect();
        streams.iter_mut().for_each(Http2::wait_for_answer);
        streams.into_iter().map(|http2| http2.0).collect()
    }),
    ("more unread small responses than slots", |target| {
        let shut = |_| {
            let mut http2 = target.http2(&[(INITIAL_WINDOW_SIZE, 0)]);
            http2.get(1, HEALTHY, true).unwrap();
            http2.0
        };
        (0..220).map(shut).collect()
    }),
    ("windows that are not reopened", |target| {
        let mut http2 = target.http2(&[]);
        http2.get(1, BIG, true).unwrap();
        vec![http2.0]
    }),
    ("unread responses", |target| {
        let mut http2 = target.http2(&[(INITIAL_WINDOW_SIZE, 0)]);
        let request = |stream: u32| http2.get(1 + 2 * stream, HEALTHY, true).is_ok();
        assert!(
            (0..1_000_000).map(request).any(|is_sent| !is_sent),
            "the exporter closes the connection"
        );
        vec![http2.0]
    }),
    ("requests that are reset", |target| {
        let mut http2 = target.http2(&[]);
        let mut request = |stream: u32| {
            let result = http2.get(1 + 2 * stream, BIG, true);
            result.and_then(|()| http2.send(RESET, 0, 1 + 2 * stream, &[0, 0, 0, 8])).is_ok()
        };
        assert!(
            (0..1_000_000).map(&mut request).any(|is_sent| !is_sent),
            "the exporter closes the connection"
        );
        vec![http2.0]
    }),
    ("endless heads", |target| {
        let mut http2 = target.http2(&[]);
        http2.get(1, SMALL, false).unwrap();
        let line = [&[0x00, 1, b'x', 100][..], &[b'y'; 100]].concat().repeat(100);
        let mut go_on = |_| http2.send(CONTINUATION, 0, 1, &line).is_ok();
        assert!(
            (0..10_000).map(&mut go_on).any(|is_sent| !is_sent),
            "the exporter closes the connection"
        );
        vec![http2.0]
    }),
    ("endless pings", |target| {
        let mut http2 = target.http2(&[]);
        let mut ping = |_| http2.send(PING, 0, 0, &[0; 8]).is_ok();
        assert!(
            (0..10_000_000).map(&mut ping).any(|is_sent| !is_sent),
            "the exporter closes the connection"
        );
        vec![http2.0]
    }),
];

/// Returns the status and the body of the response, and whether the connection is closed after it.
fn refusal(target: &Target, request: impl AsRef<[u8]>) -> (Option<u16>, String, bool) {
    let rest = target.send(request).rest();
    let text = String::from_utf8_lossy(&rest.bytes).into_owned();
    let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    (rest.status(), body.unwrap_or_default(), rest.is_over)
}

#[test]
fn too_large_requests_are_refused() {
    let target = Target::plain();
    let header =
        |length: usize| format!("X-Large: {}\r\nConnection: close\r\n", "x".repeat(length));
    let many = |count: usize| {
        let headers: String = (0..count).map(|at| format!("X-{at}: y\r\n")).collect();
        headers + "Connection: close\r\n"
    };
    let url = |query: &str| format!("{SMALL}&{query}");
    let get = |path: &str, headers: &str| get(path, &format!("{headers}Connection: close\r\n"));
    let small = "# HELP small Small, for good scrapes.\n# TYPE small gauge\nsmall 1\n";
    for (name, request, status, body) in [
        ("a long URL", get(&url(&"x".repeat(8000)), ""), 200, small),
        ("a longer URL", get(&url(&"x".repeat(8192)), ""), 414, "URL is longer than 8192 bytes\n"),
        (
            "a longer URL at a path that does not exist",
            get(&format!("/{}", "x".repeat(60_000)), ""),
            414,
            "URL is longer than 8192 bytes\n",
        ),
        ("many parameters", get(&url(&["a"; 999].join("&")), ""), 200, small),
        (
            "more parameters",
            get(&url(&["a"; 1000].join("&")), ""),
            400,
            "query has more than 1000 parameters\n",
        ),
        (
            "50,000 parameters",
            get(&url(&"&".repeat(50_000)), ""),
            414,
            "URL is longer than 8192 bytes\n",
        ),
        ("a large header", get(SMALL, &header(32_000)), 200, small),
        (
            "a larger header",
            get(SMALL, &header(33_000)),
            431,
            "header section is longer than 32768 bytes\n",
        ),
        ("a head of 200 KiB", get(SMALL, &header(200 << 10)), 431, ""),
        ("50,000 parameters with values", get(&url(&"a=1&".repeat(50_000)), ""), 431, ""),
        ("many headers", get(SMALL, &many(90)), 200, small),
        ("more headers", get(SMALL, &many(100)), 431, ""),
    ] {
        let expected = (Some(status), body.to_owned(), true);
        assert_eq!(refusal(&target, request), expected, "{name}");
        target.assert_good_scrape(name);
    }
}

#[test]
fn invalid_requests_are_refused_and_their_connections_closed() {
    let target = Target::plain();
    for request in [
        "\0\0\0\0\r\n\r\n",
        "GET\r\n\r\n",
        "GET /metrics\r\n\r\n",
        "GET /metrics HTTP/9.9\r\n\r\n",
        "GET /metrics SMTP/1.1\r\n\r\n",
        "GET  /metrics HTTP/1.1\r\n\r\n",
        "GET metrics HTTP/1.1\r\n\r\n",
        "GET /met\0rics HTTP/1.1\r\n\r\n",
        "G\tT /metrics HTTP/1.1\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nno colon\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nX-Nul: \0\r\n\r\n",
        "GET /metrics HTTP/1.1\r\n: empty\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03\r\n\r\n",
    ] {
        assert_eq!(refusal(&target, request), (Some(400), String::new(), true), "{request:?}");
        target.assert_good_scrape(request);
    }
}

#[test]
fn mistakes_of_clients_are_not_logged() {
    let (plain, tls) = (Target::plain(), Target::tls());
    assert_eq!(refusal(&plain, "no request\r\n\r\n").0, Some(400));
    reset_early(&plain);
    let http2: Vec<Stream> = HTTP2_ATTACKS.iter().flat_map(|(_, attack)| attack(&tls)).collect();
    drop(http2);
    for target in [plain, tls] {
        let (status, log) = target.exporter.signal("TERM");
        assert_eq!(status.code(), Some(0));
        let loud = |line: &&String| !line.contains(" level=info ");
        assert_eq!(log.iter().filter(loud).collect::<Vec<_>>(), Vec::<&String>::new());
    }
}

#[test]
fn odd_percent_encoding_breaks_nothing() {
    let target = Target::plain();
    for (path, status) in [
        ("/metrics?name[]=%", 200),
        ("/metrics?name[]=%zz&name[]=%2", 200),
        ("/metrics?name[]=%00%0a%ff%fe", 200),
        ("/metrics?%=%&=&&==", 200),
        ("/metrics?name%5B%5D=small", 200),
        ("/%6detrics?name[]=small", 200),
        ("/metrics%00", 404),
        ("/metrics%", 404),
        ("/metrics%2f..%2f", 404),
        ("/%2e%2e/metrics", 404),
        ("/../metrics", 404),
        ("//metrics", 404),
        ("/%ff%fe", 404),
        ("/-/%68ealthy", 200),
        ("/metrics?collect[]=%00", 400),
    ] {
        let rest = target.send(get(path, "Connection: close\r\n")).rest();
        assert_eq!((rest.status(), rest.is_over), (Some(status), true), "{path}");
        target.assert_good_scrape(path);
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let target = Target::plain();
    let paths = [HEALTHY, "/nope", "/-/ready"];
    let requests: String = (0..999).map(|at| get(paths[at % 3], "")).collect();
    let mut stream = target.send(requests + &get(SMALL, "Connection: close\r\n"));
    let rest = stream.rest();
    assert!(rest.is_over);
    let answers = String::from_utf8(rest.bytes).unwrap();
    let bodies: Vec<&str> = answers
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| answer.split_once("\r\n\r\n").unwrap().1)
        .collect();
    let expected = ["healthy\n", "404 page not found\n", "ready\n"];
    assert!(bodies[..999].iter().enumerate().all(|(at, body)| *body == expected[at % 3]));
    assert!(bodies[999].ends_with("\nsmall 1\n"));
    assert_eq!(bodies.len(), 1000);
}

#[test]
fn idle_connections_do_not_delay_shutdown() {
    let target = Target::tls();
    let kept = (answered(&target), target.connect(), target.http2(&[]));
    let mut requested = target.http2(&[]);
    requested.get(1, HEALTHY, true).unwrap();
    requested.0.read_exact(&mut [0; 64]).unwrap();
    let (status, log) = target.exporter.signal("TERM");
    assert_eq!(status.code(), Some(0));
    assert_eq!(log.last().map(|line| line.ends_with("msg=Stopped\n")), Some(true));
    // Connections that are closed by force would be logged as a warning.
    assert!(log.iter().all(|line| line.contains(" level=info ")), "{log:?}");
    drop((kept, requested));
}
