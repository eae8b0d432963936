//! Samples that are numbers, as protobuf messages: appended without a call and without a move for
//! each.
//!
//! Registration renders the parts that all samples of a metric share. A series keeps the lengths of
//! its label values, so the length of every message is known before it is written. Series with an
//! escaped label, or with a label name in quotes, are appended in the general way.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::cursor::Cursor;
use super::prepared::Prepared;
use super::wire::{
    DELIMITED, FIXED_64, SHORT, VARINT, Varint, counter, family, label, metric, tag, time,
};
use super::{Sample, SampleValue};
use crate::desc::MetricType;
use crate::labels::SplitLabels;

/// The parts that the messages of all samples of a metric share.
#[derive(Debug)]
pub(crate) struct MessageParts {
    /// The constant labels.
    pub(super) const_labels: Vec<u8>,
    /// The variable labels in order; `None` if a name is in quotes.
    labels: Option<Labels>,
    pub(super) family_length: FamilyLength,
}

#[derive(Debug)]
struct Labels {
    each: Box<[LabelParts]>,
    /// The number of bytes of the rendered labels that are not values.
    rendered: usize,
    /// The number of bytes of the labels' messages that are not values, if all lengths are short.
    messages: usize,
}

/// The parts that all messages of a label share.
#[derive(Debug)]
struct LabelParts {
    /// The number of bytes before the value in the rendered labels without their prefix: none, or
    /// `",name="`.
    gap: usize,
    /// The name, its tag and length, and the tag of the value.
    name: Vec<u8>,
    /// The first bytes of `name`.
    name_chunk: [u8; CHUNK],
}

/// A short text is copied together with the bytes after it, up to this number in all. This takes
/// one move, whatever its length is.
const CHUNK: usize = 32;

impl MessageParts {
    /// Renders the parts from the messages of the constant labels, and from the names of the
    /// variable labels, as rendered labels contain them.
    pub(super) fn new<'n>(const_labels: Vec<u8>, names: impl Iterator<Item = &'n str>) -> Self {
        let labels = Labels::new(names);
        Self { const_labels, labels, family_length: FamilyLength::default() }
    }
}

impl Labels {
    fn new<'n>(names: impl Iterator<Item = &'n str>) -> Option<Self> {
        let mut rendered = 0;
        let labels = names.enumerate().map(|(at, name)| {
            let is_first = at == 0;
            // `name="`, the quote after the value, and the comma before the name.
            rendered += name.len() + if is_first { 3 } else { 4 };
            LabelParts::new(name, if is_first { 0 } else { name.len() + 4 })
        });
        let each: Box<[LabelParts]> = labels.collect::<Option<_>>()?;
        Some(Self {
            rendered,
            messages: each.iter().map(|label| LabelParts::message(label.length(0))).sum(),
            each,
        })
    }

    /// Returns the length of the messages of all labels with these values, whose rendered labels
    /// have `rendered` bytes; `None` if that is too little.
    #[inline(always)]
    fn length(&self, rendered: usize, values: impl Iterator<Item = usize>) -> Option<usize> {
        // A label's message is at most one byte longer than the rendered label.
        if rendered < SHORT - 1 {
            return Some(rendered.checked_sub(self.rendered)? + self.messages);
        }
        let labels = self.each.iter().zip(values);
        Some(labels.map(|(label, value)| LabelParts::message(label.length(value))).sum())
    }
}

impl LabelParts {
    /// Returns `None` if the name is in quotes.
    fn new(name: &str, gap: usize) -> Option<Self> {
        if name.starts_with('"') {
            return None;
        }
        let length = Varint::new(name.len() as u64);
        let (start, end) = ([tag(label::NAME, DELIMITED)], [tag(label::VALUE, DELIMITED)]);
        let name = [&start, length.bytes(), name.as_bytes(), &end].concat();
        let mut name_chunk = [0; CHUNK];
        name_chunk.iter_mut().zip(&name).for_each(|(target, byte)| *target = *byte);
        Some(Self { gap, name, name_chunk })
    }

    /// Returns the length of the label's content, for a value of this length.
    #[inline(always)]
    fn length(&self, value: usize) -> usize {
        self.name.len() + Varint::length(value) + value
    }

