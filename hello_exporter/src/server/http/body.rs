//! The body of a response, sent in pieces.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

use crate::respond;

/// A body that is sent in pieces. Its buffer is reused once all pieces are sent.
#[derive(Debug)]
pub(super) struct PiecewiseBody {
    rest: Bytes,
}

/// Most bytes in a piece. A connection copies each piece, and keeps the copy until its client has
/// received it.
const PIECE: usize = 64 << 10;

impl From<respond::Body> for PiecewiseBody {
    fn from(body: respond::Body) -> Self {
        Self { rest: Bytes::from_owner(body) }
    }
}

impl MessageBody for PiecewiseBody {
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

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;
    use crate::internals::{BodyEncoder, Exposition};

    fn pieces(mut body: PiecewiseBody) -> Vec<usize> {
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
            let (request, bodies) = (respond::Request::new(), BodyEncoder::default());
            let encode = |_, exposition: &mut Exposition| exposition.buffer.resize(length, b'x');
            let response = respond::Response::encode(&request, &bodies, encode);
            let body = PiecewiseBody::from(response.into_body());
            assert_eq!(body.size(), BodySize::Sized(length as u64));
            assert_eq!(pieces(body), expected);
        }
    }
}
