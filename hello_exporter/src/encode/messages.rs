//! Samples that are numbers, as protobuf messages: appended without a call and without a move for
//! each.
//!
//! Registration renders the parts that all samples of a metric share. The length of a message
//! follows from the length of the rendered labels, so it is written first, unless a label is long
//! or escaped.

use super::SampleValue;
use super::cursor::Cursor;
use super::prepared::Prepared;
use crate::desc::MetricType;
use crate::labels::RenderedLabels;

/// The parts that the messages of all samples of a metric share.
#[derive(Debug, Default)]
pub(crate) struct MessageParts {
    /// The constant labels.
    pub(super) const_labels: Vec<u8>,
    /// The variable labels in order; none if a name is long or in quotes.
    labels: Vec<LabelParts>,
    /// The number of bytes of rendered labels that are not values.
    gaps: usize,
    /// The number of bytes of the labels' messages that are not values.
    fixed: usize,
}

/// The parts that all messages of a label share.
#[derive(Debug)]
struct LabelParts {
    /// The number of bytes before the value in the rendered labels: `name="`, or `",name="`.
    gap: usize,
    /// The name, its tag and length, and the tag of the value.
    name: Vec<u8>,
}

/// Lengths below this are one byte.
const SHORT: usize = 128;
const LABEL: u8 = 1 << 3 | 2;
const METRIC: u8 = 4 << 3 | 2;

impl MessageParts {
    pub(super) fn new(const_labels: Vec<u8>, names: impl Iterator<Item = impl AsRef<str>>) -> Self {
        let mut parts = Self { const_labels, ..Self::default() };
        for (at, name) in names.enumerate() {
            let name = name.as_ref();
            if name.len() >= SHORT / 2 || name.starts_with('"') {
                return Self { const_labels: parts.const_labels, ..Self::default() };
            }
            let gap = name.len() + if at == 0 { 2 } else { 4 };
            parts.gaps += gap;
            // The tag and the length of the label, the name, and the length of the value.
            parts.fixed += 2 + (name.len() + 3) + 1;
            let bytes = [&[1 << 3 | 2, name.len() as u8], name.as_bytes(), &[2 << 3 | 2]].concat();
            parts.labels.push(LabelParts { gap, name: bytes });
        }
        // The quote after the last value.
        parts.gaps += usize::from(!parts.labels.is_empty());
        parts
    }
}

/// Appends messages of samples that are numbers.
pub(crate) struct PlainMessages<'m>(pub(super) &'m mut Vec<u8>);

impl PlainMessages<'_> {
    /// Appends samples. Calls `slow` for each one with long or escaped labels, to append it in the
    /// general way.
    #[inline]
    pub(crate) fn append<'s>(
        self,
        metric: &Prepared,
        samples: impl Iterator<Item = (RenderedLabels<'s>, SampleValue, Option<i64>)>,
        mut slow: impl FnMut(&mut Vec<u8>, RenderedLabels<'s>, SampleValue, Option<i64>),
    ) {
        let field = match metric.desc.metric_type() {
            MetricType::Counter => 3 << 3 | 2,
            MetricType::Untyped => 5 << 3 | 2,
            _ => 2 << 3 | 2,
        };
        let parts = &metric.messages;
        let mut number = Number::new(field, None);
        samples.for_each(|(labels, value, start)| {
            let before = self.0.len();
            // Many series start in the same millisecond.
            if number.start != start {
                number = Number::new(field, start);
            }
            number.set(value);
            if append(self.0, parts, labels.0, number.bytes()).is_none() {
                self.0.truncate(before);
                slow(self.0, labels, value, start);
            }
        });
    }
}

/// The message of a number, whose value can be replaced.
struct Number {
    start: Option<i64>,
    bytes: [u8; 32],
    length: usize,
}

impl Number {
    /// The position of the value, after its tag and the tag and the length of the message.
    const VALUE: usize = 3;

