//! Requests that are served while other requests hold the slots of `--web.max-requests`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Command;

use hello_exporter_tests::http::{Response, get, serve, start_get};
use hello_exporter_tests::web_config::{Directory, TLS};
use hello_exporter_tests::{Exporter, build_example, build_program, curl, read_until, until};

const MOST: usize = 40;

const REFUSAL: &str = "Limit of concurrent requests reached (40), try again later.\n";

fn start(arguments: &[&str]) -> Exporter {
    let program = build_program("probe_exporter", ["--bin", "probe_exporter"]);
    Exporter::start_program(&program, arguments)
}

/// A target that accepts connections and never responds.
struct Silent(TcpListener);

impl Silent {
    fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn path(&self) -> String {
        format!("/probe?target=http://{}/", self.0.local_addr().unwrap())
    }

    /// Waits for `count` probes.
    fn accept(&self, count: usize) -> Vec<TcpStream> {
        (0..count).map(|_| self.0.accept().unwrap().0).collect()
    }
}

/// Returns the response to a request from another host than the other clients.
fn get_from_elsewhere(address: SocketAddr, path: &str) -> Response {
    curl(&format!("http://{address}{path}"), &["--interface", "127.0.0.2", "--globoff"]).unwrap()
}

fn assert_success(response: &Response) {
    assert_eq!(response.status, 200, "{}", response.body);
    assert!(response.body.ends_with("\nprobe_success 1\n"), "{}", response.body);
}

/// Responds to a probe once it has sent its request.
fn answer(probe: &mut TcpStream) {
    read_until(probe, b"\r\n\r\n");
    write!(probe, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
}

/// Waits for the end of a connection, and returns whether it ended without an error.
fn is_over(stream: &mut TcpStream) -> bool {
    stream.read_to_end(&mut Vec::new()).is_ok()
}

#[test]
fn half_closed_clients_yield_their_slots() {
    let (exporter, silent) = (start(&[]), Silent::new());
    let good = serve(|_| {});
    for _ in 0..MOST {
        drop(start_get(exporter.address, &silent.path()));
    }
    let probes = silent.accept(MOST);
    let path = format!("/probe?module=tcp_connect&target={}", good.address);
    // The exporter may notice the disconnects only after it has connected to the target.
    until(|| get(exporter.address, &path).status == 200);
    assert_success(&get(exporter.address, &path));
    // Each further request takes the slot of a half-closed client, even of the same host.
    let clients: Vec<_> = (0..3).map(|_| start_get(exporter.address, &silent.path())).collect();
    let mut more = silent.accept(3);
    more.iter_mut().for_each(answer);
    for mut client in clients {
        let mut start = [0; 12];
        client.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 200");
    }
    drop(probes);
}

#[test]
fn half_closed_client_gets_its_response() {
    let (exporter, silent) = (start(&[]), Silent::new());
    let mut client = start_get(exporter.address, &silent.path());
    client.shutdown(Shutdown::Write).unwrap();
    answer(&mut silent.accept(1)[0]);
    let mut response = String::new();
    client.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    assert!(response.ends_with("\nprobe_success 1\n"), "{response}");
}

#[test]
fn host_with_all_slots_yields_one_to_another_host() {
    let (exporter, silent) = (start(&[]), Silent::new());
    let good = serve(|_| {});
    let good = format!("/probe?module=tcp_connect&target={}", good.address);
    let mut clients = Vec::new();
    let mut probes = Vec::new();
    for _ in 0..MOST {
        clients.push(start_get(exporter.address, &silent.path()));
        probes.extend(silent.accept(1));
    }
    // A single host may hold all slots, but no more.
    let refused = get(exporter.address, &good);
    assert_eq!((refused.status, &*refused.body), (503, REFUSAL));
    assert_success(&get_from_elsewhere(exporter.address, &good));
    // The oldest probe has been evicted.
    assert!(is_over(&mut probes[0]));
    let mut start = [0; 12];
    clients[0].read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 503");
    // The slot is free again, for the next request of any host.
    assert_success(&get(exporter.address, &good));
    probes[1..].iter_mut().for_each(answer);
    for client in &mut clients[1..] {
        client.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 200");
    }
}

#[test]
fn host_that_waits_for_a_source_yields_a_slot() {
    let program = build_example("hello_exporter_tests", "sources");
    let exporter = Exporter::start_program(&program, &["--web.max-requests=3"]);
    let hanging = "/metrics?collect[]=hanging";
    let mut clients: Vec<_> = (0..3).map(|_| start_get(exporter.address, hanging)).collect();
    let good = "/metrics?name[]=alive";
    let is_full = |response: &Response| response.status == 503;
    assert!((0..1000).map(|_| get(exporter.address, good)).any(|response| is_full(&response)));
    assert_eq!(get_from_elsewhere(exporter.address, good).status, 200);
    let statuses = clients.iter_mut().map(|client| {
        let mut start = [0; 12];
        client.read_exact(&mut start).unwrap();
        String::from_utf8_lossy(&start).into_owned()
    });
    let mut statuses: Vec<String> = statuses.collect();
    statuses.sort();
    assert_eq!(statuses, ["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 503"]);
    // Only this request is in flight: the evicted one no longer is.
    let counts =
        get(exporter.address, "/metrics?name[]=promhttp_metric_handler_requests_in_flight");
    assert!(counts.body.ends_with("promhttp_metric_handler_requests_in_flight 1\n"));
}

#[test]
fn host_that_receives_nothing_yields_a_slot() {
    let exporter = Exporter::start_program(&build_example("hello_exporter_tests", "hostile"), &[]);
    // There are more clients than slots, so that some wait.
    let clients: Vec<_> =
        (0..2 * MOST).map(|_| start_get(exporter.address, "/metrics?name[]=big")).collect();
    for _ in 0..5 {
        let response = get_from_elsewhere(exporter.address, "/metrics?name[]=small");
        assert_eq!(response.status, 200, "{}", response.body);
    }
    drop(clients);
}

#[test]
fn reset_ends_a_probe() {
    let (exporter, silent) = (start(&[]), Silent::new());
    let client = start_get(exporter.address, &silent.path());
    let mut probe = silent.accept(1).remove(0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        client.set_nonblocking(true).unwrap();
        let client = tokio::net::TcpStream::from_std(client).unwrap();
        client.set_zero_linger().unwrap();
    });
    assert!(is_over(&mut probe));
    // The probe has ended before its deadline.
    let (_, log) = exporter.signal("TERM");
    assert!(!log.iter().any(|line| line.contains("no answer within")), "{log:?}");
}

#[test]
fn end_of_an_http2_connection_ends_its_probes() {
    let (directory, silent) = (Directory::new(), Silent::new());
    let file = directory.write(TLS);
    let exporter = start(&[&format!("--web.config.file={}", file.display()), "--log.level=debug"]);
    let url = format!("https://{}{}", exporter.address, silent.path());
    let mut client = Command::new("curl")
        .args(["--silent", "--insecure", "--http2", "--max-time", "30", &url])
        .spawn()
        .unwrap();
    let mut probe = silent.accept(1).remove(0);
    client.kill().unwrap();
    client.wait().unwrap();
    assert!(is_over(&mut probe));
    let (_, log) = exporter.signal("TERM");
    assert!(!log.iter().any(|line| line.contains("Probe failed")), "{log:?}");
}
