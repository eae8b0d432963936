//! A client that scrapes as Prometheus does.

use std::io::{self, Read};
use std::net::SocketAddr;

use http_client::Client;

/// A connection that stays open between scrapes.
pub struct Connection(Client);

/// The response to a scrape.
pub struct Answer {
    pub is_gzip: bool,
    /// The body as received, compressed or not.
    pub body: Vec<u8>,
}

/// The headers of a scrape in the text format. They accept no coding.
const HEADERS: &str = "\
User-Agent: Prometheus/2.42.0\r\n\
Accept: text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n\
X-Prometheus-Scrape-Timeout-Seconds: 10\r\n";

impl Connection {
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        Client::connect(address).map(Self)
    }

    /// Scrapes as Prometheus does when it requests the text format.
    pub fn scrape(&mut self) -> io::Result<Answer> {
        self.scrape_accepting("Accept-Encoding: gzip\r\n")
    }

    /// Scrapes with one more header line; with none, the response is not compressed.
    pub fn scrape_accepting(&mut self, header: &str) -> io::Result<Answer> {
        let response = self.0.send("GET", "/metrics", &format!("{HEADERS}{header}"))?;
        if response.status != 200 {
            return Err(io::Error::other(format!("status {}, expected 200", response.status)));
        }
        let is_gzip = response.header("content-encoding") == Some("gzip");
        Ok(Answer { is_gzip, body: response.body })
    }
}

impl Answer {
    /// Returns the exposition as text.
    pub fn text(self) -> io::Result<String> {
        let mut text = String::new();
        if self.is_gzip {
            flate2::read::GzDecoder::new(&*self.body).read_to_string(&mut text)?
        } else {
            (&*self.body).read_to_string(&mut text)?
        };
        Ok(text)
    }
}
