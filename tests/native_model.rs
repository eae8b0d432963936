//! Arbitrary native histograms compared with a model, which keeps all observations and has its own
//! arithmetic of bounds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

#[path = "support/arbitrary.rs"]
mod arbitrary;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;

use hello_exporter::metric::NativeBuckets;
use hello_exporter::{Collector, Format, Histogram};
use hello_exporter_tests::{model, registry_of};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

#[derive(Collector)]
struct One {
    /// Observations.
    #[metric(native)]
    values: Histogram,
}

/// Options of a histogram.
#[derive(Clone, Copy, Debug)]
struct Options {
    factor: f64,
    max_buckets: u32,
    zero_threshold: f64,
    max_zero_threshold: f64,
}

impl Options {
    fn buckets(self) -> NativeBuckets {
        NativeBuckets::new()
            .factor(self.factor)
            .max_buckets(self.max_buckets)
            .zero_threshold(self.zero_threshold)
            .max_zero_threshold(self.max_zero_threshold)
    }
}

fn options() -> impl Strategy<Value = Options> {
    let factors = select(vec![1.002, 1.01, 1.1, 1.5, 2.0, 4.0, 1e9]);
    let zeros = select(vec![0.0, 2.938_735_877_055_719e-39, 1e-3, 0.5]);
    let limits = select(vec![0.0, 1e-3, 1.0, f64::INFINITY]);
    (factors, prop_oneof![Just(0), 1_u32..40], zeros, limits).prop_map(
        |(factor, max_buckets, zero_threshold, max_zero_threshold)| Options {
            factor,
            max_buckets,
            zero_threshold,
            max_zero_threshold,
        },
    )
}

/// Generates any number, often one near a bound.
fn value() -> impl Strategy<Value = f64> {
    let near_power = (-40_i32..40, 0_usize..3).prop_map(|(exponent, side)| {
        let power = 2_f64.powi(exponent);
        [power.next_down(), power, power.next_up()][side]
    });
    let extreme = [0.0, f64::from_bits(1), f64::MIN_POSITIVE, f64::MAX, f64::INFINITY];
    let size = prop_oneof![
        4 => -10.0..10.0,
        2 => near_power,
        2 => 1.0..1.01,
        1 => any::<f64>(),
        1 => select(extreme.to_vec()),
    ];
    (size, any::<bool>()).prop_map(|(size, sign): (f64, bool)| if sign { -size } else { size })
}

/// Returns the histogram that protobuf exposes of these observations, made on two threads.
fn observed(options: Options, values: &[f64]) -> model::Histogram {
    let one = Arc::new(One { values: Histogram::new(options.buckets()) });
    let registry = registry_of(Arc::clone(&one));
    let mut buffer = Vec::new();
    thread::scope(|scope| {
        for values in values.chunks(values.len().div_ceil(2).max(1)) {
            let histogram = &one.values;
            scope.spawn(move || values.iter().for_each(|value| histogram.observe(*value)));
        }
        // Reading does not change what is exposed later.
        registry.encode(Format::Protobuf, &mut buffer);
    });
    buffer.clear();
    registry.encode(Format::Protobuf, &mut buffer);
    let families = model::families(&buffer);
    families[0].metric[0].histogram.clone().unwrap()
}

/// Returns whether the bucket with this index has the value, up to the rounding of `exp2`.
fn has(index: i32, schema: i32, value: f64) -> bool {
    const ROUNDING: f64 = 1.0 + 1e-14;
    let bound = |index: i32| (f64::from(index) * 2_f64.powi(-schema)).exp2();
    bound(index - 1) / ROUNDING <= value && value <= bound(index) * ROUNDING
}

/// Checks that the buckets hold these values and no others: in order, each value is in the bucket
/// of its rank.
fn check_side(buckets: &BTreeMap<i32, i64>, schema: i32, mut values: Vec<f64>) {
    values.sort_unstable_by(f64::total_cmp);
    let of_ranks = buckets.iter().flat_map(|(index, count)| (0..*count).map(|_| *index));
    let indices: Vec<i32> = of_ranks.collect();
    assert_eq!(indices.len(), values.len());
    for (index, value) in indices.into_iter().zip(values) {
        assert!(has(index, schema, value), "{value:e} is in bucket {index} of schema {schema}");
    }
}

/// Returns the finest schema whose factor is at most this one.
fn schema_of(factor: f64) -> i32 {
    let is_fine = |schema: &i32| 2_f64.powi(-schema).exp2() <= factor;
    (-4..=8).find(is_fine).unwrap_or(8)
}

proptest! {
    #![proptest_config(arbitrary::config(600))]

    #[test]
    fn native_histograms_count_every_observation_in_the_bucket_that_has_it(
        options in options(),
        values in vec(value(), 0..400),
    ) {
        let histogram = observed(options, &values);
        prop_assert_eq!(histogram.sample_count, values.len() as u64);
        let threshold = histogram.zero_threshold;
        let is_small = |value: &&f64| value.abs() <= threshold;
        prop_assert_eq!(histogram.zero_count, values.iter().filter(is_small).count() as u64);
        let side = |sign: f64| -> Vec<f64> {
            values.iter().map(|value| value * sign).filter(|value| *value > threshold).collect()
        };
        check_side(&histogram.positive(), histogram.schema, side(1.0));
        check_side(&histogram.negative(), histogram.schema, side(-1.0));

        let highest = options.zero_threshold.max(options.max_zero_threshold);
        prop_assert!(threshold >= options.zero_threshold && threshold <= highest);
        prop_assert!(histogram.schema <= schema_of(options.factor));
        let populated = histogram.positive().len() + histogram.negative().len();
        let limit = options.max_buckets as usize;
        prop_assert!(limit == 0 || populated <= limit || histogram.schema == -4);
    }
}
