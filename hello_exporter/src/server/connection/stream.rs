//! A stream that tells what its client does.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::rt::net::TcpStream;
#[cfg(unix)]
use actix_web::rt::net::UnixStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

use super::client::Client;

/// What connections are accepted as: TCP, or a Unix socket.
pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin + 'static {
    /// Returns the address of the client. Over a Unix socket it has none.
    fn peer(&self) -> Option<SocketAddr>;

    /// Has the kernel drop what the client has not taken once the connection is closed.
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

    /// The kernel keeps what was written for the client, at most one buffer, until the client
    /// closes.
    fn forget_unsent(&self) {}
}

/// What a request is read from and an answer written to: a transport, or TLS over it.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin + 'static {
    fn forget_unsent(&self);
}

impl<T: Transport> Socket for T {
    fn forget_unsent(&self) {
        Transport::forget_unsent(self);
    }
}

impl<T: Transport> Socket for TlsStream<T> {
    fn forget_unsent(&self) {
        Transport::forget_unsent(self.get_ref().0);
    }
}

/// A socket whose reads and writes are noted.
pub(super) struct Watched<T: Socket> {
    socket: T,
    client: Rc<Client>,
}

impl<T: Socket> Watched<T> {
    pub(super) fn new(socket: T, client: Rc<Client>) -> Self {
        Self { socket, client }
    }

    pub(super) fn client(&self) -> &Rc<Client> {
        &self.client
    }
}

impl<T: Socket> AsyncRead for Watched<T> {
    /// A connection that is being closed ends here, once all that has come is read.
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.socket).poll_read(context, buffer);
        match buffer.filled().len() - before {
            0 if result.is_pending() && self.client.is_closing() => return Poll::Ready(Ok(())),
            0 if result.is_pending() => {}
            0 => self.client.closer().note_end(),
            bytes => self.client.read(bytes),
        }
        result
    }
}

impl<T: Socket> Watched<T> {
    fn note_written(&self, result: &Poll<io::Result<usize>>) {
        match result {
            Poll::Ready(Ok(bytes)) => self.client.wrote(*bytes),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.client.write_blocked(),
        }
    }
}

impl<T: Socket> AsyncWrite for Watched<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.note_written(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write_vectored(context, slices);
        self.note_written(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.socket).poll_flush(context);
        self.client.flushed(result.is_ready());
        result
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.socket).poll_shutdown(context);
        self.client.flushed(result.is_ready());
        result
    }
}

impl<T: Socket> Drop for Watched<T> {
    /// Without this the kernel would go on offering a client what it does not take, and keep it.
    fn drop(&mut self) {
        if self.client.is_cut() {
            self.socket.forget_unsent();
        }
    }
}
