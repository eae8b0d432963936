//! Compresses an exposition while it is written.

use std::sync::Arc;

use super::compress::{Compressor, GzipOfKind};
use super::gzip::Stream;
use super::kinds::Kind;
use crate::encode::LineReader;

/// Compresses an exposition part by part, with the memory of the last one of its kind.
pub(super) struct GzipReader {
    compressor: Arc<Compressor>,
    gzip: GzipOfKind,
    compressed: Vec<u8>,
    /// `None` until the first part.
    stream: Option<Stream>,
}

impl GzipReader {
    /// Returns a reader for the next exposition of a kind, which replaces the contents of a buffer.
    /// Returns `None` if the exposition must be compressed as a whole.
    pub(super) fn new(
        compressor: &Arc<Compressor>,
        kind: Kind,
        buffer: &mut Vec<u8>,
    ) -> Option<Self> {
        let gzip = compressor.take_for_parts(kind)?;
        let mut compressed = std::mem::take(buffer);
        compressed.clear();
        Some(Self { compressor: Arc::clone(compressor), gzip, compressed, stream: None })
    }
}

impl LineReader for GzipReader {
    fn read(&mut self, buffer: &mut Vec<u8>) {
        let Self { gzip, compressed, stream, .. } = self;
        let (_, gzip) = &mut gzip.value;
        let stream = stream.get_or_insert_with(|| gzip.begin(compressed));
        gzip.take(stream, buffer, compressed);
    }

    fn restart(&mut self) {
        self.compressed.clear();
        self.stream = None;
    }

    fn finish(self: Box<Self>, rest: &[u8]) -> Vec<u8> {
        let Self { compressor, mut gzip, mut compressed, stream } = *self;
        let Some(stream) = stream else {
            compressor.put(gzip, true);
            return compressed;
        };
        let (kind, state) = &mut gzip.value;
        let knew_most = state.end(stream, rest, &mut compressed);
        compressor.record(*kind);
        compressor.put(gzip, knew_most);
        compressed
    }
}
