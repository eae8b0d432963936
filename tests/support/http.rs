//! An HTTP/1.1 client that shows the whole response; a server in this process.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::dev::{self, ServerHandle};
use actix_web::rt::System;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hello_exporter::http::RequestMetrics;

/// A whole response.
#[derive(Debug)]
pub struct Response {
    /// The version of HTTP.
    pub version: String,
    /// The status code.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body as text, with invalid UTF-8 replaced.
    pub body: String,
    /// The body, with its chunks joined.
    pub bytes: Vec<u8>,
}

impl Response {
    /// Returns the value of a header, which must not be repeated.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(header, _)| header == name);
        let (_, value) = values.next()?;
        assert!(values.next().is_none(), "header {name} is repeated");
        Some(value)
    }
}

/// Sends a GET request.
pub fn get(address: SocketAddr, path: &str) -> Response {
    request(address, "GET", path)
}

/// Sends a GET request and leaves the response to the caller.
pub fn start_get(address: SocketAddr, path: &str) -> TcpStream {
    let mut client = TcpStream::connect(address).expect("the server accepts");
    write!(client, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").expect("the request is sent");
    client
}

/// Sends a GET request with an `Accept` header.
pub fn get_accepting(address: SocketAddr, path: &str, accept: &str) -> Response {
    get_with(address, path, &format!("Accept: {accept}"))
}

/// Sends a GET request with one more header line.
pub fn get_with(address: SocketAddr, path: &str, header: &str) -> Response {
    send(address, "GET", path, &format!("{header}\r\n"))
}

/// Sends a GET request with a user name and a password.
pub fn get_as(address: SocketAddr, path: &str, user: &str, password: &str) -> Response {
    let credentials = STANDARD.encode(format!("{user}:{password}"));
    send(address, "GET", path, &format!("Authorization: Basic {credentials}\r\n"))
}

/// Sends a request without a body.
pub fn request(address: SocketAddr, method: &str, path: &str) -> Response {
    send(address, method, path, "")
}

/// Sends a request without a body, with more headers: lines that end in `\r\n`.
pub fn send(address: SocketAddr, method: &str, path: &str, headers: &str) -> Response {
    try_send(address, method, path, headers).expect("the server responds")
}

/// Sends a GET request to a server that may not be ready; fails if it does not respond.
pub(crate) fn try_get(address: SocketAddr, path: &str) -> io::Result<Response> {
    try_send(address, "GET", path, "")
}

fn try_send(address: SocketAddr, method: &str, path: &str, headers: &str) -> io::Result<Response> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let connection = format!("Host: {address}\r\nConnection: close\r\n{headers}");
    write!(stream, "{method} {path} HTTP/1.1\r\n{connection}\r\n")?;
    let mut received = Vec::new();
    stream.read_to_end(&mut received)?;
    if received.is_empty() {
        Err(io::ErrorKind::UnexpectedEof.into())
    } else {
        Ok(response(&received))
    }
}

/// Parses a response of any version of HTTP.
pub(crate) fn response(received: &[u8]) -> Response {
    let (head, body) = split_once(received, b"\r\n\r\n").expect("a response has a head");
    let head = str::from_utf8(head).expect("a head is text");
    let mut lines = head.split("\r\n");
    let mut status_line = lines.next().expect("a status line").split(' ');
    let version = status_line.next().and_then(|version| version.strip_prefix("HTTP/"));
    let status = status_line.next().expect("a status code");
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").expect("a header");
        (name.to_ascii_lowercase(), value.to_owned())
    });
    let headers: Vec<(String, String)> = headers.collect();
    let is_chunked = headers.contains(&("transfer-encoding".to_owned(), "chunked".to_owned()));
    let bytes = if is_chunked { joined_chunks(body) } else { body.to_owned() };
    Response {
        version: version.expect("a version of HTTP").to_owned(),
        status: status.parse().expect("a status code"),
        body: String::from_utf8_lossy(&bytes).into_owned(),
        bytes,
        headers,
    }
}

fn joined_chunks(mut body: &[u8]) -> Vec<u8> {
    let mut joined = Vec::new();
    while let Some((length, rest)) = split_once(body, b"\r\n") {
        let length = str::from_utf8(length).expect("the length of a chunk is text");
        let length = usize::from_str_radix(length, 16).expect("the length of a chunk");
        joined.extend_from_slice(&rest[..length]);
        body = rest[length..].strip_prefix(b"\r\n").unwrap_or_default();
    }
    joined
}

fn split_once<'a>(bytes: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(separator.len()).position(|window| window == separator)?;
    Some((&bytes[..at], &bytes[at + separator.len()..]))
}

/// A server in this process, stopped when it is dropped.
#[derive(Debug)]
pub struct Server {
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
    /// The address that it listens on.
    pub address: SocketAddr,
}

/// Serves an application on a free port of the loopback.
pub fn serve(configure: impl Fn(&mut ServiceConfig) + Clone + Send + 'static) -> Server {
    serve_on(|listener| {
        let app = move || App::new().configure(configure.clone());
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener);
        server.expect("the listener serves").run()
    })
}

/// Serves an application whose requests are counted. A request is dropped if its client
/// disconnects.
pub fn serve_counting(
    requests: RequestMetrics,
    configure: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> Server {
    serve_on(|listener| {
        let app = move || App::new().wrap(requests.clone()).configure(configure.clone());
        let server = HttpServer::new(app).workers(1).disable_signals();
        let server = server.h1_allow_half_closed(false).listen(listener);
        server.expect("the listener serves").run()
    })
}

fn serve_on(run: impl FnOnce(TcpListener) -> dev::Server + Send + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (sender, receiver) = mpsc::channel();
    let run = async move {
        let server = run(listener);
        sender.send(server.handle()).expect("somebody waits for the server");
        server.await.expect("the server ends well");
    };
    let thread = thread::spawn(|| System::new().block_on(run));
    let handle = receiver.recv().expect("the server starts");
    Server { handle, thread: Some(thread), address }
}

impl Drop for Server {
    fn drop(&mut self) {
        System::new().block_on(self.handle.stop(true));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
