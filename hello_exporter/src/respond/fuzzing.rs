//! Compression, for the fuzz targets.

use std::io::{self, Read};

use flate2::read::GzDecoder;

use super::gzip::Gzip;

/// Compresses bodies one after the other, each with what is remembered of those before it, and
/// returns what they are decompressed to. Each body has the length of the parts in which it is
/// compressed if it can be, or 0 if it is compressed as a whole.
///
/// # Errors
///
/// Returns the error of the decompression.
pub fn gzip_and_back(bodies: &[(Vec<u8>, u16)]) -> io::Result<Vec<Vec<u8>>> {
    let mut gzip = Gzip::default();
    let through_gzip = |(body, part): &(Vec<u8>, u16)| {
        let (mut compressed, mut decompressed) = (Vec::new(), Vec::new());
        if gzip.has_codes() && *part > 0 {
            compress_parts(&mut gzip, body.chunks((*part).into()), &mut compressed);
        } else {
            gzip.compress(body, &mut compressed);
        }
        GzDecoder::new(&compressed[..]).read_to_end(&mut decompressed)?;
        Ok(decompressed)
    };
    bodies.iter().map(through_gzip).collect()
}

fn compress_parts<'p>(
    gzip: &mut Gzip,
    parts: impl Iterator<Item = &'p [u8]>,
    compressed: &mut Vec<u8>,
) {
    let mut stream = gzip.begin(compressed);
    let mut buffer = Vec::new();
    for part in parts {
        buffer.extend_from_slice(part);
        gzip.compress_lines(&mut stream, &mut buffer, compressed);
    }
    gzip.end(stream, &buffer, compressed);
}
