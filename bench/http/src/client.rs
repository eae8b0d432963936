//! A client that costs little compared with the servers.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// A connection that stays open between scrapes.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

/// The response to a scrape.
pub struct Answer {
    pub is_gzip: bool,
    /// The body as received, compressed or not.
    pub body: Vec<u8>,
}

/// How the end of a response's body is known.
enum Length {
    Known(usize),
    Chunked,
}

/// The request without its end. It accepts no coding.
const REQUEST: &str = "\
GET /metrics HTTP/1.1\r\n\
Host: localhost\r\n\
User-Agent: Prometheus/2.42.0\r\n\
Accept: text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n\
X-Prometheus-Scrape-Timeout-Seconds: 10\r\n";

impl Connection {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream: BufReader::with_capacity(1 << 16, stream) }
    }

    /// Scrapes as Prometheus does when it requests the text format.
    pub fn scrape(&mut self) -> io::Result<Answer> {
        self.scrape_accepting("Accept-Encoding: gzip\r\n")
    }

    /// Scrapes with one more header line; with none, the response is not compressed.
    pub fn scrape_accepting(&mut self, header: &str) -> io::Result<Answer> {
        self.stream.get_mut().write_all(format!("{REQUEST}{header}\r\n").as_bytes())?;
        if !self.line()?.starts_with("HTTP/1.1 200 ") {
            return Err(io::Error::other("the status is not 200"));
        }
        let (is_gzip, length) = self.headers()?;
        let mut body = Vec::new();
        match length {
            Length::Known(length) => self.read(length, &mut body)?,
            Length::Chunked => self.read_chunks(&mut body)?,
        }
        Ok(Answer { is_gzip, body })
    }

    fn headers(&mut self) -> io::Result<(bool, Length)> {
        let (mut is_gzip, mut length) = (false, Length::Known(0));
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(": ") {
                Some(("content-encoding", coding)) => is_gzip = coding == "gzip",
                Some(("content-length", text)) => {
                    length = Length::Known(text.parse().map_err(io::Error::other)?);
                }
                Some(("transfer-encoding", _)) => length = Length::Chunked,
                Some(_) => {}
                None => return Ok((is_gzip, length)),
            }
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
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