    /// Returns the length of the label's message, for a content of this length.
    #[inline(always)]
    fn message(content: usize) -> usize {
        1 + Varint::length(content) + content
    }

    /// Appends the message of the label, whose value is the first bytes of `rendered`.
    #[inline(always)]
    fn append(&self, cursor: &mut Cursor<'_>, rendered: &[u8], value: usize) {
        let length = self.length(value);
        if length >= SHORT || self.name.len() > CHUNK {
            return self.append_long(cursor, rendered.get(..value).unwrap_or_default());
        }
        cursor.prefix(&[tag(metric::LABEL, DELIMITED), length as u8], 2);
        cursor.prefix(&self.name_chunk, self.name.len());
        cursor.prefix(&[value as u8], 1);
        match rendered.first_chunk::<CHUNK>() {
            Some(chunk) if value <= CHUNK => cursor.prefix(chunk, value),
            _ => cursor.parts([rendered.get(..value).unwrap_or_default()]),
        }
    }

    #[cold]
    fn append_long(&self, cursor: &mut Cursor<'_>, value: &[u8]) {
        let length = Varint::new(self.length(value.len()) as u64);
        let value_length = Varint::new(value.len() as u64);
        let start = [tag(metric::LABEL, DELIMITED)];
        cursor.parts([&start, length.bytes(), &self.name, value_length.bytes(), value]);
    }
}

/// The number of bytes that the length of a family took in its last exposition. The next one
/// reserves as many. If that is right, which it mostly is, the family is not moved.
#[derive(Debug)]
pub(crate) struct FamilyLength(AtomicUsize);

impl Default for FamilyLength {
    fn default() -> Self {
        Self(AtomicUsize::new(1))
    }
}

impl FamilyLength {
    pub(super) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

/// A series whose value is a number.
pub(crate) struct NumberSeries<'s, L> {
    pub(crate) labels: SplitLabels<'s>,
    /// The lengths of the label values; `None` if one is escaped.
    pub(crate) lengths: Option<L>,
    pub(crate) number: SampleValue,
    /// Its start timestamp, in milliseconds since the Unix epoch.
    pub(crate) start: Option<i64>,
}

impl<L> NumberSeries<'_, L> {
    pub(crate) fn sample(&self) -> Sample<'static> {
        Sample::from(self.number).started_at_milliseconds(self.start)
    }
}

/// Appends messages of samples that are numbers.
pub(crate) struct PlainMessages<'m>(pub(super) &'m mut Vec<u8>);

impl PlainMessages<'_> {
    /// Appends series. Calls `append_other` for each one that the general way must append.
    #[inline]
    pub(crate) fn append<'s, L: Iterator<Item = usize> + Clone>(
        self,
        metric: &Prepared,
        mut series: impl Iterator<Item = NumberSeries<'s, L>>,
        mut append_other: impl FnMut(&mut Vec<u8>, NumberSeries<'s, L>),
    ) {
        let parts = &metric.messages;
        let field = match metric.desc.metric_type() {
            MetricType::Counter => metric::COUNTER,
            MetricType::Untyped => metric::UNTYPED,
            _ => metric::GAUGE,
        };
        let mut start = Start::default();
        loop {
            let mut cursor = Cursor::new(self.0);
            let other = series.try_for_each(|series| {
                match append(&mut cursor, parts, field, &mut start, &series) {
                    Some(()) => ControlFlow::Continue(()),
                    None => ControlFlow::Break(series),
                }
            });
            drop(cursor);
            match other {
                ControlFlow::Continue(()) => break,
                ControlFlow::Break(series) => append_other(self.0, series),
            }
        }
    }
}

