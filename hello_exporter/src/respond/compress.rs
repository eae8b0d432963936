//! Compresses bodies.
//!
//! Compression takes most of the time of a scrape. [`Gzip`] is fast for text that is scraped again
//! and again. zlib-rs writes all other gzip, and libzstd writes zstd, each at the fast level 1.
//! `bench/run speed compress` compares them. Only this file uses the libraries' compressors.

use std::io;

use flate2::{Compress, Compression, FlushCompress, Status};
use zstd_safe::CCtx;

use super::gzip::Gzip;
use super::kinds::{Kind, Kinds};
use super::pool::{Pool, Pooled, Reusable};

/// The content coding of a body:
/// [RFC 9110, section 8.4.1](https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
    Zstd,
}

impl Coding {
    /// Returns the value of `Content-Encoding`; `None` for a response without this header.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }
}

/// Compresses bodies, and keeps the libraries' state for the next one.
#[derive(Debug, Default)]
pub(super) struct Compressor {
    kinds: Kinds,
    gzip: Pool<KindGzip>,
    zlib: Pool<Zlib>,
    zstd: Pool<Zstd>,
}

/// A compressor for the bodies of a kind.
pub(super) struct KindGzip {
    kind: Kind,
    pub(super) gzip: Gzip,
}

impl Compressor {
    /// Replaces the contents of `written` by the coded body. A body with a `kind` is text: it is
    /// remembered for the next one of its kind.
    ///
    /// # Errors
    ///
    /// Returns the error of the library; `written` is then invalid.
    pub(super) fn compress(
        &self,
        coding: Coding,
        kind: Option<Kind>,
        body: &[u8],
        written: &mut Vec<u8>,
    ) -> io::Result<()> {
        written.clear();
        match coding {
            Coding::Identity => {
                written.extend_from_slice(body);
                Ok(())
            }
            Coding::Gzip => match kind.filter(|kind| self.is_worth_remembering(*kind, body)) {
                Some(kind) => {
                    self.remember(kind, body, written);
                    Ok(())
                }
                None => with(&self.zlib, Zlib::new, |zlib| zlib.compress(body, written)),
            },
            Coding::Zstd => with(&self.zstd, Zstd::new, |zstd| zstd.compress(body, written)),
        }
    }

    fn is_worth_remembering(&self, kind: Kind, body: &[u8]) -> bool {
        Gzip::LENGTHS.contains(&body.len()) && self.kinds.record(kind)
    }

    /// Appends a body in gzip, with the memory of the last one of its kind.
    fn remember(&self, kind: Kind, body: &[u8], written: &mut Vec<u8>) {
        let known = self.gzip.take_fitting(|known| known.kind == kind);
        let is_first = known.is_none();
        let new = || Pooled::new(KindGzip { kind, gzip: Gzip::default() });
        let mut gzip = known.unwrap_or_else(new);
        let knew_most = gzip.value.gzip.compress(body, written);
        self.put(gzip, is_first || knew_most);
    }

    /// Takes the compressor that remembers the last body of a kind. Returns `None` if the pool has
    /// none, or if it must read the next body as a whole.
    pub(super) fn take_for_parts(&self, kind: Kind) -> Option<Pooled<KindGzip>> {
        self.gzip.take_fitting(|known| known.kind == kind && known.gzip.has_codes())
    }

    /// Records a request whose body was compressed part by part, and keeps the compressor.
    pub(super) fn put_after_parts(&self, gzip: Pooled<KindGzip>, knew_most: bool) {
        self.kinds.record(gzip.value.kind);
        self.put(gzip, knew_most);
    }

    /// Keeps a compressor for the next body of its kind. If it is of no use, or if its memory is
    /// too large to be kept, zlib-rs compresses the next bodies.
    pub(super) fn put(&self, gzip: Pooled<KindGzip>, is_useful: bool) {
        let kind = gzip.value.kind;
        let is_kept = is_useful && self.gzip.put(gzip);
        if !is_kept {
            self.kinds.pause(kind);
        }
    }
}

/// Calls `compress` with state from the pool, or with new state. Drops the state after an error.
fn with<T: Reusable>(
    pool: &Pool<T>,
    new: impl FnOnce() -> io::Result<T>,
    compress: impl FnOnce(&mut T) -> io::Result<()>,
) -> io::Result<()> {
    let mut state = pool.take().map_or_else(|| new().map(Pooled::new), Ok)?;
    compress(&mut state.value)?;
    pool.put(state);
    Ok(())
}

/// Returns how many bytes are reserved at a time: an exposition shrinks to about a sixth.
fn room(body: &[u8]) -> usize {
    body.len() / 4 + 128
}

struct Zlib(Compress);

impl Zlib {
    /// The largest window, 32 KiB.
    const WINDOW_BITS: u8 = 15;

