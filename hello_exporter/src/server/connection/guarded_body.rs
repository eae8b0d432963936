//! Response bodies that keep a value until the connection has taken them.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use pin_project_lite::pin_project;

pin_project! {
    /// A body with a guard. The guard is dropped with the body: once the connection has taken the
    /// whole body to send it, or has ended.
    pub struct GuardedBody<B, G> {
        #[pin]
        body: B,
        guard: G,
    }
}

impl<B, G> GuardedBody<B, G> {
    pub(crate) fn new(body: B, guard: G) -> Self {
        Self { body, guard }
    }
}

impl<B: MessageBody, G> MessageBody for GuardedBody<B, G> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, B::Error>>> {
        self.project().body.poll_next(context)
    }
}
