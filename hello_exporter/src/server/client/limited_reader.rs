//! Limits what a server may send.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// Wraps a connection, and limits the bytes and lines that are read from it.
///
/// If the server sends more, reading fails with the kind
/// [`QuotaExceeded`](io::ErrorKind::QuotaExceeded), which no lost connection causes. Without
/// limits, a server that a request names could fill the exporter's memory: a parser that keeps what
/// it reads needs memory for each byte, and for each element, which is often a line.
///
/// ```
/// use hello_exporter::client::LimitedReader;
/// use tokio::io::AsyncReadExt;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut text = String::new();
/// let error = LimitedReader::new(&b"a\nb\nc\n"[..], 100, 2).read_to_string(&mut text).await;
/// assert_eq!(error.unwrap_err().to_string(), "the server sent more than 100 bytes or 2 lines");
/// # });
/// ```
#[derive(Debug)]
pub struct LimitedReader<R> {
    reader: R,
    limits: (usize, usize),
    bytes_left: usize,
    lines_left: usize,
}

impl<R> LimitedReader<R> {
    /// Wraps `reader`. Up to `bytes` bytes can be read, including up to `lines` line feeds.
    pub fn new(reader: R, bytes: usize, lines: usize) -> Self {
        Self { reader, limits: (bytes, lines), bytes_left: bytes, lines_left: lines }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for LimitedReader<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.reader).poll_read(context, buffer))?;
        let new = buffer.filled().get(before..).unwrap_or_default();
        let lines = new.iter().filter(|byte| **byte == b'\n').count();
        let left = self.bytes_left.checked_sub(new.len()).zip(self.lines_left.checked_sub(lines));
        // Once a limit is exceeded, reading any further byte fails.
        (self.bytes_left, self.lines_left) = left.unwrap_or_default();
        if left.is_some() {
            return Poll::Ready(Ok(()));
        }
        buffer.set_filled(before);
        let (bytes, lines) = self.limits;
        let error = format!("the server sent more than {bytes} bytes or {lines} lines");
        Poll::Ready(Err(io::Error::new(io::ErrorKind::QuotaExceeded, error)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use tokio::io::AsyncReadExt;

    use super::LimitedReader;

    async fn read(bytes: usize, lines: usize) -> Result<String, ErrorKind> {
        let mut text = String::new();
        let mut reader = LimitedReader::new(&b"ab\ncd\n"[..], bytes, lines);
        let read = reader.read_to_string(&mut text).await;
        read.map(|_| text).map_err(|error| error.kind())
    }

    #[tokio::test]
    async fn reading_beyond_a_limit_is_an_error() {
        assert_eq!(read(6, 2).await.as_deref(), Ok("ab\ncd\n"));
        assert_eq!(read(5, 2).await, Err(ErrorKind::QuotaExceeded));
        assert_eq!(read(6, 1).await, Err(ErrorKind::QuotaExceeded));
        assert_eq!(read(0, 0).await, Err(ErrorKind::QuotaExceeded));
    }
}
