//! Finds a label in an exposition in delimited protobuf.
//!
//! The exposition has the labels of all metrics as they are sent, also of dynamic families and of
//! the `prometheus` crate, whose labels no declaration knows. The numbers of the fields are those
//! of
//! [`metrics.proto`](https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto).

use std::borrow::Cow;

/// The name of a `MetricFamily`, and that of a `LabelPair`.
const NAME: u64 = 1;
/// The metrics of a `MetricFamily`.
const METRIC: u64 = 4;
/// The labels of a `Metric`.
const LABEL: u64 = 1;

/// A metric with one of its labels.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) metric: String,
    pub(super) label: String,
}

/// Returns the first label that `is_sought` accepts.
pub(super) fn find_label(exposition: &[u8], is_sought: impl Fn(&str) -> bool) -> Option<Found> {
    let mut rest = exposition;
    std::iter::from_fn(|| delimited(&mut rest)).find_map(|family| {
        let metrics = values(family, METRIC);
        let mut labels = metrics.flat_map(|metric| values(metric, LABEL)).map(name);
        let label = labels.find(|label| is_sought(label))?.into_owned();
        Some(Found { metric: name(family).into_owned(), label })
    })
}

/// Returns the name of a family or of a label.
fn name(message: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(values(message, NAME).next().unwrap_or_default())
}

/// Returns the values of a field that is a text or a message.
fn values(mut message: &[u8], sought: u64) -> impl Iterator<Item = &[u8]> {
    let fields = std::iter::from_fn(move || field(&mut message));
    fields.filter_map(move |(number, value)| if number == sought { value } else { None })
}

/// Splits the next field off: its number, and its value if that is a text or a message.
fn field<'m>(message: &mut &'m [u8]) -> Option<(u64, Option<&'m [u8]>)> {
    let tag = varint(message)?;
    let value = match tag & 7 {
        0 => varint(message).map(|_| None)?,
        1 => message.split_off(..8).map(|_| None)?,
        2 => Some(delimited(message)?),
        5 => message.split_off(..4).map(|_| None)?,
        _ => return None,
    };
    Some((tag >> 3, value))
}

/// Splits a length and as many bytes off.
fn delimited<'m>(message: &mut &'m [u8]) -> Option<&'m [u8]> {
    let length = usize::try_from(varint(message)?).ok()?;
    message.split_off(..length)
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = *message.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::{Collector, DynamicFamilies, Format, Histogram, Registry};

    #[derive(Collector)]
    #[collector(crate = crate)]
    struct Job {
        /// Durations.
        #[metric(name = "durations_seconds", const_labels(stage = "load"), buckets = [1.0], native)]
        durations: Histogram,
    }

    #[test]
    fn labels_of_declared_and_dynamic_families_are_found() {
        let registry = Registry::new();
        let job = Job::new();
        job.durations.observe(200.5);
        registry.register(job).unwrap();
        registry
            .register_fn(|| {
                let mut families = DynamicFamilies::new();
                let disk = families.gauge("disk_bytes", "Size.");
                disk.sample([("disk", "sda"), ("rack", "7")], 1);
                families
            })
            .unwrap();
        let mut exposition = Vec::new();
        registry.encode(Format::Protobuf, &mut exposition);
        let find = |sought: &str| find_label(&exposition, |label| label == sought);
        let found = |metric: &str, label: &str| {
            Some(Found { metric: metric.to_owned(), label: label.to_owned() })
        };
        assert_eq!(find("stage"), found("durations_seconds", "stage"));
        assert_eq!(find("rack"), found("disk_bytes", "rack"));
        assert_eq!(find("job"), None);
    }
}
