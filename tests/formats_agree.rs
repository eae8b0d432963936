//! A series has the same samples in every format, including those that OpenMetrics forbids.

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

use arbitrary::{Content, registered};
use hello_exporter::metric::States;
use hello_exporter::{
    Collector, Counter, Format, Histogram, HistogramSnapshot, Registry, SummarySnapshot,
};
use hello_exporter_tests::{Sample, registry_of, samples};
use proptest::collection::vec;
use proptest::prelude::*;

const FORMATS: [Format; 3] = [Format::Text, Format::OpenMetrics, Format::Protobuf];

fn read(format: Format, registry: &Registry) -> Vec<Sample> {
    let mut buffer = Vec::new();
    registry.encode(format, &mut buffer);
    samples(format, &buffer)
}

/// Returns the samples for a comparison: `Debug` distinguishes the two zeros, and makes every NaN
/// equal.
fn read_as_text(format: Format, registry: &Registry) -> String {
    format!("{:#?}", read(format, registry))
}

/// Returns the number of samples of a series.
fn count(content: &Content) -> usize {
    match content {
        Content::Number(_) => 1,
        Content::Histogram { buckets, .. } => buckets.len() + 2,
        Content::Summary { quantiles, .. } => quantiles.len() + 2,
        Content::States(_) => arbitrary::State::STATES.len(),
    }
}

proptest! {
    #![proptest_config(arbitrary::config(300))]

    #[test]
    fn arbitrary_families_have_the_same_samples_in_every_format(
        families in vec(arbitrary::family(), 1..40),
    ) {
        let (registry, families) = registered(families);
        let [text, open_metrics, protobuf] = FORMATS.map(|it| read_as_text(it, &registry));
        prop_assert_eq!(&text, &open_metrics);
        prop_assert_eq!(&text, &protobuf);
        let series = families.iter().flat_map(|family| &family.series);
        let expected: usize = series.map(|series| count(&series.content)).sum();
        prop_assert_eq!(read(Format::Text, &registry).len(), expected);
    }
}

#[derive(Collector)]
struct Forbidden {
    #[metric(counter, help = "Counters.", labels = ["value"])]
    counts_total: BTreeMap<&'static str, f64>,
    #[metric(counter, help = "Counters without the suffix.", labels = ["value"])]
    untotalled: BTreeMap<&'static str, f64>,
    /// Counters that are live.
    live_total: Counter<f64>,
    #[metric(help = "A bound below zero.", buckets = [-1, 1])]
    signed: Histogram,
    #[metric(help = "An observation of NaN.", buckets = [1])]
    lost: Histogram,
    #[metric(help = "Histograms.", labels = ["sum"])]
    histograms: BTreeMap<&'static str, HistogramSnapshot>,
    #[metric(help = "Summaries.", labels = ["value"])]
    summaries: BTreeMap<&'static str, SummarySnapshot>,
}

const VALUES: [(&str, f64); 5] = [
    ("NaN", f64::NAN),
    ("-Inf", f64::NEG_INFINITY),
    ("-0.5", -0.5),
    ("-0", -0.0),
    ("+Inf", f64::INFINITY),
];

fn forbidden() -> Registry {
    let histogram = |sum| HistogramSnapshot::new([(f64::NEG_INFINITY, 1)], sum, 2).unwrap();
    let summary = |value| SummarySnapshot::new([(0.5, value)], value, 2).unwrap();
    let forbidden = Forbidden {
        counts_total: VALUES.into(),
        untotalled: VALUES.into(),
        histograms: VALUES.map(|(name, sum)| (name, histogram(sum))).into(),
        summaries: VALUES.map(|(name, value)| (name, summary(value))).into(),
        ..Forbidden::new()
    };
    for amount in [0.5, -1.0, f64::NAN, f64::INFINITY] {
        forbidden.live_total.inc_by(amount);
    }
    forbidden.signed.observe(-7.0);
    forbidden.lost.observe(f64::NAN);
    registry_of(forbidden)
}

#[test]
fn forbidden_values_are_exposed_in_every_format() {
    let registry = forbidden();
    for format in FORMATS {
        let samples = read(format, &registry);
        let value = |name: &str, value: &str| {
            let is_wanted = |sample: &&Sample| {
                sample.name == name && sample.labels.values().any(|label| label == value)
            };
            samples.iter().find(is_wanted).unwrap_or_else(|| panic!("{name} {value}")).value
        };
        let only = |name: &str| samples.iter().find(|it| it.name == name).unwrap().value;
        for (name, expected) in VALUES {
            for family in ["counts_total", "untotalled", "histograms_sum", "summaries"] {
                let value = value(family, name);
                assert_eq!(format!("{value:?}"), format!("{expected:?}"), "{format:?} {family}");
            }
            assert_eq!(value("histograms_count", name), 2.0, "{format:?}");
            assert_eq!(value("summaries_count", name), 2.0, "{format:?}");
        }
        assert_eq!((only("signed_sum"), only("signed_count")), (-7.0, 1.0), "{format:?}");
        assert!(only("lost_sum").is_nan(), "{format:?}");
        assert_eq!((only("lost_count"), only("live_total")), (1.0, 0.5), "{format:?}");
    }
    let [text, open_metrics, protobuf] = FORMATS.map(|format| read_as_text(format, &registry));
    assert_eq!(text, open_metrics);
    assert_eq!(text, protobuf);
}
