//! Prometheus' conventions, as promlint checks them, and one for the values of counters.

use std::collections::BTreeSet;
use std::fmt;

use super::values::invalid_counters;
use crate::collect::Collect;
use crate::desc::{Desc, MetricType};

/// A convention that a metric breaks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Problem {
    /// The name of the metric.
    pub metric: String,
    /// The problem, in the words of promlint for its rules.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.metric, self.text)
    }
}

/// Returns the problems that `promtool check metrics` reports, and counters that are negative or
/// NaN, sorted by metric and then by text.
///
/// These are [conventions](https://prometheus.io/docs/practices/naming/), not rules of the format:
/// a test can accept a problem for a good reason.
///
/// - There is a help text.
/// - Units are base units: `seconds`, not `milliseconds` or `minutes`; `bytes`, not `kilobytes`.
///   They are not abbreviated.
/// - Counters end in `_total`, and other metrics do not; `_bucket`, `_sum`, `_count` and the labels
///   `le` and `quantile` are for histograms and summaries. Untyped metrics are exempt.
/// - The name contains no type, such as `gauge`, and no `:`.
/// - Names of metrics and of labels, constant ones included, are in snake_case.
/// - Counters are not negative and not NaN. A scrape exposes such values, but `rate()` of them is
///   meaningless. promtool has no such rule.
///
/// promtool reads an exposition: it reports a problem of a label once per series, and nothing about
/// a family without samples. This function reads the Descs, and reports a problem of a label once
/// per Desc. If a name contains several units, promtool picks any of them, even a base unit; this
/// function picks the first that is not a base unit. Metrics are not compared with each other;
/// registration does that. A panic of the collector is not caught.
///
/// ```
/// use hello_exporter::testing::lint;
/// use hello_exporter::{Collector, Counter, Histogram};
///
/// #[derive(Collector)]
/// struct Queries {
///     /// Queries answered.
///     queries: Counter,
///
///     /// Time that queries took.
///     query_milliseconds: Histogram,
/// }
///
/// let problems: Vec<String> = lint(&Queries::new()).iter().map(ToString::to_string).collect();
/// assert_eq!(
///     problems,
///     [
///         "queries: counter metrics should have \"_total\" suffix",
///         "query_milliseconds: use base unit \"seconds\" instead of \"milliseconds\"",
///     ],
/// );
/// ```
#[must_use = "`lint` returns problems, and does not fail"]
pub fn lint(collector: &(impl Collect + ?Sized)) -> Vec<Problem> {
    let descs = collector.describe();
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for desc in &descs {
        // Descs that differ only in their constant labels are one metric.
        let of_family = seen.insert(desc.name()).then(|| problems_of_family(desc));
        let texts = of_family.into_iter().flatten().chain(problems_of_labels(desc));
        problems.extend(texts.map(|text| Problem { metric: desc.name().to_owned(), text }));
    }
    problems.extend(invalid_counters(collector).into_iter().map(|(metric, value)| {
        let text = format!("counter values should not be negative or NaN, but one is {value}");
        Problem { metric, text }
    }));
    problems.sort();
    problems
}

fn problems_of_family(desc: &Desc) -> Vec<String> {
    let mut problems = Vec::new();
    problems.extend(help(desc));
    problems.extend(unit(desc));
    problems.extend(total(desc));
    problems.extend(reserved_suffixes(desc));
    problems.extend(types_in_name(desc));
    problems.extend(colon(desc));
    problems.extend(camel_case_name(desc));
    problems.extend(abbreviated_units(desc));
    problems
}

fn problems_of_labels(desc: &Desc) -> Vec<String> {
    let constant = desc.const_labels().iter().map(|(name, _)| name);
    let names = constant.chain(desc.labels());
    let problems = |name: &str| [reserved_label(desc, name), camel_case_label(name)];
    names.flat_map(|name| problems(name)).flatten().collect()
}

fn help(desc: &Desc) -> Option<String> {
    // A parser of the text format skips white space before the text.
    let help = desc.help().trim_start_matches([' ', '\t']);
    help.is_empty().then(|| "no help text".to_owned())
}

fn unit(desc: &Desc) -> Option<String> {
    let units = desc.name().split('_').filter_map(|word| Some((word, base_unit(word)?)));
    let (word, base) = { units }.find(|(word, base)| word != base)?;
    Some(format!("use base unit \"{base}\" instead of \"{word}\""))
}

/// Returns the base unit of a unit with or without a prefix; `None` if the word is not a unit.
fn base_unit(word: &str) -> Option<&'static str> {
    let is_prefix = |start: &str| start.is_empty() || PREFIXES.contains(&start);
    let mut units = UNITS.iter();
    let (_, base) = units.find(|(unit, _)| word.strip_suffix(unit).is_some_and(is_prefix))?;
    Some(base)
}

