//! [OpenMetrics](https://prometheus.io/docs/specs/om/open_metrics_spec/), version 1.0.0.
//!
//! The encoder writes values that the specification forbids, as client_golang does: negative sums,
//! quantiles and counters, counters that are NaN, `_sum` and `_count` of a histogram with negative
//! bounds. Prometheus stores them, and a series has the same samples in every format.

use super::Prepared;
use super::cursor::append_number;
use super::line::{Dialect, LineEncoder};

/// Writes an exposition.
pub(crate) type OpenMetricsEncoder<'a> = LineEncoder<'a, Version100>;

/// The [`Dialect`] of the format.
pub(crate) struct Version100;

impl Dialect for Version100 {
    const FLOAT_BOUNDS: bool = true;
    const EXEMPLARS: bool = true;
    const END: &'static str = "# EOF\n";

    fn metadata(metric: &Prepared) -> &str {
        &metric.open_metrics_metadata
    }

    /// Appends seconds.
    fn append_timestamp(milliseconds: i64, out: &mut Vec<u8>) {
        if milliseconds < 0 {
            out.push(b'-');
        }
        append_number((milliseconds.unsigned_abs() / 1000).into(), out);
        let rest = milliseconds.unsigned_abs() % 1000;
        out.push(b'.');
        out.extend([100, 10, 1].map(|unit| b'0' + (rest / unit % 10) as u8));
    }
}
