//! What lint reports of the values that a collector exposes.

#![allow(missing_docs, reason = "tests")]

use std::collections::BTreeMap;

use hello_exporter::testing::lint;
use hello_exporter::{Collector, Counter};

#[test]
fn counters_that_are_negative_or_nan_are_reported() {
    #[derive(Collector)]
    struct Counters {
        #[metric(counter, help = "Some.", labels = ["x"])]
        some_total: BTreeMap<u8, f64>,
        /// One.
        #[metric(counter)]
        one_total: i64,
        /// No number.
        #[metric(counter)]
        nan_total: f64,
        /// Infinite.
        #[metric(counter)]
        infinite_total: f64,
        /// Live.
        live_total: Counter<f64>,
        /// No counter.
        level: f64,
    }

    let counters = Counters {
        some_total: (0..).zip([0.5, -0.0, -0.5, f64::NEG_INFINITY]).collect(),
        one_total: -5,
        nan_total: f64::NAN,
        infinite_total: f64::INFINITY,
        level: -1.0,
        ..Counters::new()
    };
    counters.live_total.inc_by(-1.0);
    counters.live_total.inc_by(f64::NAN);
    let problems: Vec<String> = lint(&counters).iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "nan_total: counter values should not be negative or NaN, but one is NaN",
            "one_total: counter values should not be negative or NaN, but one is -5",
            "some_total: counter values should not be negative or NaN, but one is -0.5",
        ]
    );
}