fn total(desc: &Desc) -> Option<String> {
    let text = match (desc.metric_type(), desc.name().ends_with("_total")) {
        (MetricType::Untyped, _) => None,
        (MetricType::Counter, false) => Some("counter metrics should have \"_total\" suffix"),
        (MetricType::Counter, true) => None,
        (_, true) => Some("non-counter metrics should not have \"_total\" suffix"),
        (_, false) => None,
    };
    text.map(str::to_owned)
}

fn reserved_suffixes(desc: &Desc) -> Option<String> {
    let (_, suffix) = desc.name().rsplit_once('_')?;
    let others = match (suffix, desc.metric_type()) {
        (_, MetricType::Untyped | MetricType::Histogram) => return None,
        ("bucket", _) => "non-histogram",
        ("count" | "sum", MetricType::Summary) => return None,
        ("count" | "sum", _) => "non-histogram and non-summary",
        _ => return None,
    };
    Some(format!("{others} metrics should not have \"_{suffix}\" suffix"))
}

fn reserved_label(desc: &Desc, label: &str) -> Option<String> {
    let others = match (label, desc.metric_type()) {
        (_, MetricType::Untyped) => return None,
        ("le", metric_type) if metric_type != MetricType::Histogram => "non-histogram",
        ("quantile", metric_type) if metric_type != MetricType::Summary => "non-summary",
        _ => return None,
    };
    Some(format!("{others} metrics should not have \"{label}\" label"))
}

fn types_in_name(desc: &Desc) -> impl Iterator<Item = String> {
    let types = TYPES.iter().filter(|metric_type| has_word(desc, metric_type));
    types.map(|metric_type| format!("metric name should not include type '{metric_type}'"))
}

fn colon(desc: &Desc) -> Option<String> {
    desc.name().contains(':').then(|| "metric names should not contain ':'".to_owned())
}

fn camel_case_name(desc: &Desc) -> Option<String> {
    let text = "metric names should be written in 'snake_case' not 'camelCase'";
    is_camel_case(desc.name()).then(|| text.to_owned())
}

fn camel_case_label(label: &str) -> Option<String> {
    let text = "label names should be written in 'snake_case' not 'camelCase'";
    is_camel_case(label).then(|| text.to_owned())
}

fn abbreviated_units(desc: &Desc) -> impl Iterator<Item = String> {
    let units = ABBREVIATIONS.iter().filter(|unit| has_word(desc, unit));
    units.map(|_| "metric names should not contain abbreviated units".to_owned())
}

/// Returns whether the name has this word after its first `_`, in upper or lower case.
fn has_word(desc: &Desc, word: &str) -> bool {
    format!("{}_", desc.name().to_lowercase()).contains(&format!("_{word}_"))
}

fn is_camel_case(name: &str) -> bool {
    let mut pairs = name.as_bytes().windows(2);
    pairs.any(|pair| matches!(pair, [b'a'..=b'z', b'A'..=b'Z']))
}

/// The types that a name should not contain.
const TYPES: &[&str] = &["counter", "gauge", "gauge_histogram", "histogram", "summary"];

/// The abbreviations of units that a name should not contain.
const ABBREVIATIONS: &[&str] =
    &["b", "d", "gb", "h", "kb", "m", "mb", "ms", "ns", "pb", "s", "sec", "tb", "us"];

/// The prefixes of units that are not base units.
const PREFIXES: &[&str] = &[
    "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega",
    "mibi", "giga", "gibi", "tera", "tebi", "peta", "pebi",
];

/// Units, and the base units to use instead of them.
const UNITS: &[(&str, &str)] = &[
    ("amperes", "amperes"),
    ("bits", "bytes"),
    ("bytes", "bytes"),
    ("calories", "joules"),
    ("celsius", "celsius"),
    ("days", "seconds"),
    ("fahrenheit", "celsius"),
    ("grams", "grams"),
    ("hours", "seconds"),
    ("inches", "meters"),
    ("joules", "joules"),
    ("kelvin", "kelvin"),
    ("kelvins", "kelvin"),
    ("meters", "meters"),
    ("metres", "metres"),
    ("miles", "meters"),
    ("minutes", "seconds"),
    ("ounces", "grams"),
    ("pounds", "grams"),
    ("rankine", "celsius"),
    ("seconds", "seconds"),
    ("volts", "volts"),
    ("weeks", "seconds"),
    ("yards", "meters"),
];
