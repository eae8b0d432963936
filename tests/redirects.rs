//! Redirects of probed targets, compared with a browser and Go.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use hello_exporter_tests::http::{Response, get, get_with};
use hello_exporter_tests::{
    Browser, Exporter, Screen, build_program, data, free_address, output_of, text,
};

/// The reaction of a client to a response with a status of 3xx.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It requests this path of the same server.
    To(&'static str),
    /// It requests this path of the other server.
    Other(&'static str),
    /// It treats this response as the last one.
    Stays,
    /// It gives up.
    Fails,
}

use Outcome::{Fails, Other, Stays, To};

/// The values of `Location` in a response, and the outcomes in a browser, in Go and in a probe. `A`
/// and `B` stand for the addresses of this server and of the other one, `N` in an outcome for the
/// last segment of the requested path.
type Case = (&'static [&'static str], Outcome, Outcome, Outcome);

const fn alike(locations: &'static [&'static str], outcome: Outcome) -> Case {
    (locations, outcome, outcome, outcome)
}

/// Each character of these texts is sent as one byte.
const CASES: &[Case] = &[
    alike(&[], Stays),
    alike(&[""], Stays),
    alike(&["http://B/end"], Other("/end")),
    alike(&["HTTP://B/end"], Other("/end")),
    alike(&["//B/end"], Other("/end")),
    alike(&["/end"], To("/end")),
    alike(&["end"], To("/case/end")),
    alike(&["../end"], To("/end")),
    alike(&["/a/./b/../../end"], To("/end")),
    alike(&["?end"], To("/case/N?end")),
    alike(&["#end"], Fails),
    alike(&["/end#fragment"], To("/end")),
    alike(&["  /end  "], To("/end")),
    alike(&["/end a b"], To("/end%20a%20b")),
    alike(&["/end\u{c3}\u{a9}"], To("/end%C3%A9")),
    alike(&["/end\u{e9}"], To("/end%E9")),
    alike(&["/end%20%c3"], To("/end%20%c3")),
    alike(&["/end?next=http://B/"], To("/end?next=http://B/")),
    alike(&["ftp://B/end"], Fails),
    alike(&["mailto:B"], Fails),
    alike(&["javascript:0"], Fails),
    alike(&["data:,x"], Fails),
    alike(&["file:///etc/hostname"], Fails),
    alike(&["http://"], Fails),
    alike(&["http://[::1/"], Fails),
    alike(&["http://B x/"], Fails),
    alike(&["http://127.0.0.1:port/"], Fails),
    // Where Go differs from browsers, a probe follows browsers.
    (&["/%61/%2e%2e/end"], To("/end"), To("/%61/%2e%2e/end"), To("/end")),
    (&["/end?\u{c3}\u{a9}"], To("/end?%C3%A9"), To("/end?é"), To("/end?%C3%A9")),
    // Go does not escape the space, so that the path ends there in its request line.
    (&["/end?a b"], To("/end?a%20b"), To("/end?a"), To("/end?a%20b")),
    (&["/en\td"], To("/end"), Fails, To("/end")),
    (&["\\end"], To("/end"), To("/case/%5Cend"), To("/end")),
    (&["\\\\B\\end"], Other("/end"), Fails, Other("/end")),
    (&["http:/end"], To("/end"), Fails, To("/end")),
    (&["/end%"], To("/end%"), Fails, To("/end%")),
    (&["/first", "/second"], Fails, To("/first"), Fails),
    alike(&["/end", "/end"], To("/end")),
    // A target with user information is refused, in a redirect as in a request.
    (&["http://user:secret@A/end"], Fails, To("/end"), Fails),
    (&["//user@A/end"], Fails, To("/end"), Fails),
];

const STATUSES: std::ops::RangeInclusive<u16> = 300..=308;

/// Returns whether browsers and Go follow a redirect with this status.
fn is_redirect(status: u16) -> bool {
    [301, 302, 303, 307, 308].contains(&status)
}

/// A server that records its requests, and responds with 200 to each path for which its function
/// returns no head.
struct Target {
    address: SocketAddr,
    /// The requested paths.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Target {
    fn start(respond: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, respond) = (Arc::clone(&requests), Arc::new(respond));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (seen, respond) = (Arc::clone(&seen), Arc::clone(&respond));
                thread::spawn(move || answer(stream, &seen, &*respond));
            }
        });
        Self { address, requests }
    }

    /// Starts a server that responds to these paths with these heads.
    fn of_heads(heads: &'static [(&'static str, &'static str)]) -> Self {
        Self::start(move |path| {
            let (_, head) = heads.iter().find(|(at, _)| *at == path)?;
            Some(head.as_bytes().to_vec())
        })
    }

    fn requests(&self) -> Vec<String> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

