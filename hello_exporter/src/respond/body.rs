//! The body of an exposition: encoded and compressed, in a buffer that is reused.

use std::sync::Arc;

use tracing::error;

use super::compress::{Coding, Compressor};
use super::kinds::Kind;
use super::parts::GzipReader;
use super::pool::{Pool, Pooled};
use crate::encode::{Exposition, LineReader};

/// Encodes bodies, and keeps buffers and compressors for the next scrape.
#[derive(Clone, Debug, Default)]
pub(crate) struct BodyEncoder {
    /// Separate from `compressed`, since expositions are several times as long.
    expositions: Arc<Pool<Vec<u8>>>,
    compressed: Arc<Pool<Vec<u8>>>,
    compressor: Arc<Compressor>,
}

impl BodyEncoder {
    /// Calls `encode`, which writes an exposition, and returns the body in `coding`. If it cannot
    /// be compressed, returns it uncompressed. Blocks the thread meanwhile.
    ///
    /// A `kind` is that of a text, see [`Compressor::compress`]. If it is known, a large exposition
    /// is compressed while it is written.
    pub(super) fn encode(
        &self,
        coding: Coding,
        kind: Option<Kind>,
        encode: impl FnOnce(&mut Exposition),
    ) -> Body {
        let mut exposition = empty_buffer(&self.expositions);
        if coding == Coding::Identity {
            write(&mut exposition.value, None, encode);
            return Body::new(Coding::Identity, exposition, &self.expositions);
        }
        let mut compressed = empty_buffer(&self.compressed);
        let reader = kind.filter(|_| coding == Coding::Gzip).map(|kind| {
            GzipReader::new(&self.compressor, kind, std::mem::take(&mut compressed.value))
        });
        if let Some(reader) = write(&mut exposition.value, reader, encode) {
            compressed.value = reader.finish(&exposition.value);
        }
        // If the reader has read nothing, the exposition is compressed as a whole.
        if compressed.value.is_empty()
            && let Err(error) =
                self.compressor.compress(coding, kind, &exposition.value, &mut compressed.value)
        {
            error!(%error, ?coding, "Cannot compress the response, sending it uncompressed");
            return Body::new(Coding::Identity, exposition, &self.expositions);
        }
        self.expositions.put(exposition);
        Body::new(coding, compressed, &self.compressed)
    }
}

/// Calls `encode` with an exposition at the end of a buffer. Returns the reader.
fn write(
    buffer: &mut Vec<u8>,
    reader: Option<GzipReader>,
    encode: impl FnOnce(&mut Exposition),
) -> Option<Box<dyn LineReader>> {
    let mut exposition = Exposition::new(std::mem::take(buffer));
    if let Some(reader) = reader {
        exposition = exposition.with_reader(Box::new(reader));
    }
    encode(&mut exposition);
    let (written, reader) = exposition.into_parts();
    *buffer = written;
    reader
}

/// Returns an empty buffer, from the pool if it has one.
fn empty_buffer(pool: &Pool<Vec<u8>>) -> Pooled<Vec<u8>> {
    let mut buffer = pool.take().unwrap_or_else(|| Pooled::new(Vec::new()));
    buffer.value.clear();
    buffer
}

/// The body of a [`Response`](super::Response). It owns its bytes; later responses reuse its memory
/// once it is dropped.
///
/// `Bytes::from_owner` of the crate `bytes` takes it without a copy, and with that the bodies of
/// axum, hyper and others: `axum::body::Body::from(Bytes::from_owner(response.into_body()))`.
///
/// ```
/// let response = hello_exporter::Registry::new().respond("", "");
/// let body = response.into_body();
/// assert_eq!(body.as_ref(), b"");
/// let bytes: Vec<u8> = body.into();
/// assert_eq!(bytes, b"");
/// ```
#[derive(Debug)]
pub struct Body {
    coding: Coding,
    /// `None` once the buffer is taken out.
    buffer: Option<Pooled<Vec<u8>>>,
    pool: Arc<Pool<Vec<u8>>>,
}

impl Body {
    fn new(coding: Coding, buffer: Pooled<Vec<u8>>, pool: &Arc<Pool<Vec<u8>>>) -> Self {
        Self { coding, buffer: Some(buffer), pool: Arc::clone(pool) }
    }

