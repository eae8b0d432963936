//! The protocol buffer format, decoded with the protobuf model of the `prometheus` crate. Also our
//! collectors in a registry of that crate with this model, and its metrics and registries in ours.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

#[path = "../support/arbitrary.rs"]
mod arbitrary;

use std::collections::HashMap;
use std::time::{Duration, UNIX_EPOCH};

use arbitrary::{Content, Family, Series, State, is_on, registered};
use hello_exporter::collect::MetricType;
use hello_exporter::metric::{MAX_LABEL_VALUE_BYTES, States};
use hello_exporter::{
    Collector, Counter, CounterVec, Format, Gauge, GaugeVec, Histogram, HistogramSnapshot, Info,
    LabelValue, Labels, Registry, StateSet, SummarySnapshot, Timestamped,
};
use prometheus::proto;
use proptest::collection::vec;
use proptest::prelude::*;
use protobuf::text_format::print_to_string_pretty;
use protobuf::{CodedInputStream, Enum, EnumOrUnknown, Message, MessageField, SpecialFields};

fn encoded(registry: &Registry) -> Vec<u8> {
    let mut buffer = Vec::new();
    registry.encode(Format::Protobuf, &mut buffer);
    buffer
}

/// Decodes the messages of an exposition, each of which follows its length.
fn decoded(exposition: &[u8]) -> Vec<proto::MetricFamily> {
    let mut input = CodedInputStream::from_bytes(exposition);
    let mut families = Vec::new();
    while !input.eof().unwrap() {
        let mut family: proto::MetricFamily = input.read_message().unwrap();
        family.metric.iter_mut().for_each(forget_unknown);
        families.push(family);
    }
    families
}

/// Removes exemplars and start timestamps, which this model does not know.
fn forget_unknown(metric: &mut proto::Metric) {
    if let Some(counter) = metric.counter.as_mut() {
        counter.special_fields = SpecialFields::new();
    }
    if let Some(histogram) = metric.histogram.as_mut() {
        histogram.special_fields = SpecialFields::new();
    }
}

/// Returns the messages in their text form.
fn text(families: &[proto::MetricFamily]) -> String {
    families.iter().map(|family| print_to_string_pretty(family) + "\n").collect()
}

fn exposed(collector: impl hello_exporter::registry::IntoCollector) -> Vec<proto::MetricFamily> {
    let registry = Registry::new();
    registry.register(collector).unwrap();
    decoded(&encoded(&registry))
}

#[derive(Labels)]
struct Release {
    version: &'static str,
}

#[derive(LabelValue, Clone, Copy)]
enum Role {
    Leader,
    Follower,
}

#[derive(Collector)]
#[collector(const_labels(zone = "\"\\\n"))]
struct Everything {
    /// Counts.
    a_total: Counter,
    #[metric(help = "Seconds.", labels = ["cpu", "mode"], unit = "seconds")]
    b_seconds_total: CounterVec<2, f64>,
    /// A level.
    c: Gauge<i64>,
    #[metric(help = "Live.", buckets = [-1, 0.5])]
    d: Histogram,
    /// Of somebody else.
    e: HistogramSnapshot,
    /// Pauses.
    f: SummarySnapshot,
    /// A release.
    g_info: Info<Release>,
    /// States.
    h: StateSet<Role>,
    #[metric(help = "Of no type.", untyped)]
    i: Timestamped<f64>,
}

fn everything() -> Everything {
    let everything = Everything {
        e: HistogramSnapshot::new([(1.0, 20), (25.0, 23)], 9.5, 24).unwrap(),
        f: SummarySnapshot::new([(0.5, -1.0), (1.0, f64::NAN)], 1.5, 40).unwrap(),
        i: Timestamped::new(-0.0, UNIX_EPOCH - Duration::from_millis(1500)),
        ..Everything::new()
    };
    everything.a_total.inc_by_with_exemplar(300, &[("only", "OpenMetrics")]);
    everything.b_seconds_total.with(["0", "idle"]).inc_by(0.25);
    everything.b_seconds_total.with(["0", ""]).inc_by(7.0);
    everything.c.set(i64::MIN);
    everything.d.observe(0.5);
    everything.d.observe(7.0);
    everything.g_info.set(Release { version: "7" });
    everything.h.set(Role::Leader);
    everything.h.set(Role::Follower);
    everything
}

const EVERYTHING: &str = include_str!("everything.txt");

#[test]
fn every_type_is_decoded() {
    assert_eq!(text(&exposed(everything())), EVERYTHING);
}

