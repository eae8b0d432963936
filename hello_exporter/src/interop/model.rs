//! The `prometheus` crate's data model, read and written.
//!
//! Its types come in two forms, with and without its feature `protobuf`, which any crate of a
//! program can turn on for all. This module uses only items that both forms have. If a method has a
//! different name in each form, the traits at the end add the missing name.

#![allow(
    deprecated,
    reason = "untyped metrics are deprecated in one form of the model, and have no other name"
)]

use prometheus::proto;

use crate::desc::MetricType;
use crate::encode::{
    Encoder, FamilyEncoder, HistogramPoint, PointValue, Prepared, Sample, SummaryPoint,
};
use crate::labels::RenderedLabels;
use crate::metric::{SnapshotError, check_buckets, check_quantiles};

/// Writes one metric of the foreign model under these labels. Refuses an untyped metric that cannot
/// be read, and a histogram or a summary that [`HistogramSnapshot`](crate::HistogramSnapshot) or
/// [`SummarySnapshot`](crate::SummarySnapshot) would refuse.
pub(super) fn encode(
    metric_type: proto::MetricType,
    metric: &proto::Metric,
    labels: &[(&str, &str)],
    encoder: &mut FamilyEncoder<'_>,
) {
    let (buckets, quantiles);
    let value = match metric_type {
        proto::MetricType::COUNTER => number(metric.get_counter().get_value()),
        proto::MetricType::GAUGE => number(metric.get_gauge().get_value()),
        proto::MetricType::UNTYPED => match untyped(metric) {
            Some(value) => number(value),
            None => return encoder.refuse(&"the value of an untyped metric is unreadable"),
        },
        proto::MetricType::HISTOGRAM => {
            buckets = buckets_of(metric.get_histogram());
            histogram(metric.get_histogram(), &buckets)
        }
        proto::MetricType::SUMMARY => {
            quantiles = quantiles_of(metric.get_summary());
            summary(metric.get_summary(), &quantiles)
        }
    };
    let timestamp = Some(metric.timestamp_ms()).filter(|&milliseconds| milliseconds != 0);
    match value {
        Ok(value) => {
            encoder.foreign_sample(labels, &Sample::new(value).at_milliseconds(timestamp));
        }
        Err(error) => encoder.refuse(&error),
    }
}

fn number<'a>(value: f64) -> Result<PointValue<'a>, SnapshotError> {
    Ok(PointValue::Number(value.into()))
}

/// Returns the value of an untyped metric; `None` if the form of the model in use cannot read it.
fn untyped(metric: &proto::Metric) -> Option<f64> {
    Some(metric.get_untyped().get_value()).filter(|value| value.to_bits() != UNREADABLE.to_bits())
}

fn buckets_of(histogram: &proto::Histogram) -> Vec<(f64, u64)> {
    let buckets = histogram.get_bucket().iter();
    buckets.map(|bucket| (bucket.upper_bound(), bucket.cumulative_count())).collect()
}

fn histogram<'b>(
    histogram: &proto::Histogram,
    buckets: &'b [(f64, u64)],
) -> Result<PointValue<'b>, SnapshotError> {
    let (sum, count) = (histogram.get_sample_sum(), histogram.get_sample_count());
    check_buckets(buckets, count)?;
    Ok(PointValue::Histogram(HistogramPoint { buckets, rendered: None, native: None, sum, count }))
}

fn quantiles_of(summary: &proto::Summary) -> Vec<(f64, f64)> {
    let quantiles = summary.get_quantile().iter();
    quantiles.map(|quantile| (quantile.quantile(), quantile.value())).collect()
}

fn summary<'q>(
    summary: &proto::Summary,
    quantiles: &'q [(f64, f64)],
) -> Result<PointValue<'q>, SnapshotError> {
    check_quantiles(quantiles)?;
    let (sum, count) = (summary.sample_sum(), summary.sample_count());
    Ok(PointValue::Summary(SummaryPoint { quantiles, sum, count }))
}

/// Converts a metric type of the `prometheus` crate to one of this crate.
pub(super) fn type_from(metric_type: proto::MetricType) -> MetricType {
    match metric_type {
        proto::MetricType::COUNTER => MetricType::Counter,
        proto::MetricType::GAUGE => MetricType::Gauge,
        proto::MetricType::HISTOGRAM => MetricType::Histogram,
        proto::MetricType::SUMMARY => MetricType::Summary,
        proto::MetricType::UNTYPED => MetricType::Untyped,
    }
}

/// Converts a metric type of this crate to one of the `prometheus` crate. Untyped metrics become
/// gauges, because the text encoder of that crate panics on them.
fn type_to(metric_type: MetricType) -> proto::MetricType {
    match metric_type {
        MetricType::Counter => proto::MetricType::COUNTER,
        MetricType::Gauge | MetricType::Info | MetricType::StateSet | MetricType::Untyped => {
            proto::MetricType::GAUGE
        }
        MetricType::Histogram => proto::MetricType::HISTOGRAM,
        MetricType::Summary => proto::MetricType::SUMMARY,
    }
}

