//! An HTTP client that costs little compared with the servers.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The longest time without any byte of a response.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A connection that stays open between requests.
pub struct Client {
    stream: BufReader<TcpStream>,
}

/// A response. Its body is as received, compressed or not.
pub struct Response {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// Returns the value of a header; its name is in lowercase.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| &**value)
    }
}

impl Client {
    /// Opens a connection.
    ///
    /// # Errors
    ///
    /// Returns an error if the server does not accept the connection.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self { stream: BufReader::with_capacity(1 << 16, stream) })
    }

    /// Sends a request, and receives the response. Each of the `headers` ends with a line break.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection ends or stalls, or if the response is malformed.
    pub fn send(&mut self, method: &str, path: &str, headers: &str) -> io::Result<Response> {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        self.stream.get_mut().write_all(request.as_bytes())?;
        let status = self.line()?;
        let status = status.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other("the response has no status"))?;
        let mut response = Response { status, headers: Vec::new(), body: Vec::new() };
        while let Some((name, value)) = self.line()?.split_once(": ") {
            response.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        match (response.header("content-length"), response.header("transfer-encoding")) {
            (Some(length), _) => {
                let length = length.parse().map_err(io::Error::other)?;
                self.read(length, &mut response.body)?;
            }
            (None, Some(_)) => self.read_chunks(&mut response.body)?,
            (None, None) => return Err(io::Error::other("the response has no length")),
        }
        Ok(response)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        line.strip_suffix("\r\n")
            .map(str::to_owned)
            .ok_or_else(|| io::Error::other("the connection has ended"))
    }

    fn read_chunks(&mut self, body: &mut Vec<u8>) -> io::Result<()> {
        loop {
            let length = usize::from_str_radix(&self.line()?, 16).map_err(io::Error::other)?;
            self.read(length, body)?;
            self.line()?;
            if length == 0 {
                return Ok(());
            }
        }
    }

    fn read(&mut self, length: usize, body: &mut Vec<u8>) -> io::Result<()> {
        let at = body.len();
        body.resize(at + length, 0);
        self.stream.read_exact(&mut body[at..])
    }
}
