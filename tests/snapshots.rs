//! Snapshots of histograms and summaries, and values with timestamps: which are accepted, and how
//! they are exposed.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use hello_exporter::collect::{Collect, Desc, Describe, FamilyEncoder, MetricType};
use hello_exporter::{Collector, HistogramSnapshot, SummarySnapshot, Timestamped};
use hello_exporter_tests::{
    assert_golden, assert_golden_formats, exposition_of, exposition_of_fn, registry_of_fn,
};

fn histogram(buckets: &[(f64, u64)], count: u64) -> Result<HistogramSnapshot, String> {
    let buckets = buckets.iter().copied();
    HistogramSnapshot::new(buckets, 1.5, count).map_err(|error| error.to_string())
}

fn summary(quantiles: &[(f64, f64)]) -> Result<SummarySnapshot, String> {
    SummarySnapshot::new(quantiles.iter().copied(), 1.5, 3).map_err(|error| error.to_string())
}

#[test]
fn invalid_histogram_is_an_error() {
    let bounds = |bound: &str, next: &str| {
        Err(format!("`{next}` follows `{bound}`: bounds and quantiles must increase strictly"))
    };
    assert_eq!(histogram(&[(1.0, 1), (1.0, 2)], 2), bounds("1", "1"));
    assert_eq!(histogram(&[(1.0, 1), (0.5, 2)], 2), bounds("1", "0.5"));
    assert_eq!(histogram(&[(f64::NAN, 1)], 2), bounds("NaN", "+Inf"));
    assert_eq!(histogram(&[(f64::INFINITY, 1), (1.0, 1)], 2), bounds("+Inf", "1"));
    let counts = |bound: &str, next: u64, count: u64| {
        Err(format!(
            "the bucket up to `{bound}` counts {next} observations, the one before it {count}: \
             cumulative counts must not decrease"
        ))
    };
    assert_eq!(histogram(&[(1.0, 2), (2.0, 1)], 3), counts("2", 1, 2));
    assert_eq!(histogram(&[(1.0, 2), (2.0, 4)], 3), counts("+Inf", 3, 4));
}

#[test]
fn last_bucket_of_a_histogram_counts_every_observation() {
    let closed = histogram(&[(1.0, 2), (f64::INFINITY, 3)], 3);
    assert_eq!(closed, histogram(&[(1.0, 2)], 3));
    assert_eq!(histogram(&[], 3), histogram(&[(f64::INFINITY, 3)], 3));
    let message = |bucket, count| {
        Err(format!("the bucket up to `+Inf` counts {bucket} observations, but there are {count}"))
    };
    assert_eq!(histogram(&[(1.0, 2), (f64::INFINITY, 3)], 4), message(3, 4));
    assert_eq!(histogram(&[(1.0, 2), (f64::INFINITY, 3)], 2), message(3, 2));
}

#[test]
fn invalid_summary_is_an_error() {
    let quantile =
        |at: &str| Err(format!("invalid quantile `{at}`, expected a number from 0 to 1"));
    assert_eq!(summary(&[(0.5, 1.0), (1.5, 2.0)]), quantile("1.5"));
    assert_eq!(summary(&[(-0.5, 1.0)]), quantile("-0.5"));
    assert_eq!(summary(&[(f64::NAN, 1.0)]), quantile("NaN"));
    assert_eq!(summary(&[(f64::INFINITY, 1.0)]), quantile("+Inf"));
    let bounds = |bound: &str, next: &str| {
        Err(format!("`{next}` follows `{bound}`: bounds and quantiles must increase strictly"))
    };
    assert_eq!(summary(&[(0.5, 1.0), (0.5, 2.0)]), bounds("0.5", "0.5"));
    assert_eq!(summary(&[(0.5, 1.0), (0.25, 2.0)]), bounds("0.5", "0.25"));
    assert!(summary(&[(0.0, f64::NAN), (1.0, f64::NAN)]).is_ok());
}

