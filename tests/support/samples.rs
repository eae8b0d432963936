//! Reads the samples of an exposition in any format. Also reads values that the specification of
//! the format forbids.

use std::collections::BTreeMap;

use hello_exporter::Format;

use crate::parser::Sample;

type Labels = BTreeMap<String, String>;

/// Reads all samples, in order. Bounds and quantiles are rewritten as Rust prints numbers, and
/// every NaN becomes `f64::NAN`, so that formats can be compared.
pub fn samples(format: Format, exposition: &[u8]) -> Vec<Sample> {
    match format {
        Format::Protobuf => protobuf::samples(exposition),
        _ => {
            let exposition = str::from_utf8(exposition).expect("an exposition is UTF-8");
            lines::samples(format, exposition)
        }
    }
}

fn sample(name: String, labels: Labels, value: f64, timestamp: Option<i64>) -> Sample {
    let value = if value.is_nan() { f64::NAN } else { value };
    Sample { name, labels, value, integer: None, timestamp, exemplar: None }
}

/// Returns the common form of a bound or a quantile.
fn bound(bound: f64) -> String {
    format!("{bound:?}")
}

/// Returns the label whose value is the bound or quantile. Formats spell this value differently.
fn bound_label(metric_type: &str) -> Option<&'static str> {
    match metric_type {
        "histogram" => Some("le"),
        "summary" => Some("quantile"),
        _ => None,
    }
}

mod lines {
    use super::*;

    pub(super) fn samples(format: Format, exposition: &str) -> Vec<Sample> {
        let mut bound_label = None;
        let mut samples = Vec::new();
        for line in exposition.split_terminator('\n') {
            match line.strip_prefix("# TYPE ") {
                Some(metric) => {
                    let (_, metric_type) = metric.split_once(' ').expect("a type");
                    bound_label = super::bound_label(metric_type);
                }
                None if line.starts_with('#') => {}
                None => samples.push(read(format, line, bound_label)),
            }
        }
        samples
    }

    fn read(format: Format, line: &str, bound_label: Option<&str>) -> Sample {
        let end = line.find(['{', ' ']).expect("a value");
        let (name, rest) = line.split_at(end);
        let (mut labels, rest) = match rest.strip_prefix('{') {
            Some(rest) => labels(rest),
            None => (Labels::new(), rest),
        };
        if let Some(spelled) = bound_label.and_then(|label| labels.get_mut(label)) {
            *spelled = bound(spelled.parse().expect("a bound"));
        }
        let mut words = rest.trim_start().split(' ').take_while(|word| *word != "#");
        let value = words.next().expect("a value").parse().expect("a number");
        let timestamp = words.next().map(|time| match format {
            // Seconds with three decimals.
            Format::OpenMetrics => time.replace('.', "").parse().expect("a time"),
            _ => time.parse().expect("a time"),
        });
        sample(name.to_owned(), labels, value, timestamp)
    }

    /// Reads `a="b",c="d"} …`, and returns what follows the brace.
    fn labels(mut text: &str) -> (Labels, &str) {
        let mut labels = Labels::new();
        loop {
            let (name, rest) = text.split_once("=\"").expect("a label");
            let (value, rest) = value(rest);
            assert!(labels.insert(name.to_owned(), value).is_none(), "duplicate label `{name}`");
            text = match rest.strip_prefix('}') {
                Some(rest) => return (labels, rest),
                None => rest.strip_prefix(',').expect("a comma"),
            };
        }
    }

    /// Reads an escaped value, and returns what follows its closing quote.
    fn value(text: &str) -> (String, &str) {
        let mut value = String::new();
        let mut characters = text.chars();
        loop {
            value.push(match characters.next().expect("a quote") {
                '"' => return (value, characters.as_str()),
                '\\' => match characters.next().expect("an escape") {
                    'n' => '\n',
                    escaped => escaped,
                },
                plain => plain,
            });
        }
    }
}

mod protobuf {
    use super::*;
    use crate::model::{self, Histogram, Metric, Summary};

    /// Splits the metrics into the samples that the text formats would write.
    pub(super) fn samples(exposition: &[u8]) -> Vec<Sample> {
        let mut samples = Vec::new();
        for family in model::families(exposition) {
            for metric in &family.metric {
                push_metric(&family.name, metric, &mut samples);
            }
        }
        samples
    }

    fn push_metric(name: &str, metric: &Metric, samples: &mut Vec<Sample>) {
        let labels = model::labels(&metric.label);
        let mut push = |suffix: &str, label: Option<(&str, f64)>, value| {
            let label = label.map(|(name, at)| (name.to_owned(), bound(at)));
            let labels = labels.clone().into_iter().chain(label).collect();
            samples.push(sample(format!("{name}{suffix}"), labels, value, metric.timestamp_ms));
        };
        let Metric { counter, gauge, untyped, summary, histogram, .. } = metric;
        let numbers = [gauge, untyped].into_iter().flatten().map(|it| it.value);
        for value in numbers.chain(counter.iter().map(|it| it.value)) {
            push("", None, value);
        }
        if let Some(Summary { quantile, sample_sum, sample_count, .. }) = summary {
            for it in quantile {
                push("", Some(("quantile", it.quantile)), it.value);
            }
            push("_sum", None, *sample_sum);
            push("_count", None, *sample_count as f64);
        }
        if let Some(histogram) = histogram {
            for (bound, count) in buckets(histogram) {
                push("_bucket", Some(("le", bound)), count as f64);
            }
            push("_sum", None, histogram.sample_sum);
            push("_count", None, histogram.sample_count as f64);
        }
    }

    /// Returns the classic buckets, with the `+Inf` bucket, which may be left out.
    fn buckets(histogram: &Histogram) -> Vec<(f64, u64)> {
        let buckets = histogram.bucket.iter();
        let mut buckets: Vec<_> = buckets.map(|it| (it.upper_bound, it.cumulative_count)).collect();
        if buckets.last().is_none_or(|(bound, _)| *bound != f64::INFINITY) {
            buckets.push((f64::INFINITY, histogram.sample_count));
        }
        buckets
    }
}
