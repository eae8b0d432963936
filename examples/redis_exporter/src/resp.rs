//! RESP2, the protocol of Redis servers: packs commands, and reads replies up to a limit.

use std::io::{self, ErrorKind};

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

use crate::info::InfoText;

/// Commands that are sent together.
#[derive(Default)]
pub(crate) struct Commands {
    bytes: Vec<u8>,
    number: usize,
}

impl Commands {
    pub(crate) fn add<W: AsRef<str>>(&mut self, words: &[W]) {
        self.bytes.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
        for word in words.iter().map(AsRef::as_ref) {
            self.bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
        }
        self.number += 1;
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the number of commands, which is also that of their replies.
    pub(crate) fn number(&self) -> usize {
        self.number
    }
}

/// A reply, or an element of one.
#[derive(Debug, PartialEq)]
pub(crate) enum Reply {
    Text(Vec<u8>),
    Error(String),
    Integer(i64),
    Array(Vec<Reply>),
    Nil,
}

impl Reply {
    /// Returns the text of a reply, with U+FFFD in place of bytes that are not UTF-8.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        }
    }

    pub(crate) fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(integer) => Some(*integer),
            _ => None,
        }
    }

    /// Returns the elements of an array. Other replies have no elements.
    pub(crate) fn elements(&self) -> &[Self] {
        match self {
            Self::Array(elements) => elements,
            _ => &[],
        }
    }

    /// Returns the keys and values of an array, without the pairs that are not texts.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (String, String)> {
        let pairs = self.elements().chunks_exact(2);
        pairs.filter_map(|pair| Some((pair.first()?.text()?, pair.get(1)?.text()?)))
    }
}

/// A reply that could not be read.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The connection is broken, or the server has sent more than the limit of a connection.
    Io(io::Error),
    /// The reply is not RESP2, or has a longer line or deeper arrays than this reader accepts.
    Malformed,
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The limit of a line, which is a simple reply, or the length of another reply.
const MOST_LINE_BYTES: u64 = 1 << 16;

/// The limit of nested arrays. LATENCY HISTOGRAM has three levels.
const MOST_DEPTH: usize = 8;

/// The limits of all replies that a scrape keeps; INFO has [limits of its own](InfoText).
const MOST_BYTES: u64 = 1 << 20;
const MOST_ELEMENTS: u64 = 1 << 15;

/// Reads replies. An element that exceeds a limit is dropped and counted, and other replies are
/// kept.
pub(crate) struct Replies<R> {
    reader: R,
    bytes_left: u64,
    elements_left: u64,
    dropped: u64,
}

/// The beginning of a reply.
enum Head {
    Whole(Reply),
    Bulk(u64),
    Array(u64),
}