#[test]
fn empty_registry_appends_nothing() {
    let registry = Registry::new();
    let mut buffer = b"before".to_vec();
    registry.encode(Format::Protobuf, &mut buffer);
    assert_eq!(buffer, b"before");
    registry.register(everything()).unwrap();
    registry.encode(Format::Protobuf, &mut buffer);
    assert_eq!(text(&decoded(&buffer[6..])), EVERYTHING);
}

#[test]
fn panicking_collector_leaves_no_partial_message() {
    struct Panicking;
    impl hello_exporter::collect::Describe for Panicking {
        fn describe(&self) -> Vec<hello_exporter::collect::Desc> {
            let desc = |name| hello_exporter::collect::Desc::new(name, "Help.", MetricType::Gauge);
            vec![desc("bad"), desc("good")]
        }
    }
    impl hello_exporter::collect::Collect for Panicking {
        fn collect(&self, index: usize, encoder: &mut hello_exporter::collect::FamilyEncoder<'_>) {
            encoder.value(1);
            assert!(index == 1, "a fault");
        }
    }

    let registry = Registry::new();
    for zone in ["a", "b"] {
        registry.scope().const_label("zone", zone).register(Panicking).unwrap();
    }
    let good = family("good", "Help.", proto::MetricType::GAUGE);
    let good = [("zone", "a"), ("zone", "b")].into_iter().fold(good, |mut family, label| {
        let gauge = proto::Gauge { value: Some(1.0), ..Default::default() };
        let metric = proto::Metric { gauge: MessageField::some(gauge), ..metric([label]) };
        family.metric.push(metric);
        family
    });
    assert_eq!(decoded(&encoded(&registry)), [good]);
}

/// The lengths in these messages need one, two and three bytes.
#[test]
fn lengths_of_every_size_are_read() {
    #[derive(Collector)]
    struct Long {
        #[metric(help = "Help.", labels = ["x"])]
        long: CounterVec<1>,
    }

    let around = |length: usize| length - 40..length + 3;
    let most = [MAX_LABEL_VALUE_BYTES, MAX_LABEL_VALUE_BYTES + 1];
    let lengths = [0, 1].into_iter().chain(around(1 << 7)).chain(around(1 << 14)).chain(most);
    for length in lengths {
        let long = Long::new();
        long.long.with(["x".repeat(length)]).inc_by(length as u64);
        let mut expected = family("long", "Help.", proto::MetricType::COUNTER);
        let value = "x".repeat(length.min(MAX_LABEL_VALUE_BYTES));
        expected.metric.push(counted([("x", value.as_str())], length));
        assert!(exposed(long) == [expected], "a label value of {length} bytes");
    }
}

#[derive(Collector)]
struct Wide {
    #[metric(
        help = "Five.",
        labels = ["a", "b", "c", "d", "a_name_that_is_longer_than_thirty_two_bytes"],
        const_labels(zone = "north"),
    )]
    five_total: CounterVec<5>,
    #[metric(help = "Two.", labels = ["x", "y"])]
    two: GaugeVec<2>,
    #[metric(help = "None.", const_labels(zone = "\"\\\n"))]
    none_total: Counter,
    /// Without any label.
    bare_total: Counter,
}

/// Returns label values of many lengths, some of them escaped.
fn long_and_escaped() -> Vec<String> {
    let around = |length: usize| length - 5..length + 3;
    let most = [MAX_LABEL_VALUE_BYTES];
    let lengths = (0..140).chain(around(1 << 14)).chain(around(1 << 15)).chain(most);
    let plain = lengths.map(|length| "x".repeat(length));
    let escaped = ["\"", "a\\", "\n", "\"\\\n", "ü", "=\",", "\\\\\"\"", "äö\"ü"];
    plain.chain(escaped.map(String::from)).collect()
}