fn answer(
    mut stream: TcpStream,
    seen: &Mutex<Vec<String>>,
    respond: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    lines.find(String::is_empty)?;
    seen.lock().unwrap().push(path.clone());
    let head = respond(&path).unwrap_or_else(|| b"HTTP/1.1 200 OK\r\n".to_vec());
    let is_bodyless = head.starts_with(b"HTTP/1.1 304");
    let (length, body) = if is_bodyless { (0, "") } else { (path.len(), &*path) };
    let rest = format!(
        "Access-Control-Allow-Origin: *\r\nCache-Control: no-store\r\nContent-Type: text/plain\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(&[&head, rest.as_bytes()].concat()).ok()
}

/// Returns the number and the status of a case from its path; `None` for other paths, e.g. with a
/// query.
fn case_of(path: &str) -> Option<(usize, u16)> {
    let (case, status) = path.strip_prefix("/case/")?.split_once('-')?;
    Some((case.parse().ok()?, status.parse().ok()?))
}

/// Starts the server of all cases, and the other one.
fn targets() -> (Target, Target) {
    let other = Target::start(|_| None);
    let other_address = other.address.to_string();
    let own_address = Arc::new(Mutex::new(String::new()));
    let own = Arc::clone(&own_address);
    let target = Target::start(move |path| {
        let (case, status) = case_of(path)?;
        let mut head = format!("HTTP/1.1 {status} Status\r\n").into_bytes();
        for location in CASES[case].0 {
            let location = location.replace('A', &own.lock().unwrap()).replace('B', &other_address);
            head.extend(b"Location: ");
            head.extend(location.chars().map(|character| u8::try_from(character).unwrap()));
            head.extend(b"\r\n");
        }
        Some(head)
    });
    *own_address.lock().unwrap() = target.address.to_string();
    (target, other)
}

/// Returns the expected status and body of the last response that a client receives for a case;
/// `None` if the client gives up.
fn expected(case: usize, status: u16, outcome: Outcome, other: &Target) -> Option<(u16, String)> {
    let path = format!("/case/{case}-{status}");
    let body = if status == 304 { String::new() } else { path };
    let end = |path: &str| path.replace('N', &format!("{case}-{status}"));
    match outcome {
        _ if !is_redirect(status) => Some((status, body)),
        Stays => Some((status, body)),
        To(path) | Other(path) => Some((200, end(path).replace('B', &other.address.to_string()))),
        Fails => None,
    }
}

fn each_case() -> impl Iterator<Item = (usize, u16)> {
    (0..CASES.len()).flat_map(|case| STATUSES.map(move |status| (case, status)))
}

/// The response of the probe exporter for a target.
struct Probed(Response);

impl Probed {
    fn value(&self, name: &str) -> Option<usize> {
        assert_eq!(self.0.status, 200, "{}", self.0.body);
        let mut lines = self.0.body.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }

    fn status(&self) -> Option<usize> {
        self.value("probe_http_status_code")
    }

    fn redirects(&self) -> Option<usize> {
        self.value("probe_http_redirects")
    }

    fn success(&self) -> Option<usize> {
        self.value("probe_success")
    }
}

fn start(arguments: &[&str]) -> Exporter {
    let program = build_program("probe_exporter", ["--bin", "probe_exporter"]);
    Exporter::start_program(&program, arguments)
}

fn probe(exporter: &Exporter, target: &str) -> Probed {
    Probed(get(exporter.address, &format!("/probe?target={target}")))
}

#[test]
fn redirects_are_followed_as_browsers_do() {
    let (exporter, (target, other)) = (start(&[]), targets());
    for (case, status) in each_case() {
        let (locations, _, _, outcome) = CASES[case];
        let name = format!("{status} {locations:?}");
        let probed = probe(&exporter, &target.url(&format!("/case/{case}-{status}")));
        let (requests, of_other) = (target.requests(), other.requests());
        let last = [&requests[..], &of_other].concat().pop();
        match expected(case, status, outcome, &other) {
            Some((end, body)) => {
                assert_eq!(probed.status(), Some(usize::from(end)), "{name}");
                assert_eq!(probed.success(), Some(usize::from(end == 200)), "{name}");
                assert_eq!(probed.redirects(), Some(usize::from(end == 200)), "{name}");
                if end == 200 {
                    assert_eq!(last, Some(body), "{name}");
                }
            }
            // A redirect that cannot be followed still exposes its status, and is counted.
            None => {
                assert_eq!(probed.status(), Some(usize::from(status)), "{name}");
                assert_eq!(probed.success(), Some(0), "{name}");
                let is_circle = locations == ["#end"];
                let redirects = if is_circle { 11 } else { 1 };
                assert_eq!(probed.redirects(), Some(redirects), "{name}");
            }
        }
        let is_other = is_redirect(status) && matches!(outcome, Other(_));
        assert_eq!(of_other.len(), usize::from(is_other), "{name}");
    }
}

/// Fetches each of a list of paths, one after another.
const SCRIPT: &str = "(async paths => {
    const outcomes = [];
    for (const path of paths) {
        outcomes.push(await fetch(path).then(
            async response => ({status: response.status, body: await response.text()}),
            () => null));
    }
    return outcomes;
})";