    fn new() -> io::Result<Self> {
        Ok(Self(Compress::new_gzip(Compression::fast(), Self::WINDOW_BITS)))
    }

    fn compress(&mut self, body: &[u8], written: &mut Vec<u8>) -> io::Result<()> {
        self.0.reset();
        let mut rest = body;
        loop {
            written.reserve(room(rest));
            let before = self.0.total_in();
            let status = self.0.compress_vec(rest, written, FlushCompress::Finish)?;
            if status == Status::StreamEnd {
                return Ok(());
            }
            let read = usize::try_from(self.0.total_in() - before).unwrap_or(usize::MAX);
            rest = rest.get(read..).unwrap_or_default();
        }
    }
}

impl Reusable for KindGzip {
    fn bytes(&self) -> usize {
        self.gzip.bytes()
    }
}

impl Reusable for Zlib {
    /// Returns about how much memory the window and its tables take.
    fn bytes(&self) -> usize {
        300 << 10
    }
}

struct Zstd(CCtx<'static>);

impl Zstd {
    const LEVEL: i32 = 1;

    fn new() -> io::Result<Self> {
        CCtx::try_create().map(Self).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }

    /// Writes one frame: into the usual room, or, if that is too small, into room for any body of
    /// this length.
    fn compress(&mut self, body: &[u8], written: &mut Vec<u8>) -> io::Result<()> {
        self.write(body, room(body), written)
            .or_else(|_| self.write(body, zstd_safe::compress_bound(body.len()), written))
    }

    fn write(&mut self, body: &[u8], room: usize, written: &mut Vec<u8>) -> io::Result<()> {
        written.reserve(room);
        match self.0.compress(written, body, Self::LEVEL) {
            Ok(_) => Ok(()),
            Err(code) => Err(io::Error::other(zstd_safe::get_error_name(code))),
        }
    }
}

impl Reusable for Zstd {
    fn bytes(&self) -> usize {
        self.0.sizeof()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn decompressed(coding: Coding, bytes: &[u8]) -> Vec<u8> {
        let mut body = Vec::new();
        match coding {
            Coding::Identity => body.extend_from_slice(bytes),
            Coding::Gzip => {
                flate2::read::GzDecoder::new(bytes).read_to_end(&mut body).unwrap();
            }
            Coding::Zstd => {
                body.reserve(4 << 20);
                zstd_safe::decompress(&mut body, bytes).unwrap();
            }
        }
        body
    }

    /// Returns bytes that no compressor shortens.
    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn reused_state_and_buffer_do_not_change_bodies() {
        let compressor = Compressor::default();
        let exposition = "requests_total{path=\"/api\"} 1\n".repeat(100_000).into_bytes();
        let bodies = [noise(3 << 20), Vec::new(), exposition, vec![b'x'], noise(1_000)];
        for coding in [Coding::Identity, Coding::Gzip, Coding::Zstd] {
            let mut written = b"what is left of another body".to_vec();
            for kind in [None, Some(Kind::of("a"))] {
                for body in bodies.iter().chain(&bodies) {
                    compressor.compress(coding, kind, body, &mut written).unwrap();
                    let is_same = decompressed(coding, &written) == *body;
                    assert!(is_same, "{coding:?} of {} bytes, {kind:?}", body.len());
                }
            }
        }
    }

    #[test]
    fn state_is_reused() {
        let compressor = Compressor::default();
        let body = "a 1\n".repeat(2_000).into_bytes();
        let mut written = Vec::new();
        for coding in [Coding::Gzip, Coding::Zstd] {
            for _ in 0..3 {
                for kind in [None, Some(Kind::of("a")), Some(Kind::of("b"))] {
                    compressor.compress(coding, kind, &body, &mut written).unwrap();
                }
            }
        }
        let Compressor { gzip, zlib, zstd, .. } = compressor;
        assert_eq!([gzip.bytes().len(), zlib.bytes().len(), zstd.bytes().len()], [2, 1, 1]);
    }

    #[test]
    fn bodies_whose_lines_change_are_left_to_zlib() {
        let compressor = Compressor::default();
        let kind = Some(Kind::of("a"));
        let mut written = Vec::new();
        let mut states = |first: usize| {
            let body: String = (first..first + 1_000).map(|at| format!("a{at} 1\n")).collect();
            compressor.compress(Coding::Gzip, kind, body.as_bytes(), &mut written).unwrap();
            assert_eq!(decompressed(Coding::Gzip, &written), body.as_bytes());
            compressor.gzip.bytes().len()
        };
        assert_eq!([0, 0, 10, 20].map(&mut states), [0, 1, 1, 1]);
        // Even if the lines stay the same from then on, the next scrapes do not find out.
        assert_eq!([5_000, 5_000, 5_000].map(states), [0, 0, 0]);
    }
}