    fn new(field: u8, start: Option<i64>) -> Self {
        let mut number = Self { start, bytes: [0; 32], length: 0 };
        let start = start.map(Start::new);
        let length = 9 + start.as_ref().map_or(0, |start| 2 + start.length);
        number.push([field, length as u8, 1 << 3 | 1]);
        number.push([0; 8]);
        if let Some(start) = start {
            number.push([3 << 3 | 2, start.length as u8]);
            number.push(start.bytes);
            number.length -= start.bytes.len() - start.length;
        }
        number
    }

    fn push<const N: usize>(&mut self, bytes: [u8; N]) {
        if let Some(target) = self.bytes.get_mut(self.length..self.length + N) {
            target.copy_from_slice(&bytes);
        }
        self.length += N;
    }

    #[inline(always)]
    fn set(&mut self, value: SampleValue) {
        let target = self.bytes.get_mut(Self::VALUE..).and_then(<[u8]>::first_chunk_mut);
        if let Some(target) = target {
            *target = value.as_f64().to_le_bytes();
        }
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// A `google.protobuf.Timestamp` after 1970.
struct Start {
    bytes: [u8; 16],
    length: usize,
}

impl Start {
    fn new(milliseconds: i64) -> Self {
        let mut start = Self { bytes: [0; 16], length: 0 };
        let milliseconds = milliseconds.max(0).cast_unsigned();
        start.varint(1 << 3, milliseconds / 1000);
        start.varint(2 << 3, milliseconds % 1000 * 1_000_000);
        start
    }

    fn varint(&mut self, tag: u8, mut value: u64) {
        self.push(tag);
        while value >= 0x80 {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
    }

    fn push(&mut self, byte: u8) {
        if let Some(target) = self.bytes.get_mut(self.length) {
            *target = byte;
        }
        self.length += 1;
    }
}

/// Appends the message of a sample. Returns `None`, and may have appended a part, if its labels are
/// long or escaped.
#[inline]
fn append(out: &mut Vec<u8>, parts: &MessageParts, labels: &[u8], number: &[u8]) -> Option<()> {
    if parts.labels.is_empty() != labels.is_empty() {
        return None;
    }
    let values = labels.len().checked_sub(parts.gaps)?;
    let length = parts.const_labels.len() + parts.fixed + values + number.len();
    let (length, digits) = short_length(length)?;
    let mut cursor = Cursor::new(out);
    cursor.parts([&[METRIC], length.get(..digits)?, &parts.const_labels]);
    let mut rest = labels;
    for LabelParts { gap, name } in &parts.labels {
        let tail = rest.get(*gap..)?;
        let (value, tail) = tail.split_at_checked(end_of_value(tail)?)?;
        let inner = name.len() + 1 + value.len();
        if inner >= SHORT {
            return None;
        }
        cursor.parts([&[LABEL, inner as u8], name, &[value.len() as u8], value]);
        rest = tail;
    }
    cursor.parts([number]);
    Some(())
}

/// Returns the varint of a length below 2¹⁴, and its number of bytes.
#[inline(always)]
fn short_length(length: usize) -> Option<([u8; 2], usize)> {
    match length {
        0..SHORT => Some(([length as u8, 0], 1)),
        SHORT..0x4000 => Some(([length as u8 | 0x80, (length >> 7) as u8], 2)),
        _ => None,
    }
}

/// Returns the length of a value, up to its quote; `None` if it has a backslash.
#[inline]
fn end_of_value(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(word) = text.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*word);
        let found = bytes_equal(word, b'"') | bytes_equal(word, b'\\');
        if found != 0 {
            at += found.trailing_zeros() as usize / 8;
            return (text.get(at) == Some(&b'"')).then_some(at);
        }
        at += 8;
    }
    let rest = text.get(at..)?;
    let end = at + rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    (text.get(end) == Some(&b'"')).then_some(end)
}

/// Returns a word whose lowest bit in the upper bits of bytes marks the first byte that is equal to
/// `byte`; zero if there is none.
#[inline(always)]
fn bytes_equal(word: u64, byte: u8) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);

    let differing = word ^ (ONES * u64::from(byte));
    differing.wrapping_sub(ONES) & !differing & ONES << 7
}
