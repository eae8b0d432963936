//! The [text format](https://prometheus.io/docs/instrumenting/exposition_formats/), version 0.0.4.

use super::line::Dialect;
use super::{Lines, Prepared, number};
use crate::desc::{Desc, MetricType};
use crate::escape;

/// Appends an exposition to a buffer.
pub(crate) type Text<'a> = Lines<'a, Version004>;

/// The [`Dialect`] of the format.
pub(crate) struct Version004;

impl Dialect for Version004 {
    const FLOAT_BOUNDS: bool = false;
    const EXEMPLARS: bool = false;
    const END: &'static str = "";

    fn head(metric: &Prepared) -> &str {
        &metric.text_head
    }

    fn append_timestamp(milliseconds: i64, out: &mut Vec<u8>) {
        number::append(milliseconds.into(), out);
    }
}

/// What stands in front of a family.
pub(crate) fn head(desc: &Desc) -> String {
    let mut head = format!("# HELP {} ", desc.name());
    escape::help(desc.help(), &mut head);
    head.push_str(&format!("\n# TYPE {} {}\n", desc.name(), type_name(desc.metric_type())));
    head
}

/// The format has five types; what is of another one has its samples, and is a gauge.
pub(crate) fn type_name(metric_type: MetricType) -> &'static str {
    match metric_type {
        MetricType::Info | MetricType::StateSet => MetricType::Gauge.as_str(),
        other => other.as_str(),
    }
}
