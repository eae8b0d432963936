//! The body of a scrape: encoded, compressed, and sent piece by piece.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use tracing::error;

use super::compress::{Coding, Compressor};
use super::pool::{Lent, Pool};

/// Makes bodies, with buffers and state that are kept from one scrape to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Bodies {
    /// Apart, because one is several times as long as the other.
    expositions: Arc<Pool<Vec<u8>>>,
    compressed: Arc<Pool<Vec<u8>>>,
    compressor: Arc<Compressor>,
}

impl Bodies {
    /// The body that `encode` appends to a buffer, coded. This takes its time: a thread where it may block.
    pub(super) fn make(&self, coding: Coding, encode: impl FnOnce(&mut Vec<u8>)) -> Body {
        let mut exposition = taken(&self.expositions);
        encode(&mut exposition.thing);
        match self.compressed(coding, &exposition.thing) {
            Some(compressed) => {
                self.expositions.give(exposition);
                Body::new(coding, compressed, &self.compressed)
            }
            None => Body::new(Coding::Identity, exposition, &self.expositions),
        }
    }

    /// Nothing where the body is to be sent as it is, or has to be.
    fn compressed(&self, coding: Coding, exposition: &[u8]) -> Option<Lent<Vec<u8>>> {
        if coding == Coding::Identity {
            return None;
        }
        let mut compressed = taken(&self.compressed);
        match self.compressor.compress(coding, exposition, &mut compressed.thing) {
            Ok(()) => Some(compressed),
            Err(error) => {
                error!(%error, ?coding, "Serving what could not be compressed");
                None
            }
        }
    }
}

/// An empty buffer.
fn taken(pool: &Pool<Vec<u8>>) -> Lent<Vec<u8>> {
    let mut buffer = pool.take().unwrap_or_else(|| Lent::new(Vec::new()));
    buffer.thing.clear();
    buffer
}

/// A body, whose buffer goes back to where it came from once it is sent.
#[derive(Debug)]
pub(super) struct Body {
    coding: Coding,
    rest: Bytes,
}

/// As much is handed to a connection at a time: it copies what it is handed, and keeps that until its
/// client has taken it.
const PIECE: usize = 64 << 10;

impl Body {
    fn new(coding: Coding, buffer: Lent<Vec<u8>>, pool: &Arc<Pool<Vec<u8>>>) -> Self {
        let buffer = Buffer { lent: Some(buffer), pool: Arc::clone(pool) };
        Self { coding, rest: Bytes::from_owner(buffer) }
    }

    /// How it is coded.
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

/// A buffer that gives itself back.
struct Buffer {
    lent: Option<Lent<Vec<u8>>>,
    pool: Arc<Pool<Vec<u8>>>,
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.lent.as_ref().map_or(&[], |lent| &lent.thing)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(lent) = self.lent.take() {
            self.pool.give(lent);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn make(bodies: &Bodies, coding: Coding, length: usize) -> Body {
        bodies.make(coding, |buffer| buffer.resize(buffer.len() + length, b'x'))
    }

    fn pieces(mut body: Body) -> Vec<usize> {
        let mut context = Context::from_waker(Waker::noop());
        let mut next = || match Pin::new(&mut body).poll_next(&mut context) {
            Poll::Ready(piece) => piece.map(|piece| piece.unwrap().len()),
            Poll::Pending => panic!("a body waits for nothing"),
        };
        std::iter::from_fn(&mut next).collect()
    }

    #[test]
    fn a_body_is_sent_in_pieces_and_is_as_long_as_it_says() {
        for (length, expected) in
            [(0, vec![]), (PIECE, vec![PIECE]), (2 * PIECE + 1, vec![PIECE, PIECE, 1])]
        {
            let body = make(&Bodies::default(), Coding::Identity, length);
            assert_eq!(body.size(), BodySize::Sized(length as u64));
            assert_eq!(pieces(body), expected);
        }
    }

    #[test]
    fn buffers_are_used_again_once_their_body_is_sent() {
        let bodies = Bodies::default();
        let kept = || (bodies.expositions.bytes().len(), bodies.compressed.bytes().len());
        for _ in 0..2 {
            let gzip = make(&bodies, Coding::Gzip, 1_000);
            assert_eq!((gzip.coding(), kept()), (Coding::Gzip, (1, 0)));
            let identity = make(&bodies, Coding::Identity, 1_000);
            assert_eq!((identity.coding(), kept()), (Coding::Identity, (0, 0)));
            drop((gzip, identity));
            assert_eq!(kept(), (1, 1));
        }
    }
}
