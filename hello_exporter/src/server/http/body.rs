//! The body of an exposition: encoded, compressed, and sent in pieces.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use tracing::error;

use super::compress::{Coding, Compressor};
use super::pool::{Pool, Pooled};

/// Encodes bodies, and keeps buffers and compressors for the next scrape.
#[derive(Clone, Debug, Default)]
pub(super) struct BodyEncoder {
    /// Separate from `compressed`, since expositions are several times as long.
    expositions: Arc<Pool<Vec<u8>>>,
    compressed: Arc<Pool<Vec<u8>>>,
    compressor: Arc<Compressor>,
}

impl BodyEncoder {
    /// Calls `encode`, which appends an exposition to a buffer, and returns the body in `coding`.
    /// If it cannot be compressed, returns it uncompressed. Blocks the thread meanwhile.
    pub(super) fn encode(&self, coding: Coding, encode: impl FnOnce(&mut Vec<u8>)) -> Body {
        let mut exposition = empty_buffer(&self.expositions);
        encode(&mut exposition.value);
        match self.compress(coding, &exposition.value) {
            Some(compressed) => {
                self.expositions.put(exposition);
                Body::new(coding, compressed, &self.compressed)
            }
            None => Body::new(Coding::Identity, exposition, &self.expositions),
        }
    }

    /// Returns the compressed exposition; `None` if `coding` is `Identity`, or after a failure.
    fn compress(&self, coding: Coding, exposition: &[u8]) -> Option<Pooled<Vec<u8>>> {
        if coding == Coding::Identity {
            return None;
        }
        let mut compressed = empty_buffer(&self.compressed);
        match self.compressor.compress(coding, exposition, &mut compressed.value) {
            Ok(()) => Some(compressed),
            Err(error) => {
                error!(%error, ?coding, "Cannot compress the response, sending it uncompressed");
                None
            }
        }
    }
}

/// Returns an empty buffer, from the pool if it has one.
fn empty_buffer(pool: &Pool<Vec<u8>>) -> Pooled<Vec<u8>> {
    let mut buffer = pool.take().unwrap_or_else(|| Pooled::new(Vec::new()));
    buffer.value.clear();
    buffer
}

/// A body, whose buffer returns to its pool once it is sent.
#[derive(Debug)]
pub(super) struct Body {
    coding: Coding,
    rest: Bytes,
}

/// Most bytes in a piece. A connection copies each piece, and keeps the copy until its client has
/// received it.
const PIECE: usize = 64 << 10;

impl Body {
    fn new(coding: Coding, buffer: Pooled<Vec<u8>>, pool: &Arc<Pool<Vec<u8>>>) -> Self {
        let buffer = PooledBuffer { buffer: Some(buffer), pool: Arc::clone(pool) };
        Self { coding, rest: Bytes::from_owner(buffer) }
    }

    /// Returns the coding of the body.
    pub(super) fn coding(&self) -> Coding {
        self.coding
    }
}

impl MessageBody for Body {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.rest.len() as u64)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        Poll::Ready((!piece.is_empty()).then_some(Ok(piece)))
    }
}

/// A buffer that returns to its pool when it is dropped.
struct PooledBuffer {
    buffer: Option<Pooled<Vec<u8>>>,
    pool: Arc<Pool<Vec<u8>>>,
}

impl AsRef<[u8]> for PooledBuffer {
    fn as_ref(&self) -> &[u8] {
        self.buffer.as_ref().map_or(&[], |buffer| &buffer.value)
    }
}

impl Drop for PooledBuffer {
    fn drop(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            self.pool.put(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn encode(encoder: &BodyEncoder, coding: Coding, length: usize) -> Body {
        encoder.encode(coding, |buffer| buffer.resize(buffer.len() + length, b'x'))
    }

    fn pieces(mut body: Body) -> Vec<usize> {
        let mut context = Context::from_waker(Waker::noop());
        let mut next = || match Pin::new(&mut body).poll_next(&mut context) {
            Poll::Ready(piece) => piece.map(|piece| piece.unwrap().len()),
            Poll::Pending => panic!("a body is always ready"),
        };
        std::iter::from_fn(&mut next).collect()
    }

    #[test]
    fn body_is_sent_in_pieces() {
        for (length, expected) in
            [(0, vec![]), (PIECE, vec![PIECE]), (2 * PIECE + 1, vec![PIECE, PIECE, 1])]
        {
            let body = encode(&BodyEncoder::default(), Coding::Identity, length);
            assert_eq!(body.size(), BodySize::Sized(length as u64));
            assert_eq!(pieces(body), expected);
        }
    }

    #[test]
    fn buffers_of_sent_bodies_are_reused() {
        let encoder = BodyEncoder::default();
        let pooled = || (encoder.expositions.bytes().len(), encoder.compressed.bytes().len());
        for _ in 0..2 {
            let gzip = encode(&encoder, Coding::Gzip, 1_000);
            assert_eq!((gzip.coding(), pooled()), (Coding::Gzip, (1, 0)));
            let identity = encode(&encoder, Coding::Identity, 1_000);
            assert_eq!((identity.coding(), pooled()), (Coding::Identity, (0, 0)));
            drop((gzip, identity));
            assert_eq!(pooled(), (1, 1));
        }
    }
}
