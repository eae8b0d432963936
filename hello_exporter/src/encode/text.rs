//! The [text format](https://prometheus.io/docs/instrumenting/exposition_formats/), version 0.0.4.

use super::Prepared;
use super::cursor::append_number;
use super::line::{Dialect, LineEncoder};

/// Writes an exposition.
pub(crate) type TextEncoder<'a> = LineEncoder<'a, Version004>;

/// The [`Dialect`] of the format.
pub(crate) struct Version004;

impl Dialect for Version004 {
    const FLOAT_BOUNDS: bool = false;
    const EXEMPLARS: bool = false;
    const END: &'static str = "";

    fn metadata(metric: &Prepared) -> &str {
        &metric.text_metadata
    }

    fn append_timestamp(milliseconds: i64, out: &mut Vec<u8>) {
        append_number(milliseconds.into(), out);
    }
}
