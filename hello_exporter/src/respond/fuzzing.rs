//! Compression, for the fuzz targets.

use std::io::{self, Read};

use flate2::read::GzDecoder;

use super::gzip::Gzip;

/// Compresses bodies one after the other, each with what is remembered of those before it, and
/// returns what they are decompressed to.
///
/// # Errors
///
/// Returns the error of the decompression.
pub fn gzip_and_back(bodies: &[Vec<u8>]) -> io::Result<Vec<Vec<u8>>> {
    let mut gzip = Gzip::default();
    let through_gzip = |body: &Vec<u8>| {
        let (mut compressed, mut decompressed) = (Vec::new(), Vec::new());
        gzip.compress(body, &mut compressed);
        GzDecoder::new(&compressed[..]).read_to_end(&mut decompressed)?;
        Ok(decompressed)
    };
    bodies.iter().map(through_gzip).collect()
}
