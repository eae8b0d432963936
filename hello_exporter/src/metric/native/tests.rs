//! Tests of live native histograms.

mod client_golang;
mod index;
mod model;
mod snapshot;
mod threads;

use super::*;
use crate::encode::NativePoint;
use crate::encode::native::SparseBuckets;

/// Makes the same pseudo-random numbers for the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Returns a number from 0 to 1.
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn layout(options: NativeBuckets) -> NativeLayout {
    NativeLayout { options, classic: 0 }
}

fn histogram(options: NativeBuckets) -> NativeHistogram {
    layout(options).make()
}

fn reset(histogram: &NativeHistogram, now: Instant) {
    histogram.reset_at(&mut lock(&histogram.control), now);
}

fn read(histogram: &NativeHistogram) -> NativeScratch {
    let mut scratch = NativeScratch::default();
    histogram.read(&mut scratch, &mut Vec::new());
    scratch
}

/// Returns the buckets of one sign from their spans and deltas, without empty ones.
fn decoded(buckets: SparseBuckets<'_>) -> Vec<(i32, u64)> {
    let (mut index, mut count) = (0, 0);
    let mut deltas = buckets.deltas.iter();
    let mut decoded = Vec::new();
    for span in buckets.spans {
        index += span.offset;
        for _ in 0..span.length {
            count += deltas.next().unwrap();
            decoded.push((index, count.cast_unsigned()));
            index += 1;
        }
    }
    assert_eq!(deltas.next(), None);
    decoded.retain(|(_, count)| *count > 0);
    decoded
}

/// Returns the sum of the zero bucket and all other buckets.
fn in_buckets(point: NativePoint<'_>) -> u64 {
    let sides = [point.positive, point.negative].map(decoded);
    point.zero_count + sides.iter().flatten().map(|(_, count)| count).sum::<u64>()
}
