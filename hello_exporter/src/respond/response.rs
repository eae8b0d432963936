//! A response: status, headers and body.

use std::borrow::Cow;

use tracing::error;

use super::body::{Body, BodyEncoder};
use super::compress::Coding;
use super::request::Request;
use crate::encode::{Encoding, Exposition};
use crate::panic::catch;

/// A response to a scrape, made by [`Registry::respond`](crate::Registry::respond).
#[derive(Debug)]
pub struct Response {
    status: u16,
    content_type: Cow<'static, str>,
    /// The coding that the client prefers. The body is uncompressed if it cannot be compressed.
    preferred: Coding,
    body: Body,
}

impl Response {
    /// Calls `encode`, which writes an exposition, and returns the response with the exposition in
    /// the format and coding that the client prefers. Blocks the thread meanwhile.
    pub(crate) fn encode(
        request: &Request,
        bodies: &BodyEncoder,
        encode: impl FnOnce(Encoding, &mut Exposition),
    ) -> Self {
        let (representation, preferred) = (request.representation(), request.coding());
        let encoding = request.encoding(representation);
        let kind = request.kind(encoding);
        match catch(|| bodies.encode(preferred, kind, |exposition| encode(encoding, exposition))) {
            Ok(body) => {
                let content_type = representation.content_type();
                Self { status: 200, content_type, preferred, body }
            }
            Err(error) => {
                error!(%error, "Scrape was not finished");
                let text = b"the scrape was not finished\n";
                let body = bodies
                    .encode(Coding::Identity, None, |exposition| exposition.buffer.extend(text));
                let content_type = "text/plain; charset=utf-8".into();
                Self { status: 500, content_type, preferred, body }
            }
        }
    }

    /// Returns the status: 200, or 500 if a fault of this library stopped the encoder, whose log
    /// line then has the reason. A collector that panics loses only its own samples.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns names, in lower case, and values of the headers: `content-type`, `vary`, and
    /// `content-encoding` if the body is compressed.
    ///
    /// The server itself adds `content-length`, the length of the body.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let others = if self.status == 200 {
            let coding = self.body.coding().name();
            let coding = coding.map(|coding| ("content-encoding", coding));
            [Some(("vary", "Accept, Accept-Encoding")), coding]
        } else {
            [Some(("x-content-type-options", "nosniff")), None]
        };
        let content_type = ("content-type", &*self.content_type);
        std::iter::once(content_type).chain(others.into_iter().flatten())
    }

    /// Returns the bytes of the body.
    pub fn body(&self) -> &[u8] {
        self.body.as_ref()
    }

    /// Returns the body, which owns its bytes.
    pub fn into_body(self) -> Body {
        self.body
    }

    /// Returns whether the exposition was not encoded, or not compressed.
    #[cfg_attr(not(feature = "server"), expect(dead_code, reason = "for a server only"))]
    pub(crate) fn has_encoding_error(&self) -> bool {
        self.status != 200 || self.body.coding() != self.preferred
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_of_the_encoder_is_status_500() {
        let bodies = BodyEncoder::default();
        let request = Request::new().headers([("Accept-Encoding", "gzip")]);
        let response = Response::encode(&request, &bodies, |_, exposition| {
            exposition.buffer.extend(b"a 1\n");
            panic!("a fault");
        });
        assert_eq!(response.status(), 500);
        let headers =
            [("content-type", "text/plain; charset=utf-8"), ("x-content-type-options", "nosniff")];
        assert_eq!(response.headers().collect::<Vec<_>>(), headers);
        assert_eq!(response.body(), b"the scrape was not finished\n");
        assert!(response.has_encoding_error());

        let response = Response::encode(&Request::new(), &bodies, |_, exposition| {
            exposition.buffer.extend(b"a 1\n");
        });
        assert_eq!((response.status(), response.body()), (200, &b"a 1\n"[..]));
        assert!(!response.has_encoding_error());
    }
}
