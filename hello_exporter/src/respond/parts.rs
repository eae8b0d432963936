//! Compresses an exposition while it is written.

use std::sync::Arc;

use super::compress::{Compressor, KindGzip};
use super::gzip::Stream;
use super::kinds::Kind;
use super::pool::Pooled;
use crate::encode::LineReader;

/// Compresses an exposition part by part, with the memory of the last one of its kind.
pub(super) struct GzipReader {
    compressor: Arc<Compressor>,
    kind: Kind,
    compressed: Vec<u8>,
    /// Taken at the first part: small expositions are compressed as a whole.
    known: Option<Pooled<KindGzip>>,
    stream: Option<Stream>,
}

impl GzipReader {
    /// Returns a reader that writes to an empty buffer.
    pub(super) fn new(compressor: &Arc<Compressor>, kind: Kind, buffer: Vec<u8>) -> Self {
        let compressor = Arc::clone(compressor);
        Self { compressor, kind, compressed: buffer, known: None, stream: None }
    }
}

impl LineReader for GzipReader {
    fn read(&mut self, buffer: &mut Vec<u8>) -> bool {
        let Self { compressor, kind, compressed, known, stream } = self;
        if known.is_none() {
            *known = compressor.take_for_parts(*kind);
        }
        let Some(Pooled { value: KindGzip { gzip, .. }, .. }) = known else { return false };
        let stream = stream.get_or_insert_with(|| gzip.begin(compressed));
        gzip.compress_lines(stream, buffer, compressed);
        true
    }

    fn restart(&mut self) {
        self.compressed.clear();
        self.stream = None;
    }

    fn finish(self: Box<Self>, rest: &[u8]) -> Vec<u8> {
        let Self { compressor, mut compressed, known, stream, .. } = *self;
        match (known, stream) {
            (Some(mut known), Some(stream)) => {
                let knew_most = known.value.gzip.end(stream, rest, &mut compressed);
                compressor.put_after_parts(known, knew_most);
            }
            // A collector has panicked after some of its lines were compressed. It may do so in
            // every scrape, so zlib-rs compresses the next bodies.
            (Some(known), None) => compressor.put(known, false),
            (None, _) => {}
        }
        compressed
    }
}