/// Appends the message of a sample. Returns `None`, and appends nothing, if the general way must
/// append it.
#[inline(always)]
fn append<L: Iterator<Item = usize> + Clone>(
    cursor: &mut Cursor<'_>,
    parts: &MessageParts,
    field: u64,
    start: &mut Start,
    series: &NumberSeries<'_, L>,
) -> Option<()> {
    let (labels, lengths) = (parts.labels.as_ref()?, series.lengths.clone()?);
    // Many series start in the same millisecond.
    if start.milliseconds != series.start {
        *start = series.start.map_or(Some(Start::default()), Start::new)?;
    }
    let mut rendered = series.labels.rest;
    let rendered_length = series.labels.prefix.len() + rendered.len();
    let labels_length = labels.length(rendered_length, lengths.clone())?;
    append_length(parts.const_labels.len() + labels_length + NUMBER + start.length, cursor);
    cursor.parts([&parts.const_labels]);
    for (label, value) in labels.each.iter().zip(lengths) {
        rendered = rendered.get(label.gap..).unwrap_or_default();
        label.append(cursor, rendered, value);
        rendered = rendered.get(value..).unwrap_or_default();
    }
    cursor.parts([&number_message(field, series.number, start.length)]);
    cursor.prefix(&start.field.to_le_bytes(), start.length);
    Some(())
}

/// Appends the tag and the length of a `Metric`.
#[inline(always)]
fn append_length(length: usize, cursor: &mut Cursor<'_>) {
    let tag = tag(family::METRIC, DELIMITED);
    match length {
        0..SHORT => cursor.prefix(&[tag, length as u8], 2),
        SHORT..0x4000 => cursor.prefix(&[tag, length as u8 | 0x80, (length >> 7) as u8], 3),
        _ => cursor.parts([&[tag], Varint::new(length as u64).bytes()]),
    }
}

/// The number of bytes of the message of a number, without its start timestamp.
const NUMBER: usize = 3 + size_of::<f64>();

/// Returns the message of a number, before a start timestamp of this length.
#[inline(always)]
fn number_message(field: u64, value: SampleValue, start_length: usize) -> [u8; NUMBER] {
    let length = NUMBER - 2 + start_length;
    let [a, b, c, d, e, f, g, h] = value.as_f64().to_le_bytes();
    [tag(field, DELIMITED), length as u8, tag(1, FIXED_64), a, b, c, d, e, f, g, h]
}

/// The field of a start timestamp.
#[derive(Default)]
struct Start {
    /// The timestamp, if there is one.
    milliseconds: Option<i64>,
    /// The bytes in little-endian order, and zeros after them.
    field: u128,
    /// The number of bytes.
    length: usize,
}

