//! Independent programs read an exposition back as it was registered.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

#[path = "support/arbitrary.rs"]
mod arbitrary;

use arbitrary::{Content, Family, Series, State, is_on, registered};
use hello_exporter::Format;
use hello_exporter::collect::MetricType;
use hello_exporter::collect::SampleValue;
use hello_exporter::metric::States;
use hello_exporter_tests::{
    Exemplar, Family as Read, Sample, exposition, exposition_in, parse, parse_open_metrics,
    promtool,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// There are few cases, each of which is a registry with many families: a case starts a process.
const CASES: u32 = 20;

/// A format, with the rules of its reader.
#[derive(Clone, Copy, PartialEq)]
enum Dialect {
    Text,
    OpenMetrics,
}

use Dialect::{OpenMetrics, Text};

impl Dialect {
    fn read(self, family: &Family) -> Read {
        Read {
            name: self.name(family),
            metric_type: self.type_name(family).to_owned(),
            help: self.help(&family.help),
            unit: family.unit.clone().filter(|_| self == OpenMetrics).unwrap_or_default(),
            samples: family.series.iter().flat_map(|series| self.samples(family, series)).collect(),
        }
    }

    /// The Python client removes the suffix of a counter in the text format too.
    fn name(self, family: &Family) -> String {
        if self == OpenMetrics || family.metric_type == MetricType::Counter {
            family.base().to_owned()
        } else {
            family.name.clone()
        }
    }

    fn type_name(self, family: &Family) -> &'static str {
        match (family.metric_type, self) {
            (MetricType::Counter, OpenMetrics) if family.base() == family.name => "unknown",
            (MetricType::Info | MetricType::StateSet, Text) => "gauge",
            (MetricType::Untyped, _) => "unknown",
            (metric_type, _) => metric_type.as_str(),
        }
    }

    /// The parser of the text format strips the white space around a line, as Python defines it.
    fn help(self, help: &str) -> String {
        // A newline is escaped, so it is not white space in the exposition.
        let is_space =
            |it: char| it != '\n' && (it.is_whitespace() || ('\x1c'..='\x1f').contains(&it));
        match self {
            Text => help.trim_matches(is_space).to_owned(),
            OpenMetrics => help.to_owned(),
        }
    }

    fn samples(self, family: &Family, series: &Series) -> Vec<Sample> {
        let sample = |suffix: &str, label: Option<(&str, String)>, number| {
            self.sample(family, series, suffix, label, number)
        };
        match &series.content {
            Content::Number(number) => vec![sample(self.suffix(family), None, *number)],
            Content::States(states) => states_on(*states)
                .map(|(state, is_on)| sample("", Some((&family.name, state)), is_on.into()))
                .collect(),
            Content::Histogram { buckets, sum, count } => {
                let totals =
                    [("_sum", SampleValue::F64(*sum)), ("_count", SampleValue::U64(*count))];
                let bucket = |(bound, count): &(f64, u64)| {
                    sample("_bucket", Some(("le", bound_text(*bound))), SampleValue::U64(*count))
                };
                let totals = totals.map(|(suffix, number)| sample(suffix, None, number));
                buckets.iter().map(bucket).chain(totals).collect()
            }
            Content::Summary { quantiles, sum, count } => {
                let quantile = |(at, value): &(f64, f64)| {
                    sample("", Some(("quantile", bound_text(*at))), SampleValue::F64(*value))
                };
                let sum = sample("_sum", None, SampleValue::F64(*sum));
                let count = sample("_count", None, SampleValue::U64(*count));
                quantiles.iter().map(quantile).chain([sum, count]).collect()
            }
        }
    }

    /// Returns the suffix that the Python client adds to the name of a counter without it.
    fn suffix(self, family: &Family) -> &'static str {
        let is_bare = family.metric_type == MetricType::Counter && family.base() == family.name;
        if self == Text && is_bare { "_total" } else { "" }
    }

    fn sample(
        self,
        family: &Family,
        series: &Series,
        suffix: &str,
        label: Option<(&str, String)>,
        number: SampleValue,
    ) -> Sample {
        let variable = family.labels.iter().cloned().zip(series.labels.iter().cloned());
        let label = label.map(|(name, value)| (name.to_owned(), value));
        let labels = family.const_labels.iter().cloned().chain(variable).chain(label);
        Sample {
            name: format!("{}{suffix}", family.name),
            labels: labels.collect(),
            value: self.value(number),
            integer: integer(number).filter(|_| self == OpenMetrics),
            timestamp: series.time,
            exemplar: self.exemplar(family, series, number),
        }
    }

    /// The Python parser of OpenMetrics reads `-0` as an integer, and integers have no negative
    /// zero.
    fn value(self, number: SampleValue) -> f64 {
        match number.as_f64() {
            zero if zero == 0.0 && self == OpenMetrics => 0.0,
            value => value,
        }
    }

    fn exemplar(self, family: &Family, series: &Series, number: SampleValue) -> Option<Exemplar> {
        let has_place = self == OpenMetrics && family.base() != family.name;
        let labels = series.exemplar.clone().filter(|labels| has_place && !labels.is_empty())?;
        Some(Exemplar { labels, value: number.as_f64(), timestamp: None })
    }
}