/// Encodes one family into the foreign model.
pub(super) struct FamilyBuilder {
    family: proto::MetricFamily,
}

impl FamilyBuilder {
    pub(super) fn new() -> Self {
        Self { family: proto::MetricFamily::default() }
    }

    pub(super) fn finish(self) -> proto::MetricFamily {
        self.family
    }
}

fn set_number(built: &mut proto::Metric, metric_type: MetricType, value: f64) {
    if metric_type == MetricType::Counter {
        let mut counter = proto::Counter::default();
        counter.set_value(value);
        built.set_counter(counter);
    } else {
        let mut gauge = proto::Gauge::default();
        gauge.set_value(value);
        built.set_gauge(gauge);
    }
}

fn foreign_histogram(histogram: &HistogramPoint<'_>) -> proto::Histogram {
    let bucket = |&(bound, count): &(f64, u64)| {
        let mut bucket = proto::Bucket::default();
        bucket.set_upper_bound(bound);
        bucket.set_cumulative_count(count);
        bucket
    };
    // The foreign model implies the `+Inf` bucket. Its text encoder would write an explicit one as
    // `le="inf"`.
    let finite = histogram.buckets.iter().filter(|(bound, _)| *bound != f64::INFINITY);
    let mut built = proto::Histogram::default();
    built.set_bucket(finite.map(bucket).collect());
    built.set_sample_sum(histogram.sum);
    built.set_sample_count(histogram.count);
    built
}

fn foreign_summary(summary: &SummaryPoint<'_>) -> proto::Summary {
    let quantile = |&(at, value): &(f64, f64)| {
        let mut quantile = proto::Quantile::default();
        quantile.set_quantile(at);
        quantile.set_value(value);
        quantile
    };
    let mut built = proto::Summary::default();
    built.set_quantile(summary.quantiles.iter().map(quantile).collect());
    built.set_sample_sum(summary.sum);
    built.set_sample_count(summary.count);
    built
}

/// Returns all labels, sorted by name as in the `prometheus` crate.
fn label_pairs(metric: &Prepared, labels: RenderedLabels<'_>) -> Vec<proto::LabelPair> {
    let const_labels = RenderedLabels(metric.const_labels.as_bytes());
    let mut pairs: Vec<proto::LabelPair> = const_labels
        .pairs()
        .chain(labels.pairs())
        .map(|(name, value)| {
            let mut pair = proto::LabelPair::default();
            pair.set_name(name.into_owned());
            pair.set_value(value.into_owned());
            pair
        })
        .collect();
    pairs.sort_by(|one, other| one.name().cmp(other.name()));
    pairs
}

impl Encoder for FamilyBuilder {
    fn begin_family(&mut self, metric: &Prepared) {
        self.family.set_name(metric.desc.name().to_owned());
        self.family.set_help(metric.desc.exposed_help().into_owned());
        self.family.set_field_type(type_to(metric.desc.metric_type()));
    }

    fn sample(&mut self, metric: &Prepared, labels: RenderedLabels<'_>, sample: &Sample<'_>) {
        let mut built = proto::Metric::from_label(label_pairs(metric, labels));
        match &sample.value {
            PointValue::Number(value) => {
                set_number(&mut built, metric.desc.metric_type(), value.as_f64());
            }
            PointValue::Histogram(histogram) => built.set_histogram(foreign_histogram(histogram)),
            PointValue::Summary(summary) => built.set_summary(foreign_summary(summary)),
        }
        if let Some(milliseconds) = sample.timestamp {
            built.set_timestamp_ms(milliseconds);
        }
        self.family.mut_metric().push(built);
    }

    fn mark(&self) -> usize {
        self.family.get_metric().len()
    }

    fn rollback(&mut self, mark: usize) {
        self.family.mut_metric().truncate(mark);
    }
}

/// Adds `get_value` to the form of the model that has only `value`.
#[allow(dead_code, reason = "called in one form of the model only")]
trait GetValue {
    fn get_value(&self) -> f64;
}

/// Adds `value` to the form of the model that has only `get_value`.
#[allow(dead_code, reason = "called in one form of the model only")]
trait ValueOf {
    fn value(&self) -> f64;
}

/// Adds `get_untyped` to the form of the model that can make untyped metrics, but not read them.
#[allow(dead_code, reason = "called in one form of the model only")]
trait GetUntyped {
    fn get_untyped(&self) -> proto::Untyped;
}

macro_rules! either_name {
    ($($type:ident)*) => {$(
        impl GetValue for proto::$type {
            fn get_value(&self) -> f64 {
                self.value()
            }
        }

        impl ValueOf for proto::$type {
            fn value(&self) -> f64 {
                self.get_value()
            }
        }
    )*};
}

either_name!(Counter Gauge Untyped);

/// A NaN that no computation returns.
const UNREADABLE: f64 = f64::from_bits(0x7ff8_dead_dead_dead);

impl GetUntyped for proto::Metric {
    fn get_untyped(&self) -> proto::Untyped {
        let mut untyped = proto::Untyped::default();
        untyped.set_value(UNREADABLE);
        untyped
    }
}