    /// Returns the coding of the body.
    pub(super) fn coding(&self) -> Coding {
        self.coding
    }
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        self.buffer.as_ref().map_or(&[], |buffer| &buffer.value)
    }
}

/// Takes the bytes out, without a copy. Later responses do not reuse their memory.
impl From<Body> for Vec<u8> {
    fn from(mut body: Body) -> Self {
        body.buffer.take().map(|buffer| buffer.value).unwrap_or_default()
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            self.pool.put(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use flate2::read::GzDecoder;

    use super::*;
    use crate::encode::{Encoder, TextEncoder};

    #[test]
    fn buffers_of_sent_bodies_are_reused() {
        let encoder = BodyEncoder::default();
        let encode = |coding| {
            encoder.encode(coding, None, |exposition| exposition.buffer.resize(1_000, b'x'))
        };
        let pooled = || (encoder.expositions.bytes().len(), encoder.compressed.bytes().len());
        for _ in 0..2 {
            let gzip = encode(Coding::Gzip);
            assert_eq!((gzip.coding(), pooled()), (Coding::Gzip, (1, 0)));
            let identity = encode(Coding::Identity);
            assert_eq!((identity.coding(), pooled()), (Coding::Identity, (0, 0)));
            drop((gzip, identity));
            assert_eq!(pooled(), (1, 1));
        }
    }

    #[test]
    fn body_becomes_a_vector() {
        let encoder = BodyEncoder::default();
        let body =
            encoder.encode(Coding::Identity, None, |exposition| exposition.buffer.extend(b"a 1\n"));
        assert_eq!(Vec::from(body), b"a 1\n");
        assert_eq!(encoder.expositions.bytes(), [0; 0]);
    }

    /// Writes lines of 100 bytes each. Returns the length of the buffer afterwards.
    fn write_lines(exposition: &mut Exposition, lines: usize) -> usize {
        let start = exposition.begin();
        for number in 0..lines {
            writeln!(exposition.buffer, "a{{number=\"{number:085}\"}} 1").unwrap();
            exposition.pass_lines();
        }
        assert_eq!(exposition.len(), start + 100 * lines);
        exposition.buffer.len()
    }

    #[test]
    fn large_exposition_of_a_known_kind_is_compressed_in_parts() {
        let encoder = BodyEncoder::default();
        let encode = |lines| {
            let mut buffered = 0;
            let encode = |exposition: &mut Exposition| buffered = write_lines(exposition, lines);
            let body = encoder.encode(Coding::Gzip, Some(Kind::of("a")), encode);
            let mut decompressed = Vec::new();
            GzDecoder::new(body.as_ref()).read_to_end(&mut decompressed).unwrap();
            (decompressed.len(), buffered)
        };
        // The first one is compressed by zlib-rs, the second one is remembered.
        assert_eq!([encode(10_000), encode(10_000)], [(1_000_000, 1_000_000); 2]);
        let (length, buffered) = encode(10_000);
        assert!(length == 1_000_000 && buffered < 300_000, "{length} {buffered}");
        // A small one is compressed as a whole, and so is one whose compressor is in use.
        assert_eq!(encode(1_000), (100_000, 100_000));
        let outer = |exposition: &mut Exposition| {
            write_lines(exposition, 10_000);
            assert_eq!(encode(10_000), (1_000_000, 1_000_000));
        };
        encoder.encode(Coding::Gzip, Some(Kind::of("a")), outer);
        // One that begins again uses the same compressor from its start.
        let begin_again = |is_torn: bool| {
            let mut buffered = 0;
            let encode = |exposition: &mut Exposition| {
                let start = exposition.begin();
                write_lines(exposition, 10_000);
                if is_torn {
                    TextEncoder::new(exposition).rollback(start);
                }
                exposition.restart(start);
                buffered = write_lines(exposition, 10_000);
            };
            encoder.encode(Coding::Gzip, Some(Kind::of("a")), encode);
            buffered
        };
        assert!(begin_again(false) < 300_000 && encode(10_000).1 < 300_000);
        // A torn one is compressed as a whole, and zlib-rs compresses the next ones.
        assert_eq!((begin_again(true), encode(10_000)), (1_000_000, (1_000_000, 1_000_000)));
    }
}