/// The shortest encoding has every length and number in as few bytes as possible. The model keeps
/// start timestamps as unknown fields, and writes them last.
#[test]
fn live_families_have_the_shortest_encoding() {
    let wide = std::sync::Arc::new(Wide::new());
    let registry = Registry::new();
    registry.register(std::sync::Arc::clone(&wide)).unwrap();
    wide.none_total.inc();
    let values = long_and_escaped();
    let mut series = Vec::new();
    for (at, value) in values.iter().enumerate() {
        let mut five = ["GET", "", "/x", "200", "é"];
        five[at % 5] = value;
        five[(at + 2) % 5] = &values[at / 2 % 40];
        wide.five_total.with(five).inc_by(at as u64);
        wide.two.with([value.as_str(), "y"]).set(-0.5);
        series.push(five.map(String::from).to_vec());
    }
    // The second time, the lengths of the families are known.
    for round in 0..2 {
        let exposition = encoded(&registry);
        let families = decoded(&exposition);
        let five = families.iter().find(|family| family.name() == "five_total").unwrap();
        for (metric, values) in five.metric.iter().zip(&series) {
            let labels: Vec<_> = metric.label.iter().skip(1).map(|it| it.value()).collect();
            assert!(labels == *values, "{round} {labels:?}");
        }
        assert_eq!(five.metric.len(), series.len());
        let mut input = CodedInputStream::from_bytes(&exposition);
        let mut shortest = Vec::new();
        while !input.eof().unwrap() {
            let family: proto::MetricFamily = input.read_message().unwrap();
            family.write_length_delimited_to_vec(&mut shortest).unwrap();
        }
        assert!(exposition == shortest, "{round}");
    }
    wide.five_total.clear();
    wide.two.clear();
    assert_eq!(decoded(&encoded(&registry)).len(), 2);
}

/// The counts in these buckets need from one to ten bytes.
#[test]
fn counts_of_every_size_are_read() {
    #[derive(Collector)]
    struct Counted {
        #[metric(help = "Help.")]
        counted: HistogramSnapshot,
    }

    for bits in 0..64 {
        let count = u64::MAX >> bits;
        let buckets = [(-0.5, 0), (1.0, count / 3), (2.0, count)];
        let snapshot = move || HistogramSnapshot::new(buckets, 1.5, count).unwrap();
        let registry = Registry::new();
        registry.register_fn(move || Counted { counted: snapshot() }).unwrap();
        let mut expected = family("counted", "Help.", proto::MetricType::HISTOGRAM);
        let histogram = MessageField::some(histogram(&buckets, 1.5, count));
        expected.metric.push(proto::Metric { histogram, ..Default::default() });
        assert_eq!(decoded(&encoded(&registry)), [expected]);
    }
}

#[test]
fn family_of_many_series_is_read() {
    #[derive(Collector)]
    struct Many {
        #[metric(help = "Help.", labels = ["x"], const_labels(c = "constant"))]
        many: CounterVec<1>,
    }

    for count in [1, 2, 3, 4, 5, 400, 20_000] {
        let many = Many::new();
        let mut expected = family("many", "Help.", proto::MetricType::COUNTER);
        for at in 0..count {
            many.many.with([at]).inc_by(at as u64);
            let at_text = at.to_string();
            expected.metric.push(counted([("c", "constant"), ("x", at_text.as_str())], at));
        }
        assert!(exposed(many) == [expected], "{count} series");
    }
}

fn family(name: &str, help: &str, metric_type: proto::MetricType) -> proto::MetricFamily {
    proto::MetricFamily {
        name: Some(name.to_owned()),
        help: Some(help.to_owned()),
        type_: Some(EnumOrUnknown::new(metric_type)),
        ..Default::default()
    }
}

fn metric<'l>(labels: impl IntoIterator<Item = (&'l str, &'l str)>) -> proto::Metric {
    let pair = |(name, value): (&str, &str)| proto::LabelPair {
        name: Some(name.to_owned()),
        value: Some(value.to_owned()),
        ..Default::default()
    };
    proto::Metric { label: labels.into_iter().map(pair).collect(), ..Default::default() }
}

fn counted<'l>(
    labels: impl IntoIterator<Item = (&'l str, &'l str)>,
    value: usize,
) -> proto::Metric {
    let counter = proto::Counter { value: Some(value as f64), ..Default::default() };
    proto::Metric { counter: MessageField::some(counter), ..metric(labels) }
}

/// Returns the expected model of a family.
fn model(arbitrary: &Family) -> proto::MetricFamily {
    let metric_type = match arbitrary.metric_type {
        MetricType::Counter => proto::MetricType::COUNTER,
        MetricType::Histogram => proto::MetricType::HISTOGRAM,
        MetricType::Summary => proto::MetricType::SUMMARY,
        MetricType::Untyped => proto::MetricType::UNTYPED,
        _ => proto::MetricType::GAUGE,
    };
    let mut family = family(&arbitrary.name, &arbitrary.help, metric_type);
    family.metric = arbitrary.series.iter().flat_map(|it| metrics(arbitrary, it)).collect();
    if let Some(unit) = &arbitrary.unit {
        // The model is older than this field.
        let mut unknown = SpecialFields::new();
        unknown.mut_unknown_fields().add_length_delimited(5, unit.clone().into_bytes());
        family.special_fields = unknown;
    }
    family
}

