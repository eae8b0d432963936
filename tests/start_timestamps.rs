//! Start timestamps: which series have one, in which formats, and when it changes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hello_exporter::collect::Sample;
use hello_exporter::registry::Encoding;
use hello_exporter::{
    Collector, Counter, CounterVec, DynamicFamilies, Format, Gauge, Histogram, HistogramSnapshot,
    HistogramVec, Labels, Registry, Rows, Started, SummarySnapshot, Timestamped,
};
use hello_exporter_tests::http::get_accepting;
use hello_exporter_tests::model::{self, Metric, Timestamp};
use hello_exporter_tests::{Exporter, parse_open_metrics, registry_of, registry_of_fn};

type Labelled = (String, BTreeMap<String, String>);

fn encoded(encoding: Encoding, registry: &Registry) -> Vec<u8> {
    let mut buffer = Vec::new();
    registry.encode(encoding, &mut buffer);
    buffer
}

fn open_metrics(registry: &Registry) -> String {
    let encoding = Encoding::new(Format::OpenMetrics).created_samples(true);
    String::from_utf8(encoded(encoding, registry)).unwrap()
}

/// Returns the start timestamps in protobuf, in milliseconds, by family name in OpenMetrics and
/// labels.
fn starts_in_protobuf(registry: &Registry) -> BTreeMap<Labelled, i64> {
    let start = |metric: &Metric| {
        let Metric { counter, histogram, summary, .. } = metric;
        let counter = counter.as_ref().and_then(|it| it.created_timestamp);
        let histogram = histogram.as_ref().and_then(|it| it.created_timestamp);
        let summary = summary.as_ref().and_then(|it| it.created_timestamp);
        counter.or(histogram).or(summary).as_ref().map(Timestamp::milliseconds)
    };
    let families = model::families(&encoded(Format::Protobuf.into(), registry));
    let series = families.iter().flat_map(|family| {
        let name = family.name.strip_suffix("_total").unwrap_or(&family.name).to_owned();
        let of = move |metric: &Metric| {
            Some(((name.clone(), model::labels(&metric.label)), start(metric)?))
        };
        family.metric.iter().filter_map(of)
    });
    series.collect()
}

/// Returns the values of all samples `_created`, in milliseconds, by family name and labels.
fn starts_in_open_metrics(registry: &Registry) -> BTreeMap<Labelled, i64> {
    let families = parse_open_metrics(&open_metrics(registry));
    let samples = families.into_iter().flat_map(|family| family.samples);
    let created = samples.filter_map(|sample| {
        let family = sample.name.strip_suffix("_created")?.to_owned();
        Some(((family, sample.labels), (sample.value * 1000.0).round() as i64))
    });
    created.collect()
}

#[derive(Labels)]
struct Disk {
    device: &'static str,
}

#[derive(Collector)]
struct Part {
    /// Reads.
    reads_total: Counter,
}

#[derive(Collector)]
struct Live {
    /// Requests.
    requests_total: Counter,
    #[metric(help = "Answers.", labels = ["code", "path"], const_labels(zone = "a"))]
    answers_total: CounterVec<2>,
    /// Time.
    seconds: Histogram,
    #[metric(help = "Time by path.", labels = ["path"], buckets = [1])]
    path_seconds: HistogramVec<1>,
    /// A counter without `_total`.
    plain: Counter,
    /// A gauge.
    level: Gauge,
    #[metric(flatten)]
    disks: Rows<Disk, Part>,
}

fn live() -> Arc<Live> {
    let mut live = Live::new();
    live.answers_total.with(["200", "/"]).inc();
    live.answers_total.with(["500", "\"\\\n"]).inc();
    live.path_seconds.with(["/"]).observe(0.5);
    live.disks.push(Disk { device: "sda" }, Part::new());
    Arc::new(live)
}

fn at(milliseconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(milliseconds)
}

#[derive(Collector)]
struct Values {
    /// Queries.
    queries_total: Started<u64>,
    /// Before the epoch.
    old_total: Started<f64>,
    #[metric(help = "Waits.", labels = ["lock"])]
    waits: BTreeMap<&'static str, Started<HistogramSnapshot>>,
    /// Pauses.
    pauses: Timestamped<Started<SummarySnapshot>>,
    #[metric(counter, help = "Without a start.")]
    bytes_total: u64,
    #[metric(flatten)]
    dynamic: DynamicFamilies,
}

fn values() -> Values {
    let mut dynamic = DynamicFamilies::new();
    let reads = Sample::from(7).started_at(at(1_500));
    dynamic.counter("dynamic_total", "Named at run time.").sample([("a", "b")], reads);
    let waits = HistogramSnapshot::new([(1.0, 2)], 1.5, 3).unwrap();
    let pauses = SummarySnapshot::new([(0.5, 0.1)], 1.5, 3).unwrap();
    Values {
        queries_total: Started::new(24, at(1_700_000_000_500)),
        old_total: Started::new(0.5, UNIX_EPOCH - Duration::from_millis(1)),
        waits: [("a", Started::new(waits, at(1_000)))].into(),
        pauses: Timestamped::new(Started::new(pauses, at(2_000)), at(3_000)),
        bytes_total: 5,
        dynamic,
    }
}

fn milliseconds_now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}

