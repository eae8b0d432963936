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

    /// The value of a field.
    #[derive(Clone, Copy)]
    enum Field<'a> {
        Integer(u64),
        Double(f64),
        Bytes(&'a [u8]),
    }

    /// The fields of a message, with their numbers.
    struct Message<'a>(Vec<(u64, Field<'a>)>);

    pub(super) fn samples(mut exposition: &[u8]) -> Vec<Sample> {
        let mut samples = Vec::new();
        while !exposition.is_empty() {
            let length = varint(&mut exposition) as usize;
            let (family, rest) = exposition.split_at(length);
            exposition = rest;
            let family = Message::read(family);
            for metric in family.messages(4) {
                metric.samples(&family.text(1), &mut samples);
            }
        }
        samples
    }

    impl<'a> Message<'a> {
        fn read(mut bytes: &'a [u8]) -> Self {
            let mut fields = Vec::new();
            while !bytes.is_empty() {
                let tag = varint(&mut bytes);
                let field = match tag & 7 {
                    0 => Field::Integer(varint(&mut bytes)),
                    1 => Field::Double(f64::from_le_bytes(
                        bytes.split_off(..8).expect("eight bytes").try_into().expect("eight"),
                    )),
                    2 => {
                        let length = varint(&mut bytes) as usize;
                        Field::Bytes(bytes.split_off(..length).expect("all bytes"))
                    }
                    other => panic!("unexpected wire type {other}"),
                };
                fields.push((tag >> 3, field));
            }
            Self(fields)
        }

        fn fields(&self, number: u64) -> impl Iterator<Item = Field<'a>> {
            let fields = self.0.iter().filter(move |(other, _)| *other == number);
            fields.map(|(_, field)| *field)
        }

        fn messages(&self, number: u64) -> impl Iterator<Item = Message<'a>> {
            self.fields(number).filter_map(|field| match field {
                Field::Bytes(bytes) => Some(Message::read(bytes)),
                _ => None,
            })
        }

        /// Returns the value of a numeric field, or zero if it is missing.
        fn number(&self, number: u64) -> f64 {
            match self.fields(number).next() {
                Some(Field::Double(value)) => value,
                Some(Field::Integer(value)) => value as f64,
                _ => 0.0,
            }
        }

        fn text(&self, number: u64) -> String {
            match self.fields(number).next() {
                Some(Field::Bytes(bytes)) => String::from_utf8(bytes.to_vec()).expect("a string"),
                _ => String::new(),
            }
        }

        /// Splits a `Metric` into the samples that the text formats would write.
        fn samples(&self, name: &str, samples: &mut Vec<Sample>) {
            let labels: Labels =
                self.messages(1).map(|label| (label.text(1), label.text(2))).collect();
            let timestamp = self.fields(6).find_map(|field| match field {
                Field::Integer(milliseconds) => Some(milliseconds.cast_signed()),
                _ => None,
            });
            let mut push = |suffix: &str, label: Option<(&str, f64)>, value| {
                let label = label.map(|(name, at)| (name.to_owned(), bound(at)));
                let labels = labels.clone().into_iter().chain(label).collect();
                samples.push(sample(format!("{name}{suffix}"), labels, value, timestamp));
            };
            for message in [2, 3, 5].into_iter().flat_map(|field| self.messages(field)) {
                push("", None, message.number(1));
            }
            for summary in self.messages(4) {
                for quantile in summary.messages(3) {
                    push("", Some(("quantile", quantile.number(1))), quantile.number(2));
                }
                push("_sum", None, summary.number(2));
                push("_count", None, summary.number(1));
            }
            for histogram in self.messages(7) {
                let buckets = histogram.messages(3);
                let mut buckets: Vec<_> = buckets.map(|it| (it.number(2), it.number(1))).collect();
                // The `+Inf` bucket may be left out.
                if buckets.last().is_none_or(|(bound, _)| *bound != f64::INFINITY) {
                    buckets.push((f64::INFINITY, histogram.number(1)));
                }
                for (bound, count) in buckets {
                    push("_bucket", Some(("le", bound)), count);
                }
                push("_sum", None, histogram.number(2));
                push("_count", None, histogram.number(1));
            }
        }
    }

    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let byte = *bytes.split_off_first().expect("a byte");
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        value
    }
}