#[test]
fn browser_follows_redirects_as_the_table_says() {
    let (target, other) = targets();
    let mut browser = Browser::start();
    let screen = Screen { width: 800, height: 600, is_mobile: false, scheme: "light" };
    browser.open(&target.url("/"), screen);
    let paths: Vec<String> =
        each_case().map(|(case, status)| format!("/case/{case}-{status}")).collect();
    let outcomes = browser.evaluate(&format!("{SCRIPT}({paths:?})"));
    for ((case, status), outcome) in each_case().zip(outcomes.as_array().unwrap()) {
        let (locations, expectation, ..) = CASES[case];
        let seen = outcome.as_object().map(|outcome| {
            let status = outcome["status"].as_u64().and_then(|status| u16::try_from(status).ok());
            (status.unwrap(), outcome["body"].as_str().unwrap().to_owned())
        });
        // Chromium refuses two different values of `Location` with any status, as an attack.
        let expected = expected(case, status, expectation, &other)
            .filter(|_| locations != ["/first", "/second"]);
        assert_eq!(seen, expected, "{status} {locations:?}");
    }
}

#[test]
fn go_follows_redirects_as_the_table_says() {
    let (target, other) = targets();
    let urls: String =
        each_case().map(|(case, status)| target.url(&format!("/case/{case}-{status}\n"))).collect();
    let mut go = Command::new("go");
    go.arg("run")
        .arg(data("programs/redirects.go"))
        .env("GO111MODULE", "off")
        .env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-cache"));
    let output = text(&output_of(&mut go, urls.as_bytes()).stdout);
    assert_eq!(output.lines().count(), each_case().count());
    for ((case, status), line) in each_case().zip(output.lines()) {
        let (locations, _, expectation, _) = CASES[case];
        let expected = expected(case, status, expectation, &other);
        let expected = expected
            .map_or_else(|| "error".to_owned(), |(status, body)| format!("{status} {body}"));
        assert_eq!(line, expected, "{status} {locations:?}");
    }
}

#[test]
fn no_redirect_leaves_the_allow_list() {
    let (target, other) = targets();
    let allowed = format!("--probe.allow-target=http://{}/case/**", target.address);
    let exporter = start(&[&allowed]);
    for (case, status) in each_case() {
        let (locations, _, _, outcome) = CASES[case];
        let probed = probe(&exporter, &target.url(&format!("/case/{case}-{status}")));
        let requests = target.requests();
        let name = format!("{status} {locations:?}: {requests:?}");
        assert_eq!(other.requests(), Vec::<String>::new(), "{name}");
        assert!(requests.iter().all(|path| path.starts_with("/case/")), "{name}");
        let is_inside = matches!(outcome, To(path) if path.starts_with("/case/"));
        let exposed = if is_redirect(status) && is_inside { 200 } else { usize::from(status) };
        assert_eq!(probed.status(), Some(exposed), "{name}");
    }
}

#[test]
fn status_before_a_redirect_that_leads_nowhere_is_exposed() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let (silent_address, closed) = (silent.local_addr().unwrap(), free_address());
    let target = Target::start(move |path| {
        let to = match path {
            "/silent" => silent_address,
            "/closed" => closed,
            _ => return None,
        };
        Some(format!("HTTP/1.1 307 Status\r\nLocation: http://{to}/\r\n").into_bytes())
    });
    let mut exporter = start(&["--log.level=debug"]);
    for (path, cause) in [("/closed", "the request failed"), ("/silent", "no answer within ")] {
        let path = format!("/probe?target={}", target.url(path));
        let timeout = "X-Prometheus-Scrape-Timeout-Seconds: 1.5";
        let probed = Probed(get_with(exporter.address, &path, timeout));
        assert_eq!((probed.status(), probed.redirects()), (Some(307), Some(1)), "{path}");
        assert_eq!(probed.success(), Some(0), "{path}");
        assert_eq!(probed.value("probe_ip_protocol"), Some(4), "{path}");
        let line = exporter.next_line_with("Probe failed");
        assert!(line.contains(cause), "{line}");
    }
}

#[test]
fn status_of_a_response_with_a_broken_body_is_exposed() {
    let target = Target::of_heads(&[
        ("/short", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"),
        ("/long", "HTTP/1.1 203 OK\r\n\r\n"),
    ]);
    let exporter = start(&[]);
    let short = probe(&exporter, &target.url("/short"));
    assert_eq!((short.status(), short.success()), (Some(200), Some(0)));
    assert_eq!(short.value("probe_http_uncompressed_body_length"), None);
    assert_eq!(probe(&exporter, &target.url("/long")).status(), Some(203));
}
