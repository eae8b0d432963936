//! A proxy that changes request headers and records responses.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::http::{Response, response};

/// A proxy of one server. Its thread ends with the process.
#[derive(Clone, Debug)]
pub struct Proxy {
    target: SocketAddr,
    headers: Vec<(String, String)>,
    responses: Arc<Mutex<Vec<Response>>>,
    /// The address that it listens on.
    pub address: SocketAddr,
}

impl Proxy {
    /// Starts a proxy of `target` that sets these request headers, in place of those with the same
    /// names.
    pub fn start(target: SocketAddr, headers: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let proxy = Self { target, headers: headers.collect(), responses: Arc::default(), address };
        let accepting = proxy.clone();
        thread::spawn(move || {
            listener.incoming().flatten().for_each(|client| accepting.pass(client))
        });
        proxy
    }

    /// Returns the responses so far.
    pub fn responses(&self) -> std::sync::MutexGuard<'_, Vec<Response>> {
        self.responses.lock().expect("no thread has failed")
    }

    /// Forwards the only request of a connection, unless the client disconnects first.
    fn pass(&self, mut client: TcpStream) {
        let Some(request) = head(&mut client) else {
            return;
        };
        let mut server = TcpStream::connect(self.target).expect("the server listens");
        server.write_all(self.rewritten(&request).as_bytes()).expect("the server reads");
        let mut received = Vec::new();
        server.read_to_end(&mut received).expect("the server responds");
        self.responses().push(response(&received));
        let _ = client.write_all(&received);
    }

    fn rewritten(&self, head: &str) -> String {
        let mut lines = head.trim_end().split("\r\n");
        let request_line = lines.next().unwrap_or_default();
        let own = [("Connection".to_owned(), "close".to_owned())];
        let replaced: Vec<&(String, String)> = self.headers.iter().chain(&own).collect();
        let is_kept = |line: &&str| {
            let name = line.split(':').next().unwrap_or_default();
            !replaced.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
        };
        let kept = lines.filter(is_kept).map(str::to_owned);
        let added = replaced.iter().map(|(name, value)| format!("{name}: {value}"));
        let lines: Vec<String> = kept.chain(added).collect();
        format!("{request_line}\r\n{}\r\n\r\n", lines.join("\r\n"))
    }
}

/// Reads the head of a request without a body.
fn head(client: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut piece = [0; 4096];
    while !head.ends_with(b"\r\n\r\n") {
        match client.read(&mut piece) {
            Ok(0) => return None,
            Ok(length) => head.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    String::from_utf8(head).ok()
}
