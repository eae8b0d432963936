//! The [text format](https://prometheus.io/docs/instrumenting/exposition_formats/), version 0.0.4.

use super::number::{append_bound, append_integer};
use super::{Encoder, HistogramPoint, Number, SummaryPoint, escape};
use crate::desc::{Desc, Prepared};
use crate::labels::LabelBlock;

/// Appends an exposition to a buffer.
pub(crate) struct Text<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Text<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn end_line(&mut self, value: Number, timestamp: Option<i64>) {
        value.append_to(self.out);
        if let Some(milliseconds) = timestamp {
            self.out.push(b' ');
            append_integer(milliseconds, self.out);
        }
        self.out.push(b'\n');
    }

    /// One line of a histogram or summary: `name_suffix{constant,labels,bound="…"} value`.
    fn part(
        &mut self,
        metric: &Prepared,
        suffix: &str,
        labels: LabelBlock<'_>,
        bound: Option<(&str, f64)>,
        value: Number,
        timestamp: Option<i64>,
    ) {
        self.push(metric.desc.name());
        self.push(suffix);
        let mut separator = "{";
        for block in [LabelBlock::Text(&metric.const_block), labels] {
            if !block.is_empty() {
                self.push(separator);
                block.append_to(self.out);
                separator = ",";
            }
        }
        if let Some((name, bound)) = bound {
            self.push(separator);
            self.push(name);
            self.push("=\"");
            append_bound(bound, self.out);
            self.push("\"");
            separator = ",";
        }
        self.push(if separator == "," { "} " } else { " " });
        self.end_line(value, timestamp);
    }
}

impl Encoder for Text<'_> {
    fn begin_family(&mut self, desc: &Desc) {
        let mut head = String::new();
        escape::help(desc.help(), &mut head);
        for part in ["# HELP ", desc.name(), " ", &head, "\n"] {
            self.push(part);
        }
        for part in ["# TYPE ", desc.name(), " ", desc.metric_type().as_str(), "\n"] {
            self.push(part);
        }
    }

    fn end_family(&mut self) {}

    fn sample(
        &mut self,
        metric: &Prepared,
        labels: LabelBlock<'_>,
        value: Number,
        timestamp: Option<i64>,
    ) {
        if labels.is_empty() {
            self.push(&metric.bare);
        } else {
            self.push(&metric.open);
            labels.append_to(self.out);
            self.push("} ");
        }
        self.end_line(value, timestamp);
    }

    fn histogram(
        &mut self,
        metric: &Prepared,
        labels: LabelBlock<'_>,
        histogram: &HistogramPoint<'_>,
        timestamp: Option<i64>,
    ) {
        let bucket = |text: &mut Self, bound, count: u64| {
            text.part(metric, "_bucket", labels, Some(("le", bound)), count.into(), timestamp);
        };
        for &(bound, count) in histogram.buckets {
            bucket(self, bound, count);
        }
        if histogram.buckets.last().is_none_or(|&(bound, _)| bound != f64::INFINITY) {
            bucket(self, f64::INFINITY, histogram.count);
        }
        self.part(metric, "_sum", labels, None, histogram.sum.into(), timestamp);
        self.part(metric, "_count", labels, None, histogram.count.into(), timestamp);
    }

    fn summary(
        &mut self,
        metric: &Prepared,
        labels: LabelBlock<'_>,
        summary: &SummaryPoint<'_>,
        timestamp: Option<i64>,
    ) {
        for &(quantile, value) in summary.quantiles {
            let bound = Some(("quantile", quantile));
            self.part(metric, "", labels, bound, value.into(), timestamp);
        }
        self.part(metric, "_sum", labels, None, summary.sum.into(), timestamp);
        self.part(metric, "_count", labels, None, summary.count.into(), timestamp);
    }

    fn mark(&self) -> usize {
        self.out.len()
    }

    fn rollback(&mut self, mark: usize) {
        self.out.truncate(mark);
    }
}