/// Returns whether OpenMetrics 1.0 permits all values of the family. The Python client refuses
/// other values; `formats_agree.rs` reads them.
fn is_permitted(family: &Family) -> bool {
    let is_unknown = OpenMetrics.type_name(family) == "unknown";
    family.series.iter().all(|series| match (&series.content, family.metric_type) {
        (Content::Number(number), MetricType::Counter) => is_unknown || number.as_f64() >= 0.0,
        (Content::Number(_) | Content::States(_), _) => true,
        (Content::Histogram { buckets, sum, .. }, _) => buckets[0].0 >= 0.0 && *sum >= 0.0,
        (Content::Summary { quantiles, sum, .. }, _) => {
            let is_quantile = |value: f64| value >= 0.0 || value.is_nan();
            *sum >= 0.0 && quantiles.iter().all(|(_, value)| is_quantile(*value))
        }
    })
}

fn states_on(states: u8) -> impl Iterator<Item = (String, bool)> {
    let all = State::STATES.iter().enumerate();
    all.map(move |(at, state)| ((*state).to_owned(), is_on(states, at)))
}

fn integer(number: SampleValue) -> Option<i128> {
    match number {
        SampleValue::U64(value) => Some(value.into()),
        SampleValue::I64(value) => Some(value.into()),
        _ => None,
    }
}

/// Returns a bound in a form that does not depend on its spelling.
fn bound_text(bound: f64) -> String {
    format!("{bound:?}")
}

/// Makes the families comparable with the expected ones: bounds have one spelling, exemplars have
/// no time, since it is the current one, and no value is an integer if a float was written.
fn comparable(mut read: Vec<Read>, expected: &[Read]) -> Vec<Read> {
    for family in &mut read {
        let own = own_label(&family.metric_type);
        for sample in &mut family.samples {
            if let Some(bound) = own.and_then(|own| sample.labels.get_mut(own)) {
                *bound = bound_text(bound.parse().expect("a bound is a number"));
            }
            if let Some(exemplar) = &mut sample.exemplar {
                exemplar.timestamp.take().expect("an exemplar has a time");
            }
        }
    }
    let expected = expected.iter().flat_map(|family| &family.samples);
    let read_samples = read.iter_mut().flat_map(|family| &mut family.samples);
    for (sample, expected) in read_samples.zip(expected) {
        sample.integer = sample.integer.filter(|_| expected.integer.is_some());
    }
    read
}

fn own_label(metric_type: &str) -> Option<&'static str> {
    match metric_type {
        "histogram" => Some("le"),
        "summary" => Some("quantile"),
        _ => None,
    }
}

/// Compares by `Debug`, which distinguishes the two zeros and writes every NaN alike.
fn assert_read(read: Vec<Read>, expected: Vec<Read>) {
    let read = comparable(read, &expected);
    assert_eq!(read.len(), expected.len());
    for (read, expected) in read.iter().zip(&expected) {
        assert_eq!(format!("{read:#?}"), format!("{expected:#?}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..arbitrary::config(CASES) })]

    #[test]
    fn python_client_reads_back_the_text_format(mut families in vec(arbitrary::family(), 1..80)) {
        // Without its suffix, a counter of this name would have an empty name, which the client
        // refuses.
        families.retain(|family| family.name != "_total");
        let (registry, families) = registered(families);
        let expected = families.iter().map(|family| Text.read(family)).collect();
        assert_read(parse(&exposition(&registry)), expected);
    }

    #[test]
    fn promtool_parses_the_text_format(families in vec(arbitrary::family(), 1..80)) {
        promtool(&exposition(&registered(families).0));
    }

    #[test]
    fn python_client_reads_back_openmetrics(mut families in vec(arbitrary::family(), 1..80)) {
        families.retain(is_permitted);
        let (registry, families) = registered(families);
        let expected = families.iter().map(|family| OpenMetrics.read(family)).collect();
        let text = exposition_in(Format::OpenMetrics, &registry);
        assert_read(parse_open_metrics(&text), expected);
    }
}
