//! Sockets that record in the state of their connection when bytes are read and written, and how
//! many.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::rt::net::TcpStream;
#[cfg(unix)]
use actix_web::rt::net::UnixStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use tokio_rustls::server::TlsStream;

use super::state::Connection;

/// A socket of a connection: TCP, a Unix socket, or TLS over one of them.
pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin + 'static {
    /// Returns the address of the client. Over a Unix socket it has none.
    fn peer(&self) -> Option<SocketAddr>;

    /// Makes the kernel drop unsent bytes once the connection is closed.
    fn forget_unsent(&self);
}

impl Transport for TcpStream {
    fn peer(&self) -> Option<SocketAddr> {
        self.peer_addr().ok()
    }

    fn forget_unsent(&self) {
        let _ = self.set_zero_linger();
    }
}

#[cfg(unix)]
impl Transport for UnixStream {
    fn peer(&self) -> Option<SocketAddr> {
        None
    }

    /// Does nothing: the kernel keeps at most one buffer for the client, until the client closes.
    fn forget_unsent(&self) {}
}

impl<T: Transport> Transport for TlsStream<T> {
    fn peer(&self) -> Option<SocketAddr> {
        self.get_ref().0.peer()
    }

    fn forget_unsent(&self) {
        self.get_ref().0.forget_unsent();
    }
}

/// A socket that records its reads and writes in the state of its connection.
pub(super) struct RecordingSocket<T: Transport> {
    socket: T,
    pub(super) connection: Rc<Connection>,
}

impl<T: Transport> RecordingSocket<T> {
    pub(super) fn new(socket: T, connection: Rc<Connection>) -> Self {
        Self { socket, connection }
    }

    fn record_write(&self, result: &Poll<io::Result<usize>>) {
        let (mut activity, now) = (self.connection.activity(), Instant::now());
        match result {
            Poll::Ready(Ok(bytes)) => activity.wrote(*bytes, now),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => activity.transfer.write_stalled(now),
        }
    }
}

impl<T: Transport> AsyncRead for RecordingSocket<T> {
    /// Returns the end of the stream on a connection that is being closed, once everything received
    /// is read.
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.socket).poll_read(context, buffer);
        match buffer.filled().len() - before {
            0 if result.is_pending() && self.connection.activity().is_closing() => {
                return Poll::Ready(Ok(()));
            }
            0 if result.is_pending() => {}
            0 => self.connection.handle.note_half_close(),
            bytes => self.connection.activity().read(bytes, Instant::now()),
        }
        result
    }
}

impl<T: Transport> AsyncWrite for RecordingSocket<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.record_write(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write_vectored(context, slices);
        self.record_write(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.socket).poll_flush(context);
        self.connection.activity().transfer.flush(result.is_ready(), Instant::now());
        result
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.socket).poll_shutdown(context);
        self.connection.activity().transfer.flush(result.is_ready(), Instant::now());
        result
    }
}

impl<T: Transport> Drop for RecordingSocket<T> {
    /// Drops the unsent bytes of a cut connection. Otherwise the kernel would keep them, and go on
    /// sending them to the client.
    fn drop(&mut self) {
        if self.connection.is_cut() {
            self.socket.forget_unsent();
        }
    }
}