impl<R: AsyncBufRead + Unpin + Send> Replies<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, bytes_left: MOST_BYTES, elements_left: MOST_ELEMENTS, dropped: 0 }
    }

    /// Returns how many elements were dropped so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(crate) async fn reply(&mut self) -> Result<Reply, ReadError> {
        let head = self.head().await?;
        self.rest(head).await
    }

    /// Reads the reply to INFO into `text`, line by line. Returns the reply if it is not a bulk
    /// string.
    pub(crate) async fn info(&mut self, text: &mut InfoText) -> Result<Option<Reply>, ReadError> {
        match self.head().await? {
            Head::Bulk(length) => self.lines(length, text).await.map(|()| None),
            head => self.rest(head).await.map(Some),
        }
    }

    async fn head(&mut self) -> Result<Head, ReadError> {
        let kind = self.reader.read_u8().await?;
        if !b"+-:$*".contains(&kind) {
            return Err(ReadError::Malformed);
        }
        let line = self.line().await?;
        let number = str::from_utf8(&line).ok().and_then(|text| text.parse::<i64>().ok());
        Ok(match (kind, number) {
            (b'+', _) => Head::Whole(self.kept(line, Reply::Text)),
            (b'-', _) => {
                let error = |line: Vec<u8>| String::from_utf8_lossy(&line).into_owned();
                Head::Whole(self.kept(line, |line| Reply::Error(error(line))))
            }
            (b':', Some(number)) => Head::Whole(Reply::Integer(number)),
            (b'$' | b'*', Some(-1)) => Head::Whole(Reply::Nil),
            (b'$', Some(length @ 0..)) => Head::Bulk(length.unsigned_abs()),
            (b'*', Some(length @ 0..)) => Head::Array(length.unsigned_abs()),
            _ => return Err(ReadError::Malformed),
        })
    }

    /// Reads a line, and returns it without its line end.
    async fn line(&mut self) -> Result<Vec<u8>, ReadError> {
        let mut line = Vec::new();
        (&mut self.reader).take(MOST_LINE_BYTES).read_until(b'\n', &mut line).await?;
        if line.pop_if(|byte| *byte == b'\n').is_none() {
            let is_long = line.len() as u64 == MOST_LINE_BYTES;
            return Err(if is_long { ReadError::Malformed } else { eof() });
        }
        line.pop_if(|byte| *byte == b'\r');
        Ok(line)
    }

    async fn rest(&mut self, first: Head) -> Result<Reply, ReadError> {
        let mut head = first;
        let mut open: Vec<(u64, Vec<Reply>)> = Vec::new();
        loop {
            let mut reply = match head {
                Head::Whole(reply) => Some(reply),
                Head::Bulk(length) => Some(self.bulk(length).await?),
                Head::Array(0) => Some(Reply::Array(Vec::new())),
                Head::Array(_) if open.len() == MOST_DEPTH => return Err(ReadError::Malformed),
                Head::Array(length) => {
                    open.push((length, Vec::new()));
                    None
                }
            };
            // An element may complete several arrays.
            while let Some(element) = reply.take() {
                let Some((left, elements)) = open.last_mut() else { return Ok(element) };
                *left -= 1;
                let is_complete = *left == 0;
                match self.elements_left.checked_sub(1) {
                    Some(left) => {
                        self.elements_left = left;
                        elements.push(element);
                    }
                    None => self.dropped += 1,
                }
                if is_complete {
                    reply = open.pop().map(|(_, elements)| Reply::Array(elements));
                }
            }
            head = self.head().await?;
        }
    }

    async fn bulk(&mut self, length: u64) -> Result<Reply, ReadError> {
        let room = usize::try_from(length).ok().filter(|_| length <= self.bytes_left);
        let reply = match room {
            Some(length) => {
                let mut text = vec![0; length];
                self.reader.read_exact(&mut text).await?;
                self.kept(text, Reply::Text)
            }
            None => {
                self.skip(length).await?;
                self.dropped += 1;
                Reply::Nil
            }
        };
        self.end().await?;
        Ok(reply)
    }

    /// Returns the reply with this text, or `Nil` if the text exceeds the limit.
    fn kept(&mut self, text: Vec<u8>, reply: impl FnOnce(Vec<u8>) -> Reply) -> Reply {
        match self.bytes_left.checked_sub(text.len() as u64) {
            Some(left) => {
                self.bytes_left = left;
                reply(text)
            }
            None => {
                self.dropped += 1;
                Reply::Nil
            }
        }
    }

    async fn skip(&mut self, length: u64) -> Result<(), ReadError> {
        let mut left = length;
        while left > 0 {
            let available = self.reader.fill_buf().await?.len();
            if available == 0 {
                return Err(eof());
            }
            let skipped = left.min(available as u64);
            // `skipped` is at most `available`.
            self.reader.consume(usize::try_from(skipped).unwrap_or(available));
            left -= skipped;
        }
        Ok(())
    }

    async fn lines(&mut self, length: u64, text: &mut InfoText) -> Result<(), ReadError> {
        let (mut left, mut is_long) = (length, false);
        let mut line = Vec::new();
        while left > 0 {
            line.clear();
            let most = left.min(InfoText::MOST_LINE_BYTES);
            let read = (&mut self.reader).take(most).read_until(b'\n', &mut line).await?;
            if read == 0 {
                return Err(eof());
            }
            left -= read as u64;
            let is_end = left == 0 || line.ends_with(b"\n");
            if is_end && is_long {
                text.drop_line();
            } else if is_end {
                text.push(&line);
            }
            is_long = !is_end;
        }
        self.end().await
    }

    /// Reads the line end after a bulk string.
    async fn end(&mut self) -> Result<(), ReadError> {
        match self.reader.read_u16().await? {
            0x0d0a => Ok(()),
            _ => Err(ReadError::Malformed),
        }
    }
}

fn eof() -> ReadError {
    ReadError::Io(ErrorKind::UnexpectedEof.into())
}

#[cfg(test)]
mod tests;
