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
    pub(super) compressed: Vec<u8>,
    /// `None` until the first part.
    stream: Option<Stream>,
}

impl GzipReader {
    /// Returns a reader for the next exposition of a kind; `None` if it must be compressed as a
    /// whole.
    pub(super) fn new(compressor: &Arc<Compressor>, kind: Kind) -> Option<Self> {
        let gzip = compressor.take_for_parts(kind)?;
        let compressor = Arc::clone(compressor);
        Some(Self { compressor, gzip, compressed: Vec::new(), stream: None })
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

    fn finish(self: Box<Self>, rest: &[u8]) -> Option<Vec<u8>> {
        let Self { compressor, mut gzip, mut compressed, stream } = *self;
        let Some(stream) = stream else {
            compressor.put(gzip, true);
            return None;
        };
        let (kind, state) = &mut gzip.value;
        let knew_most = state.end(stream, rest, &mut compressed);
        compressor.record(*kind);
        compressor.put(gzip, knew_most);
        Some(compressed)
    }
}
