//! Snapshots, and the spans and deltas of any buckets.

use super::*;
use crate::metric::SnapshotError;

/// Returns the error of a snapshot with these positive buckets.
fn error(schema: i8, threshold: f64, positive: &[(i32, u64)], sum: f64, count: u64) -> String {
    let positive = positive.iter().copied();
    let snapshot =
        NativeHistogramSnapshot::new(schema, threshold, 1, positive, [(-1, 1)], sum, count);
    snapshot.unwrap_err().to_string()
}

#[test]
fn invalid_snapshots_are_refused() {
    assert_eq!(error(9, 0.0, &[], 0.0, 2), "invalid schema `9`, expected a number from -4 to 8");
    assert_eq!(
        error(0, f64::INFINITY, &[], 0.0, 2),
        "invalid zero threshold `+Inf`, expected a finite number of at least 0"
    );
    assert_eq!(
        error(0, -1.0, &[], 0.0, 2),
        "invalid zero threshold `-1`, expected a finite number of at least 0"
    );
    assert_eq!(
        error(0, 0.0, &[(1026, 1)], 0.0, 3),
        "invalid index 1026, expected one from -1074 to 1025: no value is in other buckets of this schema"
    );
    assert_eq!(
        error(0, 0.0, &[(1, 1), (1, 1)], 0.0, 4),
        "the bucket 1 follows the bucket 1: indices must increase strictly"
    );
    let observations = |buckets, count| {
        format!(
            "the buckets hold {buckets} observations, but there are {count}: these must be equal, \
             or less if the sum is NaN"
        )
    };
    assert_eq!(error(0, 0.0, &[(1, 7)], 0.0, 10), observations(9, 10));
    assert_eq!(error(0, 0.0, &[(1, 7)], f64::NAN, 8), observations(9, 8));
    let most = u128::from(u64::MAX) + 2;
    assert_eq!(error(0, 0.0, &[(1, u64::MAX)], 0.0, 8), observations(most, 8));
}

#[test]
fn snapshots_have_the_buckets_they_were_made_of() -> Result<(), SnapshotError> {
    let positive = [(-1074, 1), (0, 0), (3, 4), (1025, 2)];
    let snapshot = NativeHistogramSnapshot::new(0, 0.5, 3, positive, [(7, 1)], f64::NAN, 12)?;
    let point = snapshot.buckets.point();
    assert_eq!((point.schema, point.zero_threshold, point.zero_count), (0, 0.5, 3));
    assert_eq!((point.count, snapshot.sum.is_nan()), (12, true));
    assert_eq!(decoded(point.positive), [(-1074, 1), (3, 4), (1025, 2)]);
    assert_eq!(decoded(point.negative), [(7, 1)]);
    assert_eq!(NativeHistogramSnapshot::default().buckets.point().schema, 3);
    Ok(())
}

#[test]
fn a_snapshot_of_a_live_histogram_is_equal() -> Result<(), SnapshotError> {
    let histogram = histogram(NativeBuckets::default());
    for value in [-3.0, -2.0, 0.0, 0.1, 0.2, 5.0] {
        histogram.observe(value);
    }
    let scratch = read(&histogram);
    let point = scratch.point();
    let (positive, negative) = (decoded(point.positive), decoded(point.negative));
    let NativePoint { schema, zero_threshold, .. } = point;
    let snapshot =
        NativeHistogramSnapshot::new(schema, zero_threshold, 1, positive, negative, 0.3, 6)?;
    assert_eq!(snapshot.buckets.point(), point);
    Ok(())
}

#[test]
fn spans_and_deltas_decode_to_the_same_buckets() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..500 {
        let mut index = (random.next() % 2_000) as i32 - 1_000;
        let counts: Vec<(i32, u64)> = (0..random.next() % 20)
            .map(|_| {
                index += 1 + (random.next() % 6) as i32;
                (index, 1 + random.next() % 1_000)
            })
            .collect();
        let mut scratch = NativeScratch { zero_count: 1, ..NativeScratch::default() };
        scratch.positive.counts = counts.iter().rev().copied().collect();
        scratch.finish();
        let positive = scratch.point().positive;
        assert_eq!(decoded(positive), counts);
        assert!(positive.spans.iter().skip(1).all(|span| span.offset > 2));
    }
}
