//! Compresses an exposition while it is written.

use std::sync::Arc;

use super::compress::{Compressor, GzipOfKind};
use super::gzip::Stream;
use super::kinds::Kind;
use crate::encode::LineReader;

/// Compresses an exposition part by part, with the memory of the last one of its kind.
pub(super) struct GzipReader {
    compressor: Arc<Compressor>,
    kind: Kind,
    compressed: Vec<u8>,
    /// Taken at the first part: small expositions are compressed as a whole.
    gzip: Option<GzipOfKind>,
    stream: Option<Stream>,
}

impl GzipReader {
    /// Returns a reader that replaces the contents of a buffer.
    pub(super) fn new(compressor: &Arc<Compressor>, kind: Kind, mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        let compressor = Arc::clone(compressor);
        Self { compressor, kind, compressed: buffer, gzip: None, stream: None }
    }
}

impl LineReader for GzipReader {
    fn read(&mut self, buffer: &mut Vec<u8>) -> bool {
        let Self { compressor, kind, compressed, gzip, stream } = self;
        if gzip.is_none() {
            *gzip = compressor.take_for_parts(*kind);
        }
        let Some(gzip) = gzip else { return false };
        let (_, gzip) = &mut gzip.value;
        let stream = stream.get_or_insert_with(|| gzip.begin(compressed));
        gzip.take(stream, buffer, compressed);
        true
    }

    fn restart(&mut self) {
        self.compressed.clear();
        self.stream = None;
    }

    fn finish(self: Box<Self>, rest: &[u8]) -> Vec<u8> {
        let Self { compressor, kind, mut compressed, gzip, stream } = *self;
        let Some(mut gzip) = gzip else { return compressed };
        let mut knew_most = true;
        if let Some(stream) = stream {
            let (_, gzip) = &mut gzip.value;
            knew_most = gzip.end(stream, rest, &mut compressed);
            compressor.record(kind);
        }
        compressor.put(gzip, knew_most);
        compressed
    }
}
