//! The Pushgateway of Debian, and servers that pretend to be one.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, JoinHandle, Thread};

use crate::http::Response;
use crate::process::Exporter;
use crate::read_until;

/// Starts Debian's Pushgateway with more flags.
pub fn pushgateway(flags: &[&str]) -> Exporter {
    let program = Path::new("/usr/bin/prometheus-pushgateway");
    Exporter::start_unlogged(program, &[&["--persistence.file="], flags].concat())
}

/// Returns the lines of the samples that were pushed. Each has a label `job`, unlike the samples
/// of the Pushgateway itself.
pub fn pushed(response: &Response) -> Vec<String> {
    assert_eq!(response.status, 200, "{}", response.body);
    let lines = response.body.lines().filter(|line| line.contains("job=\""));
    let lines = lines.filter(|line| !line.starts_with("push_")).map(str::to_owned);
    lines.collect()
}

/// A server that receives one request and sends a prepared response.
#[derive(Debug)]
pub struct FakePushgateway {
    thread: JoinHandle<Pushed>,
    /// The address that it listens on.
    pub address: SocketAddr,
}

/// A request that a [`FakePushgateway`] has received.
#[derive(Debug)]
pub struct Pushed {
    /// The head, without the empty line at the end.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
    /// The connection, after the response.
    pub connection: TcpStream,
}

impl FakePushgateway {
    /// Starts a server that sends this response, e.g. `HTTP/1.1 202 Accepted\r\n\r\n`.
    pub fn responding(response: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let thread = thread::spawn(move || {
            let (mut connection, _) = listener.accept().expect("a client connects");
            let head = read_until(&mut connection, b"\r\n\r\n");
            let head = String::from_utf8(head).expect("a head is text").trim_end().to_owned();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a number"))];
            connection.read_exact(&mut body).expect("the whole body");
            connection.write_all(response.as_bytes()).expect("the response is sent");
            Pushed { head, body, connection }
        });
        Self { thread, address }
    }

    /// Waits for the request.
    pub fn request(self) -> Pushed {
        self.thread.join().expect("the fake receives a request")
    }
}

/// Waits for a future on this thread, without any runtime.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
