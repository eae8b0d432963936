//! An exporter of a registry of the `prometheus` crate that gathers what no exposition may have.

#![allow(clippy::expect_used, reason = "one of a kind")]

use std::collections::HashMap;
use std::process::ExitCode;

use hello_exporter::Exporter;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Bucket, Histogram, LabelPair, Metric, MetricFamily, MetricType};

/// A histogram family of three series, one of them sound.
struct Waits(Desc);

impl Waits {
    fn new() -> Self {
        let (name, help) = ("waits_seconds".to_owned(), "Waits.".to_owned());
        Self(Desc::new(name, help, vec!["of".to_owned()], HashMap::new()).expect("a desc"))
    }
}

impl Collector for Waits {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut family = MetricFamily::default();
        family.set_name("waits_seconds".to_owned());
        family.set_help("Waits.".to_owned());
        family.set_field_type(MetricType::HISTOGRAM);
        family.set_metric(vec![
            histogram("repeated", &[(1.0, 1), (1.0, 2)], 2),
            histogram("sound", &[(1.0, 1), (2.0, 2)], 2),
            histogram("falling", &[(1.0, 2), (2.0, 1)], 2),
        ]);
        vec![family]
    }
}

fn histogram(of: &str, buckets: &[(f64, u64)], count: u64) -> Metric {
    let bucket = |&(bound, count): &(f64, u64)| {
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(bound);
        bucket.set_cumulative_count(count);
        bucket
    };
    let mut histogram = Histogram::default();
    histogram.set_bucket(buckets.iter().map(bucket).collect());
    histogram.set_sample_sum(1.5);
    histogram.set_sample_count(count);
    let mut label = LabelPair::default();
    label.set_name("of".to_owned());
    label.set_value(of.to_owned());
    let mut metric = Metric::from_label(vec![label]);
    metric.set_histogram(histogram);
    metric
}

fn main() -> ExitCode {
    let registry = prometheus::Registry::new();
    registry.register(Box::new(Waits::new())).expect("a registry of its own");
    Exporter::new("foreign").register(registry).run()
}