fn metrics(family: &Family, series: &Series) -> Vec<proto::Metric> {
    let variable = family.labels.iter().zip(&series.labels);
    let constant = family.const_labels.iter().map(|(name, value)| (name, value));
    let labels: Vec<(&str, &str)> =
        constant.chain(variable).map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let timestamp_ms = series.time;
    let plain = || proto::Metric { timestamp_ms, ..metric(labels.iter().copied()) };
    match &series.content {
        Content::Number(number) => vec![with_number(plain(), family.metric_type, number.as_f64())],
        Content::States(states) => {
            let set = State::STATES.iter().enumerate().map(|(at, state)| {
                let labels = labels.iter().copied().chain([(family.name.as_str(), *state)]);
                let value = f64::from(u8::from(is_on(*states, at)));
                with_number(metric(labels), family.metric_type, value)
            });
            set.collect()
        }
        Content::Histogram { buckets, sum, count } => {
            let histogram = histogram(buckets, *sum, *count);
            vec![proto::Metric { histogram: MessageField::some(histogram), ..plain() }]
        }
        Content::Summary { quantiles, sum, count } => {
            let summary = summary(quantiles, *sum, *count);
            vec![proto::Metric { summary: MessageField::some(summary), ..plain() }]
        }
    }
}

fn with_number(metric: proto::Metric, metric_type: MetricType, value: f64) -> proto::Metric {
    let value = Some(value);
    match metric_type {
        MetricType::Counter => {
            let counter = proto::Counter { value, ..Default::default() };
            proto::Metric { counter: MessageField::some(counter), ..metric }
        }
        MetricType::Untyped => {
            let untyped = proto::Untyped { value, ..Default::default() };
            proto::Metric { untyped: MessageField::some(untyped), ..metric }
        }
        _ => {
            let gauge = proto::Gauge { value, ..Default::default() };
            proto::Metric { gauge: MessageField::some(gauge), ..metric }
        }
    }
}

fn histogram(buckets: &[(f64, u64)], sum: f64, count: u64) -> proto::Histogram {
    let bucket = |&(bound, count): &(f64, u64)| proto::Bucket {
        cumulative_count: Some(count),
        upper_bound: Some(bound),
        ..Default::default()
    };
    proto::Histogram {
        sample_count: Some(count),
        sample_sum: Some(sum),
        bucket: buckets.iter().map(bucket).collect(),
        ..Default::default()
    }
}

fn summary(quantiles: &[(f64, f64)], sum: f64, count: u64) -> proto::Summary {
    let quantile = |&(quantile, value): &(f64, f64)| proto::Quantile {
        quantile: Some(quantile),
        value: Some(value),
        ..Default::default()
    };
    proto::Summary {
        sample_count: Some(count),
        sample_sum: Some(sum),
        quantile: quantiles.iter().map(quantile).collect(),
        ..Default::default()
    }
}

/// Adds the bucket `+Inf` to histograms that lack it, since it is optional.
fn closed(mut family: proto::MetricFamily) -> proto::MetricFamily {
    for histogram in family.metric.iter_mut().filter_map(|metric| metric.histogram.as_mut()) {
        if histogram.bucket.last().is_none_or(|bucket| bucket.upper_bound != Some(f64::INFINITY)) {
            histogram.bucket.push(proto::Bucket {
                cumulative_count: histogram.sample_count,
                upper_bound: Some(f64::INFINITY),
                ..Default::default()
            });
        }
    }
    family
}

proptest! {
    #![proptest_config(arbitrary::config(100))]

    /// The families are compared as bytes, so that NaN equals NaN.
    #[test]
    fn encoded_families_are_decoded(families in vec(arbitrary::family(), 1..40)) {
        let (registry, families) = registered(families);
        let read: Vec<_> = decoded(&encoded(&registry)).into_iter().map(closed).collect();
        prop_assert_eq!(read.len(), families.len());
        for (read, family) in read.iter().zip(&families) {
            let expected = model(family);
            prop_assert!(
                read.write_to_bytes().unwrap() == expected.write_to_bytes().unwrap(),
                "{} is not {}",
                print_to_string_pretty(read),
                print_to_string_pretty(&expected)
            );
        }
    }
}