#[test]
fn live_series_start_when_they_are_created() {
    let before = milliseconds_now();
    let registry = registry_of(live());
    let after = milliseconds_now();

    let starts = starts_in_open_metrics(&registry);
    let names: Vec<&str> = starts.keys().map(|(family, _)| &**family).collect();
    let expected = ["answers", "answers", "path_seconds", "reads", "requests", "seconds"];
    assert_eq!(names, expected);
    assert!(starts.values().all(|start| (before..=after).contains(start)), "{starts:?}");

    let mut with_plain = starts_in_protobuf(&registry);
    assert!(with_plain.remove(&("plain".to_owned(), BTreeMap::new())).is_some());
    assert_eq!(with_plain, starts);
}

#[test]
fn values_have_the_start_that_they_are_given() {
    let registry = registry_of_fn(values);
    assert_eq!(
        open_metrics(&registry),
        "\
# HELP bytes Without a start.
# TYPE bytes counter
bytes_total 5
# HELP dynamic Named at run time.
# TYPE dynamic counter
dynamic_total{a=\"b\"} 7
dynamic_created{a=\"b\"} 1.500
# HELP old Before the epoch.
# TYPE old counter
old_total 0.5
old_created -0.001
# HELP pauses Pauses.
# TYPE pauses summary
pauses{quantile=\"0.5\"} 0.1 3.000
pauses_sum 1.5 3.000
pauses_count 3 3.000
pauses_created 2.000 3.000
# HELP queries Queries.
# TYPE queries counter
queries_total 24
queries_created 1700000000.500
# HELP waits Waits.
# TYPE waits histogram
waits_bucket{lock=\"a\",le=\"1.0\"} 2
waits_bucket{lock=\"a\",le=\"+Inf\"} 3
waits_sum{lock=\"a\"} 1.5
waits_count{lock=\"a\"} 3
waits_created{lock=\"a\"} 1.000
# EOF
"
    );
    let starts = starts_in_protobuf(&registry);
    let starts: Vec<_> = starts.iter().map(|((family, _), start)| (&**family, *start)).collect();
    assert_eq!(
        starts,
        [
            ("dynamic", 1_500),
            ("old", -1),
            ("pauses", 2_000),
            ("queries", 1_700_000_000_500),
            ("waits", 1_000)
        ]
    );
}

/// Otherwise Prometheus would take each scrape for a reset.
#[test]
fn live_metrics_that_are_made_for_a_scrape_have_no_start() {
    fn made() -> Events {
        let events = Events { events_total: CounterVec::new(["of"]) };
        events.events_total.with(["a"]).inc_by(100);
        events
    }

    let registry = Registry::new();
    registry.register_fn(made).unwrap();
    assert_eq!(starts_in_protobuf(&registry), BTreeMap::new());
}

#[test]
fn other_formats_have_no_start_timestamps() {
    let registry = registry_of(live());
    for encoding in [Format::OpenMetrics.into(), Encoding::new(Format::Text).created_samples(true)]
    {
        let exposition = String::from_utf8(encoded(encoding, &registry)).unwrap();
        assert!(!exposition.contains("_created"), "{exposition}");
    }
}

#[derive(Collector)]
struct Events {
    #[metric(help = "Events.", labels = ["of"])]
    events_total: CounterVec<1>,
}

#[test]
fn series_that_is_created_again_has_a_new_start() {
    let counters = Arc::new(Events { events_total: CounterVec::new(["of"]) });
    let registry = registry_of(Arc::clone(&counters));
    let events = &counters.events_total;
    events.with(["a"]).inc();
    events.with(["kept"]).inc();
    let first = starts_in_protobuf(&registry);
    while milliseconds_now() <= *first.values().max().unwrap() {
        std::thread::yield_now();
    }
    events.remove(["a"]);
    events.with(["a"]).inc();
    let second = starts_in_protobuf(&registry);
    let key = |of: &str| ("events".to_owned(), BTreeMap::from([("of".to_owned(), of.to_owned())]));
    assert!(second[&key("a")] > first[&key("a")]);
    assert_eq!(second[&key("kept")], first[&key("kept")]);
}

/// Removal compacts the memory of a family, and a new chunk is added when it grows.
#[test]
fn start_survives_growth_and_compaction() {
    let counters = Arc::new(Events { events_total: CounterVec::new(["of"]) });
    let registry = registry_of(Arc::clone(&counters));
    let events = &counters.events_total;
    (0..1_000).for_each(|number| events.with([number]).inc());
    let before = starts_in_protobuf(&registry);
    assert_eq!(before.len(), 1_000);
    events.retain(|series| series.label("of").unwrap().ends_with('7'));
    let after = starts_in_protobuf(&registry);
    assert_eq!(after.len(), 100);
    assert!(after.iter().all(|(series, start)| before[series] == *start));
}

#[test]
fn flag_adds_samples_to_openmetrics() {
    let created = |flags: &[&str]| {
        let exporter = Exporter::start(flags);
        let response = get_accepting(exporter.address, "/metrics", "application/openmetrics-text");
        let lines = response.body.lines().filter(|line| line.contains("_created"));
        lines.map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(created(&[]), [""; 0]);
    let with_flag = created(&["--web.openmetrics-created-samples"]);
    assert!(
        with_flag.contains(&"promhttp_metric_handler_requests_created{code=\"200\"}".to_owned()),
        "{with_flag:?}"
    );
}
