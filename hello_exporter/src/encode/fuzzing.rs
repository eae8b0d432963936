//! The functions of this room that fuzz targets call.

use super::SampleValue;
use super::cursor::{self, Cursor};
use super::number;

/// Appends a number as a line has it.
pub fn append_number(value: SampleValue, out: &mut Vec<u8>) {
    cursor::append_number(value, out);
}

/// Appends a bound as `le` and `quantile` have it; if `as_float`, with `.0` after an integer.
pub fn append_bound(value: f64, as_float: bool, out: &mut Vec<u8>) {
    number::append_bound(value, as_float, out);
}

/// A call of a method of a cursor.
#[derive(Clone, Copy, Debug)]
pub enum CursorCall<'b> {
    /// `parts` with one part.
    Part([&'b [u8]; 1]),
    /// `parts` with several parts.
    Parts([&'b [u8]; 4]),
    /// `number`: the parts before it, the number, and the end of the line.
    Number([&'b [u8]; 2], SampleValue, &'b [u8]),
    /// `prefix` of a short array, and its length.
    ShortPrefix([u8; 2], usize),
    /// `prefix` of a long array, and its length.
    LongPrefix([u8; 32], usize),
}

/// Calls the methods of one cursor, one after the other.
pub fn append(calls: &[CursorCall<'_>], out: &mut Vec<u8>) {
    let mut cursor = Cursor::new(out);
    for call in calls {
        match call {
            CursorCall::Part(part) => cursor.parts(*part),
            CursorCall::Parts(parts) => cursor.parts(*parts),
            CursorCall::Number(parts, value, end) => cursor.number(*parts, *value, end),
            CursorCall::ShortPrefix(bytes, length) => cursor.prefix(bytes, *length),
            CursorCall::LongPrefix(bytes, length) => cursor.prefix(bytes, *length),
        }
    }
}
