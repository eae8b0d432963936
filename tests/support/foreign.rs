//! Collectors and metrics of the `prometheus` crate with contents that its own metrics never have.

use std::collections::HashMap;

use prometheus::core::{Collector, Desc};
use prometheus::proto::{Bucket, Histogram, LabelPair, Metric, MetricFamily, MetricType};

/// A collector of the `prometheus` crate that returns one given family.
#[derive(Debug)]
pub struct Given(Desc, MetricFamily);

impl Given {
    /// Creates a collector of a family with these metrics.
    pub fn new(name: &str, help: &str, metric_type: MetricType, metrics: Vec<Metric>) -> Box<Self> {
        let mut family = MetricFamily::default();
        family.set_name(name.to_owned());
        family.set_help(help.to_owned());
        family.set_field_type(metric_type);
        family.set_metric(metrics);
        let desc = Desc::new(name.to_owned(), help.to_owned(), vec![], HashMap::new());
        Box::new(Self(desc.expect("a desc"), family))
    }
}

impl Collector for Given {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        vec![self.1.clone()]
    }
}

/// Returns a metric with these labels and no value.
pub fn metric(labels: &[(&str, &str)]) -> Metric {
    let pair = |&(name, value): &(&str, &str)| {
        let mut pair = LabelPair::default();
        pair.set_name(name.to_owned());
        pair.set_value(value.to_owned());
        pair
    };
    Metric::from_label(labels.iter().map(pair).collect())
}

/// Returns a histogram with the label `of`, these cumulative buckets and this count.
pub fn histogram(of: &str, buckets: &[(f64, u64)], count: u64) -> Metric {
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
    let mut metric = metric(&[("of", of)]);
    metric.set_histogram(histogram);
    metric
}