#[derive(Collector)]
struct Snapshots {
    #[metric(help = "Histograms.", labels = ["x"])]
    a: BTreeMap<String, HistogramSnapshot>,

    #[metric(help = "Summaries.", labels = ["x", "y"], const_labels(zone = "z"))]
    b: Vec<((&'static str, u8), SummarySnapshot)>,

    /// At another time.
    c: Option<Timestamped<f64>>,

    #[metric(help = "At other times.", labels = ["x"])]
    d: BTreeMap<&'static str, Timestamped<Option<u64>>>,

    /// A histogram of another time.
    e: Timestamped<HistogramSnapshot>,
}

/// Returns a time with a fraction of a second.
fn then() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_500)
}

fn snapshots() -> Snapshots {
    let at = |value| Timestamped::new(value, then());
    Snapshots {
        a: BTreeMap::from([
            ("one".to_owned(), histogram(&[(0.5, 2)], 3).unwrap()),
            ("two".to_owned(), HistogramSnapshot::default()),
        ]),
        b: vec![
            (("one", 1), summary(&[(0.5, f64::NAN), (1.0, 0.25)]).unwrap()),
            (("two", 2), SummarySnapshot::default()),
            (("one", 1), SummarySnapshot::default()),
        ],
        c: Some(at(0.5)),
        d: BTreeMap::from([
            ("none", Timestamped::new(None, then())),
            ("past", Timestamped::new(Some(7), SystemTime::UNIX_EPOCH - Duration::from_millis(50))),
        ]),
        e: Timestamped::new(histogram(&[], 3).unwrap(), then()),
    }
}

#[test]
fn snapshots_and_timestamps_are_fields_and_values_of_maps() {
    assert_golden_formats("snapshots", &registry_of_fn(snapshots));
}

#[test]
fn new_returns_empty_snapshots() {
    assert_eq!(
        exposition_of_fn(Snapshots::new),
        r#"# HELP e A histogram of another time.
# TYPE e histogram
e_bucket{le="+Inf"} 0
e_sum 0
e_count 0
"#
    );
}

#[test]
fn counter_value_that_is_negative_or_nan_is_exposed() {
    #[derive(Collector)]
    struct Counters {
        /// Negative.
        #[metric(counter)]
        negative_total: i64,
        /// Negative, and of another time.
        #[metric(counter)]
        past_total: Timestamped<f64>,
        /// Without the suffix.
        #[metric(counter)]
        plain: f64,
        #[metric(counter, help = "Some.", labels = ["x"])]
        some_total: BTreeMap<u8, f64>,
    }

    let some = [-0.5, f64::NAN, f64::NEG_INFINITY, f64::INFINITY, 0.5];
    let counters = move || Counters {
        negative_total: -1,
        past_total: Timestamped::new(-1.0, then()),
        plain: f64::NAN,
        some_total: (0..).zip(some).collect(),
    };
    assert_golden_formats("negative_and_nan_counters", &registry_of_fn(counters));
}

/// A collector that writes a number, a histogram and a summary to families of five types.
struct Misfit;

impl Describe for Misfit {
    fn describe(&self) -> Vec<Desc> {
        let desc = |(name, metric_type)| Desc::new(name, "Help.", metric_type);
        let descs = [
            ("counter_total", MetricType::Counter),
            ("gauge", MetricType::Gauge),
            ("histogram", MetricType::Histogram),
            ("summary", MetricType::Summary),
            ("untyped", MetricType::Untyped),
        ];
        descs.map(desc).map(|desc| desc.with_labels(["x"])).to_vec()
    }
}

impl Collect for Misfit {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        encoder.sample(["number"], 1);
        encoder.sample(["histogram"], &histogram(&[(1.0, 2)], 3).unwrap());
        encoder.sample(["summary"], &summary(&[(0.5, 2.0)]).unwrap());
    }
}

#[test]
fn value_of_another_type_is_dropped() {
    assert_golden("expositions/samples_of_another_type.txt", &exposition_of(Misfit));
}
