//! Bodies that hold something until they are sent.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

/// A body, and what is dropped with it: once the client has been sent all of it, or is gone.
pub(crate) struct Held<B, G> {
    body: Pin<Box<B>>,
    _guard: G,
}

impl<B, G> Held<B, G> {
    pub(crate) fn new(body: B, guard: G) -> Self {
        Self { body: Box::pin(body), _guard: guard }
    }
}

impl<B: MessageBody, G: Unpin> MessageBody for Held<B, G> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, B::Error>>> {
        self.body.as_mut().poll_next(context)
    }
}
