//! Compression of an exposition, with state and a buffer that are kept.

use std::hint::black_box;
use std::io::Read;

use figures::{Entrant, Group};
use flate2::{Compression, FlushCompress, Status};
use libdeflater::{CompressionLvl, Compressor};

use super::encode::exposition;
use super::{Done, nanoseconds};
use crate::labels::Labels;
use crate::measure::{self, time};

/// Measures how long compression takes.
pub fn text(name: &str, series: &[Labels]) -> Done {
    let exposition = exposition(series);
    let length = exposition.len() / series.len();
    let title = format!("compressing a series in the text format, of {length} bytes");
    let timed = ways().map(|way| way.timed(exposition.clone(), series.len()));
    nanoseconds(name, &title, timed)?;
    Ok(())
}

/// Measures the size of the compressed exposition.
pub fn bytes(name: &str, series: &[Labels]) -> Done {
    let exposition = exposition(series);
    let entrants = ways().map(|way| way.counted(exposition.clone(), series.len())).into();
    let title = format!("{name}: a compressed series in the text format");
    Group { name: name.to_owned(), title, unit: "bytes" }.measure(entrants)?;
    Ok(())
}

/// Compresses the slice into the buffer, whose previous content it replaces.
type Compress = dyn FnMut(&[u8], &mut Vec<u8>);

/// A library at one of its levels.
struct Way {
    name: &'static str,
    is_ours: bool,
    compress: Box<Compress>,
    decompress: fn(&[u8]) -> Vec<u8>,
}

/// Returns fast levels, and the libraries' default levels.
fn ways() -> [Way; 7] {
    [
        gzip("gzip_libdeflate_1", libdeflate(1)),
        gzip("gzip_libdeflate_6", libdeflate(6)),
        Way { is_ours: true, ..gzip("gzip_zlib_rs_1", zlib_rs(1)) },
        gzip("gzip_zlib_rs_2", zlib_rs(2)),
        gzip("gzip_zlib_rs_6", zlib_rs(6)),
        Way { is_ours: true, ..zstd("zstd_1", 1) },
        zstd("zstd_3", 3),
    ]
}

impl Way {
    fn timed(mut self, exposition: Vec<u8>, series: usize) -> Entrant {
        let mut buffer = Vec::new();
        (self.compress)(&exposition, &mut buffer);
        assert!((self.decompress)(&buffer) == exposition, "{}", self.name);
        let (name, is_ours) = (self.name, self.is_ours);
        let run = move |times| {
            time(|| {
                for _ in 0..times {
                    (self.compress)(&exposition, &mut buffer);
                    black_box(&buffer);
                }
            })
        };
        entrant(name, is_ours, measure::nanoseconds(series, run))
    }

    fn counted(mut self, exposition: Vec<u8>, series: usize) -> Entrant {
        entrant(self.name, self.is_ours, move || {
            let mut buffer = Vec::new();
            (self.compress)(&exposition, &mut buffer);
            Ok(buffer.len() as f64 / series as f64)
        })
    }
}

fn entrant(
    name: &'static str,
    is_ours: bool,
    measure: impl FnMut() -> figures::Measurement + 'static,
) -> Entrant {
    if is_ours { Entrant::own(name, measure) } else { Entrant::peer(name, measure) }
}

fn gzip(name: &'static str, compress: impl FnMut(&[u8], &mut Vec<u8>) + 'static) -> Way {
    let decompress = |compressed: &[u8]| {
        let mut exposition = Vec::new();
        flate2::read::GzDecoder::new(compressed).read_to_end(&mut exposition).unwrap();
        exposition
    };
    Way { name, is_ours: false, compress: Box::new(compress), decompress }
}

fn libdeflate(level: i32) -> impl FnMut(&[u8], &mut Vec<u8>) {
    let mut compressor = Compressor::new(CompressionLvl::new(level).unwrap());
    // libdeflate writes to initialized memory only.
    let mut room = Vec::new();
    move |exposition, buffer| {
        room.resize(compressor.gzip_compress_bound(exposition.len()), 0);
        let length = compressor.gzip_compress(exposition, &mut room).unwrap();
        std::mem::swap(&mut room, buffer);
        buffer.truncate(length);
    }
}

fn zlib_rs(level: u32) -> impl FnMut(&[u8], &mut Vec<u8>) {
    let mut compress = flate2::Compress::new_gzip(Compression::new(level), 15);
    move |exposition, buffer| {
        compress.reset();
        buffer.clear();
        loop {
            let read = usize::try_from(compress.total_in()).unwrap();
            buffer.reserve(exposition.len() / 8 + 64);
            let status =
                compress.compress_vec(&exposition[read..], buffer, FlushCompress::Finish).unwrap();
            if status == Status::StreamEnd {
                break;
            }
        }
    }
}

fn zstd(name: &'static str, level: i32) -> Way {
    let mut compressor = zstd::bulk::Compressor::new(level).unwrap();
    let compress = move |exposition: &[u8], buffer: &mut Vec<u8>| {
        buffer.clear();
        buffer.reserve(zstd::zstd_safe::compress_bound(exposition.len()));
        compressor.compress_to_buffer(exposition, buffer).unwrap();
    };
    let decompress = |compressed: &[u8]| zstd::decode_all(compressed).unwrap();
    Way { name, is_ours: false, compress: Box::new(compress), decompress }
}