impl Start {
    /// Returns `None` for a time before 1978 or after 3058: its seconds do not take five bytes.
    #[inline(always)]
    fn new(milliseconds: i64) -> Option<Self> {
        const SECONDS: usize = 5;

        let unsigned = milliseconds.cast_unsigned();
        let (seconds, rest) = (unsigned / 1000, unsigned % 1000);
        let (seconds, nanoseconds) = (Varint::new(seconds), Varint::new(rest * 1_000_000));
        if seconds.length != SECONDS {
            return None;
        }
        let length = 1 + SECONDS + 1 + nanoseconds.length;
        let [a, b, c, d, e, ..] = seconds.word().to_le_bytes();
        let start = tag(counter::CREATED_TIMESTAMP, DELIMITED);
        let first = [start, length as u8, tag(time::SECONDS, VARINT), a, b, c, d, e];
        let second = nanoseconds.word() << 8 | u64::from(tag(time::NANOSECONDS, VARINT));
        let field = u128::from(second) << 64 | u128::from(u64::from_le_bytes(first));
        Some(Self { milliseconds: Some(milliseconds), field, length: 2 + length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desc::Desc;
    use crate::encode::{Encoder, ProtobufEncoder};
    use crate::labels::{self, RenderedLabels};

    fn cut(rendered: &str) -> SplitLabels<'_> {
        let start = rendered.find("=\"").map_or(0, |at| at + 2);
        SplitLabels { prefix: &rendered[..start], rest: &rendered.as_bytes()[start..] }
    }

    /// Returns the messages of these series, and how many of them the general way appended.
    fn messages(desc: &Desc, series: &[(&[&str], Option<i64>)]) -> (Vec<u8>, usize) {
        let metric = Prepared::new(desc.clone());
        let names = || metric.label_names.iter().map(AsRef::as_ref);
        let rendered = series.iter().map(|(values, start)| {
            let mut rendered = String::new();
            labels::render(names().zip(values.iter().copied()), &mut rendered);
            let is_escaped = rendered.contains('\\');
            (rendered, values.iter().map(|value| value.len()), is_escaped, *start)
        });
        let rendered: Vec<_> = rendered.collect();
        let series = rendered.iter().map(|(rendered, lengths, is_escaped, start)| NumberSeries {
            labels: cut(rendered),
            lengths: (!is_escaped).then(|| lengths.clone()),
            number: SampleValue::U64(7),
            start: *start,
        });
        let mut joined = Vec::new();
        let mut general = |out: &mut Vec<u8>, series: NumberSeries<'_, _>| {
            let labels = series.labels.join(&mut joined);
            ProtobufEncoder::new(out).sample(&metric, labels, &series.sample());
        };
        let (mut out, mut expected, mut others) = (b"before".to_vec(), b"before".to_vec(), 0);
        PlainMessages(&mut out).append(&metric, series.clone(), |out, series| {
            others += 1;
            general(out, series);
        });
        series.for_each(|series| general(&mut expected, series));
        assert_eq!(out, expected);
        (out, others)
    }

    fn desc(labels: &[&'static str]) -> Desc {
        Desc::new("a_total", "Help.", MetricType::Counter).with_labels(labels.iter().copied())
    }

    #[test]
    fn every_start_timestamp_is_that_of_the_general_way() {
        let seconds = [0, 1, (1 << 28) - 1, 1 << 28, 1_795_905_600, (1 << 35) - 1, 1 << 35];
        let rests = [0, 1, 2, 3, 16, 17, 134, 268, 269, 999];
        let times = seconds.iter().flat_map(|time| rests.map(|rest| time * 1000 + rest));
        let times = times.flat_map(|time| [Some(time), Some(-time), None, Some(time)]);
        let times: Vec<_> = times.chain([Some(i64::MIN), Some(i64::MAX)]).collect();
        let series: Vec<(&[&str], _)> = times.iter().map(|time| (&["v"][..], *time)).collect();
        let is_fast = |time: &Option<i64>| {
            time.is_none_or(|time| (1 << 28..1 << 35).contains(&time.div_euclid(1000)))
        };
        let others = times.iter().filter(|time| !is_fast(time)).count();
        assert_eq!(messages(&desc(&["x"]), &series).1, others);
    }

    #[test]
    fn family_length_may_change_during_a_scrape() {
        let metric = Prepared::new(desc(&[]));
        let family = |meanwhile| {
            let mut out = Vec::new();
            let mut encoder = ProtobufEncoder::new(&mut out);
            encoder.begin_family(&metric);
            metric.messages.family_length.set(meanwhile);
            encoder.sample(&metric, RenderedLabels::EMPTY, &Sample::from(1));
            encoder.end_family(&metric);
            assert_eq!(metric.messages.family_length.bytes(), 1);
            out
        };
        let expected = family(1);
        assert_eq!(usize::from(expected[0]), expected.len() - 1);
        for meanwhile in 2..5 {
            assert_eq!(family(meanwhile), expected);
        }
        metric.messages.family_length.set(3);
        assert_eq!(family(1), expected);
    }

    #[test]
    fn labels_are_those_of_the_general_way() {
        assert_eq!(messages(&desc(&[]), &[(&[], None), (&[], Some(1 << 40))]).1, 0);
        let with_const = desc(&[]).with_const_labels([("c", "\"\\")]);
        assert_eq!(messages(&with_const, &[(&[], None)]).1, 0);
        let long = "a_name_that_is_longer_than_thirty_two_bytes";
        let values = [["", ""], ["v", "\""], ["\\", ""], ["ü", "a,b=c"]];
        let series = values.each_ref().map(|values| (&values[..], None));
        assert_eq!(messages(&desc(&["x", long]), &series).1, 2);
        let longest = "x".repeat(200);
        let name: &'static str = longest.leak();
        assert_eq!(messages(&desc(&[name, "y"]), &series).1, 2);
        assert_eq!(messages(&desc(&["a.b", "y"]), &series).1, 4);
    }
}
