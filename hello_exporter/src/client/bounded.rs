//! How much a server may say.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// A connection on which a server can say only so much: reading more is an error of the kind
/// [`QuotaExceeded`](io::ErrorKind::QuotaExceeded), which tells a server that says too much from
/// one that is gone.
///
/// A parser that keeps what it reads takes memory for every byte, and for every element, of which a line is often one. A
/// server that a request names can send of both as many as it likes.
///
/// ```
/// use hello_exporter::client::Bounded;
/// use tokio::io::AsyncReadExt;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut text = String::new();
/// let error = Bounded::new(&b"a\nb\nc\n"[..], 100, 2).read_to_string(&mut text).await;
/// assert_eq!(error.unwrap_err().to_string(), "the server says more than 100 bytes or 2 lines");
/// # });
/// ```
#[derive(Debug)]
pub struct Bounded<R> {
    reader: R,
    most: (usize, usize),
    bytes: usize,
    lines: usize,
}

impl<R> Bounded<R> {
    /// Reads up to so many bytes, with so many line feeds in them.
    pub fn new(reader: R, bytes: usize, lines: usize) -> Self {
        Self { reader, most: (bytes, lines), bytes, lines }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Bounded<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.reader).poll_read(context, buffer))?;
        let new = buffer.filled().get(before..).unwrap_or_default();
        let lines = new.iter().filter(|byte| **byte == b'\n').count();
        let left = self.bytes.checked_sub(new.len()).zip(self.lines.checked_sub(lines));
        // Once it was too much it stays so.
        (self.bytes, self.lines) = left.unwrap_or_default();
        if left.is_some() {
            return Poll::Ready(Ok(()));
        }
        buffer.set_filled(before);
        let (bytes, lines) = self.most;
        let error = format!("the server says more than {bytes} bytes or {lines} lines");
        Poll::Ready(Err(io::Error::new(io::ErrorKind::QuotaExceeded, error)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use tokio::io::AsyncReadExt;

    use super::Bounded;

    async fn read(bytes: usize, lines: usize) -> Result<String, ErrorKind> {
        let mut text = String::new();
        let mut reader = Bounded::new(&b"ab\ncd\n"[..], bytes, lines);
        let read = reader.read_to_string(&mut text).await;
        read.map(|_| text).map_err(|error| error.kind())
    }

    #[tokio::test]
    async fn as_much_as_is_allowed_is_read_and_no_more() {
        assert_eq!(read(6, 2).await.as_deref(), Ok("ab\ncd\n"));
        assert_eq!(read(5, 2).await, Err(ErrorKind::QuotaExceeded));
        assert_eq!(read(6, 1).await, Err(ErrorKind::QuotaExceeded));
        assert_eq!(read(0, 0).await, Err(ErrorKind::QuotaExceeded));
    }
}
