//! [OpenMetrics](https://prometheus.io/docs/specs/om/open_metrics_spec/), version 1.0.0.
//!
//! Values that the specification forbids are written nevertheless, as client_golang writes them:
//! negative sums, quantiles and counters, counters that are NaN, `_sum` and `_count` of a histogram
//! with negative bounds. Prometheus stores them, and a series has the same samples in every format.

use super::line::Dialect;
use super::{Lines, Prepared, number};
use crate::desc::{Desc, MetricType};
use crate::escape;

/// Appends an exposition to a buffer.
pub(crate) type OpenMetrics<'a> = Lines<'a, Version100>;

/// The [`Dialect`] of the format.
pub(crate) struct Version100;

impl Dialect for Version100 {
    const FLOAT_BOUNDS: bool = true;
    const EXEMPLARS: bool = true;
    const END: &'static str = "# EOF\n";

    fn head(metric: &Prepared) -> &str {
        &metric.open_metrics_head
    }

    /// In seconds.
    fn append_timestamp(milliseconds: i64, out: &mut Vec<u8>) {
        if milliseconds < 0 {
            out.push(b'-');
        }
        number::append((milliseconds.unsigned_abs() / 1000).into(), out);
        let rest = milliseconds.unsigned_abs() % 1000;
        out.push(b'.');
        out.extend([100, 10, 1].map(|unit| b'0' + (rest / unit % 10) as u8));
    }
}

/// What stands in front of a family.
pub(crate) fn head(desc: &Desc) -> String {
    head_of(desc, desc.family_name(), type_name(desc))
}

/// What stands in front of a family of which nothing is known but its samples' name.
pub(crate) fn unknown_head(desc: &Desc) -> String {
    head_of(desc, desc.name(), UNKNOWN)
}

fn head_of(desc: &Desc, family: &str, type_name: &str) -> String {
    let mut head = format!("# HELP {family} ");
    escape::label_value(desc.help(), &mut head);
    head.push_str(&format!("\n# TYPE {family} {type_name}\n"));
    // The name of a family ends in its unit.
    if let Some(unit) = desc.unit().filter(|_| family == desc.family_name()) {
        head.push_str(&format!("# UNIT {family} {unit}\n"));
    }
    head
}

const UNKNOWN: &str = "unknown";

/// A counter's samples end in `_total`. One that is called otherwise keeps its name, so that a series is
/// called the same in every format, and loses its type.
fn type_name(desc: &Desc) -> &'static str {
    match desc.metric_type() {
        _ if desc.is_unsuffixed_counter() => UNKNOWN,
        MetricType::Untyped => UNKNOWN,
        other => other.as_str(),
    }
}
