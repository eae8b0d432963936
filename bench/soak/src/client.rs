//! A client that sends the password.

use std::io;
use std::net::SocketAddr;

pub use http_client::Response;

/// `soak:secret`, the user in the web configuration.
const AUTHORIZATION: &str = "Authorization: Basic c29hazpzZWNyZXQ=\r\n";

pub struct Client(http_client::Client);

impl Client {
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        http_client::Client::connect(address).map(Self)
    }

    /// Sends a request with the password, and receives the response. Each of the `headers` ends
    /// with a line break.
    pub fn send(&mut self, method: &str, path: &str, headers: &str) -> io::Result<Response> {
        self.0.send(method, path, &format!("{AUTHORIZATION}{headers}"))
    }
}
