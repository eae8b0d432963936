//! How an exporter shuts down while requests are in flight.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use hello_exporter_tests::http::start_get;
use hello_exporter_tests::{Exporter, build_program};

/// An exporter with a probe in flight, whose target is the test.
struct Busy {
    exporter: Exporter,
    client: TcpStream,
    /// The connection of the probe.
    probe: TcpStream,
}

impl Busy {
    fn start() -> Self {
        let program = build_program("probe_exporter", ["--bin", "probe_exporter"]);
        let exporter = Exporter::start_program(&program, &[]);
        let target = TcpListener::bind("127.0.0.1:0").unwrap();
        let path = format!("/probe?target=http://{}/", target.local_addr().unwrap());
        let client = start_get(exporter.address, &path);
        let (mut probe, _) = target.accept().unwrap();
        let mut request = [0; 16];
        probe.read_exact(&mut request).unwrap();
        assert_eq!(&request, b"GET / HTTP/1.1\r\n");
        Self { exporter, client, probe }
    }
}

#[test]
fn second_signal_ends_the_drain_at_once() {
    for (first, second, status) in
        [("TERM", "TERM", 143), ("INT", "INT", 130), ("TERM", "INT", 130), ("INT", "TERM", 143)]
    {
        let Busy { mut exporter, mut client, probe } = Busy::start();
        exporter.send_signal(first);
        let draining = exporter.next_line_with("Draining");
        assert!(draining.ends_with(&format!(" level=info msg=Draining signal=SIG{first}\n")));
        let (ended, log) = exporter.signal(second);
        assert_eq!(ended.code(), Some(status));
        let stopped = format!(
            " level=warn msg=\"Stopped by a second signal, before all requests were answered\" \
             signal=SIG{second}\n"
        );
        assert!(log.iter().all(|line| line.ends_with(&stopped)), "{log:?}");
        assert_eq!(log.len(), 1, "{log:?}");
        let mut answer = Vec::new();
        let _ = client.read_to_end(&mut answer);
        assert_eq!(answer, b"");
        drop(probe);
    }
}

#[test]
fn first_signal_lets_running_requests_finish() {
    let Busy { mut exporter, mut client, mut probe } = Busy::start();
    exporter.send_signal("TERM");
    exporter.next_line_with("Draining");
    write!(probe, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\nprobe_success 1\n"), "{answer}");
    exporter.next_line_with("msg=Stopped\n");
}