#[test]
fn derived_struct_is_gathered_by_a_foreign_registry() {
    let foreign = prometheus::Registry::new();
    foreign.register(Box::new(everything())).unwrap();
    assert_eq!(text(&foreign.gather()), include_str!("gathered.txt"));
}

#[test]
fn struct_of_foreign_metrics_is_exposed() {
    #[derive(Collector)]
    #[collector(const_labels(zone = "a"))]
    struct Fields {
        /// Requests.
        requests_total: prometheus::IntCounter,
        #[metric(help = "Sizes.", labels = ["x"])]
        size: prometheus::IntGaugeVec,
        #[metric(help = "Seconds.", buckets = [1])]
        seconds: prometheus::Histogram,
    }

    let fields = Fields::new();
    fields.requests_total.inc_by(3);
    fields.size.with_label_values(&["s"]).set(-9);
    fields.seconds.observe(0.5);
    let registry = Registry::new();
    registry.register(fields).unwrap();
    let mut buffer = Vec::new();
    registry.encode(Format::Text, &mut buffer);
    assert_eq!(
        String::from_utf8(buffer).unwrap(),
        r#"# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{zone="a"} 3
# HELP seconds Seconds.
# TYPE seconds histogram
seconds_bucket{zone="a",le="1"} 1
seconds_bucket{zone="a",le="+Inf"} 1
seconds_sum{zone="a"} 0.5
seconds_count{zone="a"} 1
# HELP size Sizes.
# TYPE size gauge
size{zone="a",x="s"} -9
"#
    );
}

/// A collector of the `prometheus` crate that returns one given family.
struct Given(prometheus::core::Desc, proto::MetricFamily);

impl prometheus::core::Collector for Given {
    fn desc(&self) -> Vec<&prometheus::core::Desc> {
        vec![&self.0]
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        vec![self.1.clone()]
    }
}

/// Returns a registry with a family of each of these types.
fn foreign(types: impl IntoIterator<Item = proto::MetricType>) -> prometheus::Registry {
    let foreign = prometheus::Registry::new();
    for metric_type in types {
        let name = format!("{metric_type:?}").to_lowercase();
        let desc =
            prometheus::core::Desc::new(name.clone(), "Help.".into(), vec![], HashMap::new());
        let mut family = family(&name, "Help.", metric_type);
        family.metric.push(foreign_metric(metric_type));
        foreign.register(Box::new(Given(desc.unwrap(), family))).unwrap();
    }
    foreign
}

/// Returns a registry with a family of each type that can be read.
fn typed() -> prometheus::Registry {
    let all = proto::MetricType::VALUES.iter().copied();
    foreign(all.filter(|metric_type| *metric_type != proto::MetricType::UNTYPED))
}

fn foreign_metric(metric_type: proto::MetricType) -> proto::Metric {
    let metric = proto::Metric { timestamp_ms: Some(-1500), ..metric([("x", "\"\\\n")]) };
    match metric_type {
        proto::MetricType::COUNTER => with_number(metric, MetricType::Counter, 1.5),
        proto::MetricType::GAUGE => with_number(metric, MetricType::Gauge, -0.0),
        proto::MetricType::UNTYPED => with_number(metric, MetricType::Untyped, f64::NAN),
        proto::MetricType::HISTOGRAM => {
            let histogram = histogram(&[(1.0, 2), (f64::INFINITY, 3)], 9.5, 3);
            proto::Metric { histogram: MessageField::some(histogram), ..metric }
        }
        proto::MetricType::SUMMARY => {
            let summary = summary(&[(0.5, 0.25)], 1.5, 4);
            proto::Metric { summary: MessageField::some(summary), ..metric }
        }
    }
}

#[test]
fn foreign_registry_is_exposed_as_it_gathers() {
    let registry = Registry::new();
    registry.register(typed()).unwrap();
    let mut buffer = Vec::new();
    registry.encode(Format::Text, &mut buffer);
    assert_eq!(String::from_utf8(buffer).unwrap(), include_str!("foreign.txt"));
    assert_eq!(text(&decoded(&encoded(&registry))), text(&typed().gather()));
}

/// The `prometheus` crate has a method that returns the value, but not with its feature `protobuf`.
/// With the feature there is a field, which code for both cases cannot use.
#[test]
fn untyped_metric_cannot_be_read_and_is_dropped() {
    assert_eq!(exposed(foreign([proto::MetricType::UNTYPED])), []);
}
