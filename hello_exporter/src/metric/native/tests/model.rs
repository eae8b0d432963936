//! Comparisons with a plain model, which keeps all observations.

use std::collections::BTreeMap;

use super::super::bounds::MANTISSAS;
use super::*;

/// Returns the index of a positive value, from comparisons with the bounds of its octave.
pub(super) fn model_index(value: f64, schema: i8) -> i32 {
    if value.is_infinite() {
        return model_index(f64::MAX, schema) + 1;
    }
    let (mut value, mut octave) = (value, 0);
    while value >= 2.0 {
        (value, octave) = (value / 2.0, octave + 1);
    }
    while value < 1.0 {
        (value, octave) = (value * 2.0, octave - 1);
    }
    let bound = |mantissa: &u64| f64::from_bits(1.0_f64.to_bits() | mantissa);
    if schema < 0 {
        let octave = octave + i32::from(value > 1.0);
        return (f64::from(octave) / f64::from(1 << -schema)).ceil() as i32;
    }
    let bounds = MANTISSAS.iter().step_by(1 << (8 - schema)).map(bound);
    octave * (1 << schema) + bounds.filter(|bound| *bound < value).count() as i32
}

/// Checks that a histogram has counted these values, and no others, in the right buckets.
pub(super) fn assert_counted(scratch: &NativeScratch, values: &[f64]) {
    let point = scratch.point();
    let (mut zero_count, mut sides) = (0, [BTreeMap::new(), BTreeMap::new()]);
    for value in values.iter().filter(|value| !value.is_nan()) {
        if value.abs() <= point.zero_threshold {
            zero_count += 1;
        } else {
            let side = &mut sides[usize::from(*value < 0.0)];
            *side.entry(model_index(value.abs(), point.schema)).or_insert(0) += 1;
        }
    }
    let [positive, negative] = sides.map(|side| side.into_iter().collect::<Vec<_>>());
    assert_eq!(point.count, values.len() as u64);
    assert_eq!(point.zero_count, zero_count);
    assert_eq!(decoded(point.positive), positive);
    assert_eq!(decoded(point.negative), negative);
}

/// Returns pseudo-random values of several distributions.
fn distributions() -> Vec<Vec<f64>> {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut values = |value: fn(&mut Random) -> f64| -> Vec<f64> {
        (0..1_500).map(|_| value(&mut random)).collect()
    };
    vec![
        values(|random| 10.0_f64.powf(3.0 * random.fraction() - 3.0)),
        values(|random| random.fraction() - 0.5),
        values(|random| (random.next() % 40) as f64 - 10.0),
        values(|random| f64::from_bits(random.next())),
        values(|random| 2.0_f64.powi((random.next() % 60) as i32 - 30)),
        values(|random| f64::from_bits(random.next() % 5_000) * 3.0),
        values(|random| 1.0 + 1e-3 * random.fraction()),
        values(|random| {
            [0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 1e-300]
                [random.next() as usize % 8]
        }),
    ]
}

fn options() -> Vec<NativeBuckets> {
    let limited = NativeBuckets::new().factor(1.1).max_buckets(10);
    vec![
        NativeBuckets::default(),
        NativeBuckets::new().factor(1.0).max_buckets(0).zero_threshold(0.0),
        NativeBuckets::new().factor(1.0).max_buckets(40),
        limited,
        limited.zero_threshold(0.0).max_zero_threshold(f64::INFINITY),
        limited.max_zero_threshold(0.1),
        limited.zero_threshold(0.3).max_zero_threshold(2.0),
        NativeBuckets::new().factor(1e9).max_buckets(3),
    ]
}

#[test]
fn all_observations_are_in_the_right_buckets_after_widening() {
    for values in distributions() {
        for options in options() {
            let histogram = histogram(options);
            let mut scratch = NativeScratch::default();
            for (at, value) in values.iter().enumerate() {
                histogram.observe(*value);
                if at % 100 == 99 {
                    histogram.read(&mut scratch, &mut Vec::new());
                    assert_counted(&scratch, &values[..=at]);
                    assert_eq!(histogram.count(), at as u64 + 1);
                    let is_coarsest = histogram.schema() == -4;
                    assert!(!histogram.exceeds(scratch.populated()) || is_coarsest);
                    assert_eq!(load::<u64>(&histogram.populated), scratch.populated() as u64);
                }
            }
        }
    }
}

#[test]
fn late_observers_of_an_old_schema_and_threshold_are_counted() {
    let options = NativeBuckets::new().factor(1.1).max_buckets(4).max_zero_threshold(1.0);
    let histogram = histogram(options);
    let mut values = vec![0.5, 1.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, -8.0];
    for value in &values {
        histogram.observe(*value);
    }
    assert!(histogram.schema() < 3 && histogram.zero_threshold() > 0.9);
    let late = [0.7, 1.0, 2.0, 100.0, -3.0];
    for value in late {
        histogram.add(Bucket::of(value, 3), 1);
    }
    values.extend(late);
    assert_counted(&read(&histogram), &values);
}

#[test]
fn late_observers_of_a_reset_histogram_widen_it_again() {
    let options = NativeBuckets::new().factor(1.1).max_buckets(2).max_zero_threshold(1.0);
    let histogram = histogram(options);
    for value in [0.5, 1.0, 3.0, 4.0, 5.0] {
        histogram.observe(value);
    }
    let (schema, threshold) = (histogram.schema(), histogram.zero_threshold());
    assert!(schema < 3 && threshold == 1.0);
    reset(&histogram, Instant::now());
    histogram.observe(0.3);
    assert_counted(&read(&histogram), &[0.3]);
    assert_eq!((histogram.schema(), histogram.is_widened()), (3, false));

    histogram.add(Bucket::of(6.0, schema), 1);
    assert_counted(&read(&histogram), &[0.3, 6.0]);
    assert_eq!(histogram.schema(), schema);

    histogram.zero(threshold).fetch_add(1, Ordering::Relaxed);
    assert_counted(&read(&histogram), &[0.3, 6.0, 0.0]);
    assert_eq!(histogram.zero_threshold(), threshold);
}

#[test]
fn a_reset_discards_everything() {
    let histogram = histogram(NativeBuckets::default().max_buckets(5));
    for value in [0.0, f64::NAN, -1.0, 1.0, 2.0, 3.0, 4.0, 5.0] {
        histogram.observe(value);
    }
    assert!(histogram.is_widened());
    reset(&histogram, Instant::now());
    assert_counted(&read(&histogram), &[]);
    assert_eq!((histogram.count(), load::<u64>(&histogram.populated)), (0, 0));
    assert!(!histogram.is_widened());
}
